import { int, ints } from '#engine/trainer/operators/attributes.ts';
import { convolution } from '#engine/trainer/operators/convolution.ts';
import { sum } from '#engine/trainer/operators/graph-parts.ts';
import type { Value } from '#engine/trainer/operators/value.ts';
import { reach } from '#engine/trainer/operators/windows.ts';
import { kernelGradient } from './kernel-gradient.ts';
import type { Backward, GradientRule } from '../rule.ts';

/**
 * Y = X * W + b: ∂X = ∂Y *ᵀ W, the transposed convolution of the same windows; ∂W as `kernelGradient` says; ∂b = Σ ∂Y over
 * batch and places (Dumoulin & Visin 2016, arXiv:1603.07285, chapter 4).
 */
export const convGradient: GradientRule = (backward) => {
  const { graph, call, gradient, wants } = backward;
  const { windows, group } = convolution(call);
  const [input, kernel] = [call.input(0), call.input(1)];
  const spatial = [...gradient.shape.keys()].slice(2);
  return [
    wants(0) ? byInput(backward) : undefined,
    wants(1) ? kernelGradient(graph, { call, input, gradient, kernelShape: kernel.shape, windows, group }) : undefined,
    wants(2) ? sum(graph, gradient, [0, ...spatial]) : undefined,
  ];
};

function byInput({ graph, call, gradient }: Backward): Value {
  const { windows, group } = convolution(call);
  const { strides, dilations, padsBefore, padsAfter, kernel } = windows;
  // Elements at the end that no window reached; they get zeros.
  const rest = call
    .input(0)
    .shape.slice(2)
    .map((size, i) => {
      const pads = (padsBefore[i] as number) + (padsAfter[i] as number);
      return size + pads - reach(windows, i) - ((gradient.shape[i + 2] as number) - 1) * (strides[i] as number);
    });
  return graph.op('ConvTranspose', [gradient, call.input(1)], {
    kernel_shape: ints(kernel),
    strides: ints(strides),
    dilations: ints(dilations),
    pads: ints([...padsBefore, ...padsAfter]),
    output_padding: ints(rest),
    group: int(group),
  });
}
