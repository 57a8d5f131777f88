import { int } from '#engine/trainer/operators/attributes.ts';
import { zeros } from '#engine/trainer/operators/graph-parts.ts';
import { sliceAxes } from '#engine/trainer/operators/shaping.ts';
import type { Value } from '#engine/trainer/operators/value.ts';
import type { GradientRule } from '../rule.ts';

/**
 * A part of the elements: ∂x is ∂y at their places, 0 elsewhere. Neighbors are padded; for other steps each place of x takes
 * its element of ∂y, or the one of a row of zeros put behind it.
 */
export const sliceGradient: GradientRule = ({ graph, call, gradient }) => {
  const { shape } = call.input(0);
  const [before, after] = [shape.map(() => 0), shape.map(() => 0)];
  let result = gradient;
  for (const { axis, start, step, length } of sliceAxes(call)) {
    const whole = shape[axis] as number;
    if (step === 1 && length > 0) {
      before[axis] = start;
      after[axis] = whole - start - length;
    } else {
      const places = new Array<number>(whole).fill(length);
      for (let i = 0; i < length; i++) places[start + i * step] = i;
      result = spread(result, axis, places);
    }
  }
  if ([...before, ...after].some((pad) => pad > 0))
    result = graph.op('Pad', [result, graph.int64s([...before, ...after])]);
  return [result];

  function spread(value: Value, axis: number, places: readonly number[]): Value {
    const none = zeros(graph, {
      type: value.type,
      shape: value.shape.map((dimension, i) => (i === axis ? 1 : dimension)),
    });
    const padded = graph.op('Concat', [value, none], { axis: int(axis) });
    return graph.op('Gather', [padded, graph.int64s(places)], { axis: int(axis) });
  }
};
