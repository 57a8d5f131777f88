import type { GraphBuilder, GraphValue } from '../graph-builder.ts';
import { activate, activateBackward, type Activation } from './relu.ts';
import type { Tape } from './rule.ts';

/** Convolution without padding, stride 1: x [batch, channels, h, w], W [filters, channels, k, k], b [filters]. */
export function conv2d(
  graph: GraphBuilder,
  input: GraphValue,
  layer: { readonly kernel: GraphValue; readonly bias: GraphValue; readonly activation: Activation },
): Tape {
  const { kernel, bias, activation } = layer;
  const [batch, , height, width] = input.shape as [number, number, number, number];
  const [filters, , size] = kernel.shape as [number, number, number, number];
  const shape = [batch, filters, height - size + 1, width - size + 1];
  const attributes = { kernel_shape: [size, size] };
  const linear = graph.op('Conv', shape, { inputs: [input.name, kernel.name, bias.name], attributes });
  const output = activate(graph, linear, activation);
  return {
    output,
    backward: (back, outputGradient, { inputGradient }) => {
      const gradient = activateBackward(back, outputGradient, { output, activation });
      const byKernel = kernelGradient(back, { input, gradient, kernelShape: kernel.shape });
      const byBias = back.sum(gradient, [0, 2, 3]);
      if (inputGradient === 'unused') return { parameters: [byKernel, byBias], input: undefined };
      const byInput = back.op('ConvTranspose', input.shape, { inputs: [gradient.name, kernel.name], attributes });
      return { parameters: [byKernel, byBias], input: byInput };
    },
  };
}

/**
 * One matrix product per kernel position, of the output's gradient [filters, batch * oh * ow] with the input shifted by
 * that position [batch * oh * ow, channels]. The textbook's way, a convolution of the input with the gradient, has
 * kernels as large as the image, for which the runtime has no fast path (measured: this is faster from 3x3 on).
 */
function kernelGradient(
  graph: GraphBuilder,
  parts: { readonly input: GraphValue; readonly gradient: GraphValue; readonly kernelShape: readonly number[] },
): GraphValue {
  const { input, gradient, kernelShape } = parts;
  const [filters, channels, size] = kernelShape as [number, number, number, number];
  const [batch, , height, width] = gradient.shape as [number, number, number, number];
  const positions = batch * height * width;
  const rows = graph.reshape(graph.transpose(gradient, [1, 0, 2, 3]), [filters, positions]);
  const channelsLast = graph.transpose(input, [0, 2, 3, 1]);
  const products: GraphValue[] = [];
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const shifted = graph.op('Slice', [batch, height, width, channels], {
        inputs: [channelsLast.name, graph.int64s([y, x]), graph.int64s([y + height, x + width]), graph.int64s([1, 2])],
      });
      const columns = graph.reshape(shifted, [positions, channels]);
      const product = graph.op('MatMul', [filters, channels], { inputs: [rows.name, columns.name] });
      products.push(graph.reshape(product, [filters, channels, 1]));
    }
  }
  const joined = graph.op('Concat', [filters, channels, size * size], {
    inputs: products.map(({ name }) => name),
    attributes: { axis: 2 },
  });
  return graph.reshape(joined, kernelShape);
}
