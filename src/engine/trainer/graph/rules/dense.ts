import type { GraphBuilder, GraphValue } from '../graph-builder.ts';
import { activate, activateBackward, type Activation } from './relu.ts';
import type { Tape } from './rule.ts';

/** y = a(x Wt + b), with x [batch, inputs], W [units, inputs], b [units]. */
export function dense(
  graph: GraphBuilder,
  input: GraphValue,
  layer: { readonly kernel: GraphValue; readonly bias: GraphValue; readonly activation: Activation },
): Tape {
  const { kernel, bias, activation } = layer;
  const shape = [input.shape[0] as number, kernel.shape[0] as number];
  const linear = graph.op('Gemm', shape, {
    inputs: [input.name, kernel.name, bias.name],
    attributes: { transB: 1 },
  });
  const output = activate(graph, linear, activation);
  return {
    output,
    backward: (back, outputGradient, { inputGradient }) => {
      const gradient = activateBackward(back, outputGradient, { output, activation });
      const byKernel = back.op('Gemm', kernel.shape, {
        inputs: [gradient.name, input.name],
        attributes: { transA: 1 },
      });
      const byBias = back.sum(gradient, [0]);
      if (inputGradient === 'unused') return { parameters: [byKernel, byBias], input: undefined };
      const byInput = back.op('MatMul', input.shape, { inputs: [gradient.name, kernel.name] });
      return { parameters: [byKernel, byBias], input: byInput };
    },
  };
}
