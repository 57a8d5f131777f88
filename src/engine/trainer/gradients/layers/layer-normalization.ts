import { elementCount } from '#shared/tensor/tensor.ts';
import { scale, sum, sumTo } from '#engine/trainer/operators/graph-parts.ts';
import type { Value } from '#engine/trainer/operators/value.ts';
import type { GradientRule } from '../rule.ts';

/**
 * y = γ x̂ + β with x̂ = (x - μ) r, μ and r = 1 / √(σ² + ε) of each row (Ba et al. 2016, arXiv:1607.06450): with g = ∂y γ,
 * ∂x = r (g - mean g - x̂ mean(g x̂)), ∂γ = Σ ∂y x̂, ∂β = Σ ∂y. The node's other outputs are μ and r.
 */
export const layerNormalizationGradient: GradientRule = ({ graph, call, gradient, wants }) => {
  const [x, gamma, beta] = [call.input(0), call.input(1), call.inputs[2]];
  const [, mean, inverse] = call.outputs;
  if (!mean || !inverse) throw call.fault('no_gradient', 'its mean and deviation are missing');
  const first = call.axis(call.int('axis', -1), x.shape.length);
  const axes = [...x.shape.keys()].slice(first);
  const average = (value: Value): Value =>
    scale(graph, sum(graph, value, axes, true), 1 / elementCount(x.shape.slice(first)));
  const normalized = graph.op('Mul', [graph.op('Sub', [x, mean]), inverse]);
  const byInput = (): Value => {
    const scaled = graph.op('Mul', [gradient, gamma]);
    const along = graph.op('Mul', [normalized, average(graph.op('Mul', [scaled, normalized]))]);
    return graph.op('Mul', [inverse, graph.op('Sub', [graph.op('Sub', [scaled, average(scaled)]), along])]);
  };
  return [
    wants(0) ? byInput() : undefined,
    wants(1) ? sumTo(graph, graph.op('Mul', [gradient, normalized]), gamma.shape) : undefined,
    beta && wants(2) ? sumTo(graph, gradient, beta.shape) : undefined,
  ];
};
