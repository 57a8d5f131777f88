import { split } from '#engine/trainer/operators/graph-parts.ts';
import type { GradientRule } from '../rule.ts';

/**
 * Pieces put together along an axis: each gets its part of ∂y.
 */
export const concatGradient: GradientRule = ({ graph, call, gradient }) => {
  const axis = call.axis(call.int('axis', 0), gradient.shape.length);
  return split(
    graph,
    gradient,
    axis,
    call.inputs.map((_, i) => call.input(i).shape[axis] as number),
  );
};
