import { int, ints } from '#engine/trainer/operators/attributes.ts';
import { transposed } from '#engine/trainer/operators/convolution.ts';
import { sum } from '#engine/trainer/operators/graph-parts.ts';
import { kernelGradient } from './kernel-gradient.ts';
import type { GradientRule } from '../rule.ts';

/**
 * Y = X *ᵀ W + b: ∂X = ∂Y * W, the convolution of the same windows; ∂W as of that convolution, which sees ∂Y as its input and X
 * as the gradient of its output; ∂b = Σ ∂Y over batch and places (Dumoulin & Visin 2016, arXiv:1603.07285, chapter 4).
 */
export const convTransposeGradient: GradientRule = ({ graph, call, gradient, wants }) => {
  const { windows, group, outputPadding } = transposed(call);
  const [input, kernel] = [call.input(0), call.input(1)];
  if (outputPadding.some((padding, i) => padding >= (windows.strides[i] as number))) {
    throw call.fault('no_gradient', 'its output_padding is as large as its stride', 'Use a smaller output_padding');
  }
  const byInput = (): typeof input =>
    graph.op('Conv', [gradient, kernel], {
      kernel_shape: ints(windows.kernel),
      strides: ints(windows.strides),
      dilations: ints(windows.dilations),
      pads: ints([...windows.padsBefore, ...windows.padsAfter]),
      group: int(group),
    });
  const parts = { call, input: gradient, gradient: input, kernelShape: kernel.shape, windows, group };
  const spatial = [...gradient.shape.keys()].slice(2);
  return [
    wants(0) ? byInput() : undefined,
    wants(1) ? kernelGradient(graph, parts) : undefined,
    wants(2) ? sum(graph, gradient, [0, ...spatial]) : undefined,
  ];
};
