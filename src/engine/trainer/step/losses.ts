import { elementCount } from '#shared/tensor/tensor.ts';
import { scale, sum } from '../operators/graph-parts.ts';
import type { TypedGraph } from '../operators/typed-graph.ts';
import type { Value } from '../operators/value.ts';
import { crossEntropy } from './cross-entropy.ts';

export const lossNames = ['cross_entropy', 'mse', 'mae', 'bce'] as const;
export type LossName = (typeof lossNames)[number];

/**
 * Adds a loss to a graph. `targets` are as the output, [batch, ...]; `weights` [batch] sum to 1, so rows of the weight 0
 * fill a batch up. Cross-entropy has the weights in its targets already (see `crossEntropy`) and does not look at them.
 */
type Loss = (
  graph: TypedGraph,
  parts: { readonly output: Value; readonly targets: Value; readonly weights: Value },
) => Value;

export const losses: Readonly<Record<LossName, Loss>> = {
  cross_entropy: (graph, { output, targets }) => crossEntropy(graph, output, targets).loss,
  /** (y - t)², as PyTorch's MSELoss. */
  mse: (graph, parts) => {
    const difference = graph.op('Sub', [parts.output, parts.targets]);
    return weightedMean(graph, graph.op('Mul', [difference, difference]), parts.weights);
  },
  /** |y - t|, as PyTorch's L1Loss. */
  mae: (graph, parts) =>
    weightedMean(graph, graph.op('Abs', [graph.op('Sub', [parts.output, parts.targets])]), parts.weights),
  /**
   * Of logits: -t ln σ(z) - (1 - t) ln(1 - σ(z)) = max(z, 0) - z t + ln(1 + exp(-|z|)), which does not overflow, as
   * PyTorch's BCEWithLogitsLoss.
   */
  bce: (graph, { output, targets, weights }) => {
    const linear = graph.op('Sub', [graph.op('Relu', [output]), graph.op('Mul', [output, targets])]);
    const small = graph.op('Exp', [graph.op('Neg', [graph.op('Abs', [output])])]);
    const curved = graph.op('Log', [graph.op('Add', [small, graph.scalar(1, output.type)])]);
    return weightedMean(graph, graph.op('Add', [linear, curved]), weights);
  },
};

/** Mean over the elements of an example, weighted over examples. */
function weightedMean(graph: TypedGraph, values: Value, weights: Value): Value {
  const [, ...rest] = values.shape.keys();
  const rows = scale(graph, sum(graph, values, rest), 1 / elementCount(values.shape.slice(1)));
  return sum(graph, graph.op('Mul', [rows, weights]), [0]);
}
