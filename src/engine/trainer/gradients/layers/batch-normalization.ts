import { elementCount } from '#shared/tensor/tensor.ts';
import { reshape, scale, sum } from '#engine/trainer/operators/graph-parts.ts';
import type { Value } from '#engine/trainer/operators/value.ts';
import type { GradientRule } from '../rule.ts';

/**
 * y = γ x̂ + β with x̂ = (x - μ) / √(σ² + ε), μ and σ² of the batch's n values of a channel: ∂β = Σ ∂y, ∂γ = Σ ∂y x̂,
 * ∂x = γ / √(σ² + ε) (∂y - ∂β / n - x̂ ∂γ / n) (Ioffe & Szegedy 2015, arXiv:1502.03167, section 3). The node's other outputs are
 * μ and σ² (see `trainBatchNormalization`).
 */
export const batchNormalizationGradient: GradientRule = ({ graph, call, gradient, wants }) => {
  const [x, gamma] = [call.input(0), call.input(1)];
  const [, mean, variance] = call.outputs;
  if (!mean || !variance) throw call.fault('no_gradient', 'it is not in training mode');
  const channels = x.shape[1] as number;
  const row = (value: Value): Value => reshape(graph, value, [1, channels, ...x.shape.slice(2).map(() => 1)]);
  const axes = [...x.shape.keys()].filter((axis) => axis !== 1);
  const shifted = graph.op('Add', [variance, graph.scalar(call.float('epsilon', 1e-5), x.type)]);
  const inverse = graph.op('Reciprocal', [graph.op('Sqrt', [shifted])]);
  const normalized = graph.op('Mul', [graph.op('Sub', [x, row(mean)]), row(inverse)]);
  const byBeta = sum(graph, gradient, axes);
  const byGamma = sum(graph, graph.op('Mul', [gradient, normalized]), axes);
  if (!wants(0)) return [undefined, byGamma, byBeta];
  const share = 1 / (elementCount(x.shape) / channels);
  const along = graph.op('Mul', [normalized, row(scale(graph, byGamma, share))]);
  const centered = graph.op('Sub', [graph.op('Sub', [gradient, row(scale(graph, byBeta, share))]), along]);
  return [graph.op('Mul', [centered, row(graph.op('Mul', [gamma, inverse]))]), byGamma, byBeta];
};
