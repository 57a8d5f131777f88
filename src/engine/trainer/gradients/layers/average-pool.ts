import { elementCount } from '#shared/tensor/tensor.ts';
import { ints } from '#engine/trainer/operators/attributes.ts';
import { expand, reshape, scale } from '#engine/trainer/operators/graph-parts.ts';
import { forEachPosition, type Value } from '#engine/trainer/operators/value.ts';
import { poolWindows } from '#engine/trainer/operators/pooling.ts';
import { reach, type Windows } from '#engine/trainer/operators/windows.ts';
import type { Backward, GradientRule } from '../rule.ts';

/**
 * Mean of windows: each ∂y, divided by the number of elements that count in its window, goes to all of them. That is the
 * transposed convolution of each channel by itself with a kernel of ones.
 */
export const averagePoolGradient: GradientRule = (backward) => {
  const { graph, call, gradient } = backward;
  if (call.int('ceil_mode', 0) === 1) {
    throw call.fault('no_gradient', 'ceil_mode has no gradient here', 'Export with ceil_mode=False');
  }
  const windows = poolWindows(call);
  const { kernel, strides, dilations, padsBefore, padsAfter } = windows;
  const { shape, type } = call.input(0);
  const planes = (shape[0] as number) * (shape[1] as number);
  const shares = graph.op('Div', [gradient, counts(backward, windows)]);
  const rest = shape.slice(2).map((size, i) => {
    const pads = (padsBefore[i] as number) + (padsAfter[i] as number);
    return size + pads - reach(windows, i) - ((gradient.shape[i + 2] as number) - 1) * (strides[i] as number);
  });
  const ones = graph.constant(type, [1, 1, ...kernel], new Float64Array(elementCount(kernel)).fill(1));
  const spread = graph.op('ConvTranspose', [reshape(graph, shares, [planes, 1, ...gradient.shape.slice(2)]), ones], {
    kernel_shape: ints(kernel),
    strides: ints(strides),
    dilations: ints(dilations),
    pads: ints([...padsBefore, ...padsAfter]),
    output_padding: ints(rest),
  });
  return [reshape(graph, spread, shape)];
};

/** Elements of each window: all, or without padding. */
function counts({ graph, call, gradient }: Backward, windows: Windows): Value {
  const { type, shape } = call.input(0);
  if (call.int('count_include_pad', 0) === 1) return graph.scalar(elementCount(windows.kernel), type);
  const places = gradient.shape.slice(2);
  const inside = (axis: number, place: number): number => {
    const start = place * (windows.strides[axis] as number) - (windows.padsBefore[axis] as number);
    const offsets = Array.from(
      { length: windows.kernel[axis] as number },
      (_, k) => k * (windows.dilations[axis] as number),
    );
    return offsets.filter((offset) => start + offset >= 0 && start + offset < (shape[axis + 2] as number)).length;
  };
  const elements = new Float64Array(elementCount(places));
  forEachPosition(places, (position, flat) => {
    elements[flat] = position.reduce((product, place, axis) => product * inside(axis, place), 1);
  });
  return graph.constant(type, places, elements);
}

/**
 * Mean over all places: ∂x = ∂y / places, repeated.
 */
export const globalAveragePoolGradient: GradientRule = ({ graph, call, gradient }) => {
  const { shape } = call.input(0);
  return [expand(graph, scale(graph, gradient, 1 / elementCount(shape.slice(2))), shape)];
};
