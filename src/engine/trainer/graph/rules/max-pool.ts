import type { GraphBuilder, GraphValue } from '../graph-builder.ts';
import type { Tape } from './rule.ts';

/** Maximum of windows that do not overlap; a rest of rows or columns narrower than a window is left out. */
export function maxPool(graph: GraphBuilder, input: GraphValue, layer: { readonly size: number }): Tape {
  const { size } = layer;
  const [batch, channels, height, width] = input.shape as [number, number, number, number];
  const attributes = { kernel_shape: [size, size], strides: [size, size] };
  const { value: output, indices } = graph.opWithIndices(
    'MaxPool',
    [batch, channels, Math.floor(height / size), Math.floor(width / size)],
    { inputs: [input.name], attributes },
  );
  return {
    output,
    backward: (back, outputGradient, { inputGradient }) => {
      if (inputGradient === 'unused') return { parameters: [], input: undefined };
      // The indices point into the flat input, so the explicit output shape also puts the rest's zeros in their place.
      const byInput = back.op('MaxUnpool', input.shape, {
        inputs: [outputGradient.name, indices, back.int64s(input.shape)],
        attributes,
      });
      return { parameters: [], input: byInput };
    },
  };
}
