import type { GraphBuilder, GraphValue } from '../graph-builder.ts';

export type Activation = 'relu' | 'none';

export function activate(graph: GraphBuilder, value: GraphValue, activation: Activation): GraphValue {
  return activation === 'relu' ? graph.op('Relu', value.shape, { inputs: [value.name] }) : value;
}

/** Passes the gradient where the output is positive: relu's output has the sign 1 there and 0 elsewhere. */
export function activateBackward(
  graph: GraphBuilder,
  gradient: GraphValue,
  { output, activation }: { readonly output: GraphValue; readonly activation: Activation },
): GraphValue {
  if (activation === 'none') return gradient;
  const mask = graph.op('Sign', output.shape, { inputs: [output.name] });
  return graph.op('Mul', gradient.shape, { inputs: [gradient.name, mask.name] });
}
