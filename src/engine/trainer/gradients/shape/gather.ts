import { text } from '#engine/trainer/operators/attributes.ts';
import { reshape, transpose, zeros } from '#engine/trainer/operators/graph-parts.ts';
import type { GradientRule } from '../rule.ts';

/**
 * Rows chosen by indices along an axis, as an embedding does: ∂x has at each row the sum of ∂y where it was chosen. A single
 * row that is known before is padded.
 */
export const gatherGradient: GradientRule = ({ graph, call, gradient }) => {
  const [data, indices] = [call.input(0), call.input(1)];
  const { shape } = data;
  const axis = call.axis(call.int('axis', 0), shape.length);
  const whole = shape[axis] as number;
  if (indices.constant?.length === 1) {
    const given = indices.constant[0] as number;
    const index = given < 0 ? given + whole : given;
    const single = shape.map((dimension, i) => (i === axis ? 1 : dimension));
    const before = shape.map((_, i) => (i === axis ? index : 0));
    const after = shape.map((_, i) => (i === axis ? whole - 1 - index : 0));
    return [graph.op('Pad', [reshape(graph, gradient, single), graph.int64s([...before, ...after])])];
  }
  // The axis comes first, so that an index names a whole row.
  const rank = indices.shape.length;
  const chosen = Array.from({ length: rank }, (_, i) => axis + i);
  const rest = [...gradient.shape.keys()].filter((i) => !chosen.includes(i));
  const rows = transpose(graph, gradient, [...chosen, ...rest]);
  const first = [axis, ...[...shape.keys()].filter((i) => i !== axis)];
  const none = zeros(graph, { type: data.type, shape: first.map((i) => shape[i] as number) });
  const places = reshape(graph, indices, [...indices.shape, 1]);
  const sums = graph.op('ScatterND', [none, places, rows], { reduction: text('add') });
  return [
    transpose(
      graph,
      sums,
      shape.map((_, i) => first.indexOf(i)),
    ),
  ];
};
