import { sum } from '../operators/graph-parts.ts';
import type { TypedGraph } from '../operators/typed-graph.ts';
import type { Value } from '../operators/value.ts';

/**
 * Cross-entropy of softmax: -Σ t ln softmax(z). `targets` [batch, classes] holds each example's weight at its class and
 * zeros elsewhere; the weights sum to 1, so a batch that is not full needs no graph of its own: its empty rows have the
 * weight 0. Weights of classes and smoothed labels are other numbers in `targets`.
 */
export function crossEntropy(
  graph: TypedGraph,
  logits: Value,
  targets: Value,
): { readonly loss: Value; readonly logProbabilities: Value } {
  const logProbabilities = graph.op('LogSoftmax', [logits]);
  const products = graph.op('Mul', [logProbabilities, targets]);
  return { loss: graph.op('Neg', [sum(graph, products, [0, 1])]), logProbabilities };
}
