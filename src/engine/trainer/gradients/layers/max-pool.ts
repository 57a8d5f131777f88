import { elementCount } from '#shared/tensor/tensor.ts';
import { int, ints, text } from '#engine/trainer/operators/attributes.ts';
import { reshape, zeros } from '#engine/trainer/operators/graph-parts.ts';
import { poolWindows } from '#engine/trainer/operators/pooling.ts';
import type { GradientRule } from '../rule.ts';

/**
 * Maximum of windows: each ∂y goes to the element that was the maximum, the first one of equals. The node's second output
 * holds their places in the flat input. Windows that overlap add up; MaxUnpool, which is faster, would overwrite.
 */
export const maxPoolGradient: GradientRule = ({ graph, call, gradient }) => {
  const x = call.input(0);
  const indices = call.outputs[1];
  if (!indices) throw call.fault('no_gradient', 'its second output is missing');
  const windows = poolWindows(call);
  const { kernel, strides, dilations, padsBefore, padsAfter } = windows;
  const plain = [...padsBefore, ...padsAfter].every((pad) => pad === 0) && dilations.every((step) => step === 1);
  if (plain && call.int('ceil_mode', 0) === 0 && kernel.every((size, i) => size <= (strides[i] as number))) {
    const attributes = { kernel_shape: ints(kernel), strides: ints(strides) };
    return [graph.op('MaxUnpool', [gradient, indices, graph.int64s(x.shape)], attributes)];
  }
  const [inputs, outputs] = [elementCount(x.shape), elementCount(gradient.shape)];
  const flat = graph.op(
    'ScatterElements',
    [
      zeros(graph, { type: x.type, shape: [inputs] }),
      reshape(graph, indices, [outputs]),
      reshape(graph, gradient, [outputs]),
    ],
    { axis: int(0), reduction: text('add') },
  );
  return [reshape(graph, flat, x.shape)];
};
