import type { GraphBuilder, GraphValue } from '../graph-builder.ts';

/**
 * Cross-entropy of softmax. `targets` [batch, classes] holds each example's weight at its class and zeros elsewhere; the
 * weights sum to 1. So a batch that is not full needs no graph of its own: its empty rows have the weight 0.
 */
export function softmaxLoss(
  graph: GraphBuilder,
  logits: GraphValue,
  targets: GraphValue,
): { readonly loss: GraphValue; readonly logProbabilities: GraphValue; readonly backward: () => GraphValue } {
  const { shape } = logits;
  const logProbabilities = graph.op('LogSoftmax', shape, { inputs: [logits.name], attributes: { axis: 1 } });
  const products = graph.op('Mul', shape, { inputs: [logProbabilities.name, targets.name] });
  const loss = graph.op('Neg', [], { inputs: [graph.sum(products, [0, 1]).name] });
  const backward = (): GraphValue => {
    // d loss / d logits = weight * softmax - target, with the row's weight as the sum of its targets.
    const weights = graph.reshape(graph.sum(targets, [1]), [shape[0] as number, 1]);
    const probabilities = graph.op('Exp', shape, { inputs: [logProbabilities.name] });
    const weighted = graph.op('Mul', shape, { inputs: [probabilities.name, weights.name] });
    return graph.op('Sub', shape, { inputs: [weighted.name, targets.name] });
  };
  return { loss, logProbabilities, backward };
}
