import type { GraphBuilder, GraphValue } from '../graph-builder.ts';
import type { Tape } from './rule.ts';

/** [batch, ...] to [batch, features]. */
export function flatten(graph: GraphBuilder, input: GraphValue): Tape {
  const [batch, ...rest] = input.shape as [number, ...number[]];
  const output = graph.reshape(input, [batch, rest.reduce((product, dimension) => product * dimension, 1)]);
  return {
    output,
    backward: (back, outputGradient, { inputGradient }) => ({
      parameters: [],
      input: inputGradient === 'needed' ? back.reshape(outputGradient, input.shape) : undefined,
    }),
  };
}
