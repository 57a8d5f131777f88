import { concat, zeros } from '#engine/trainer/operators/graph-parts.ts';
import type { GradientRule } from '../rule.ts';

/**
 * Pieces cut along an axis: ∂x is their gradients put together, zeros for those that nobody used.
 */
export const splitGradient: GradientRule = ({ graph, call, gradients }) => {
  const axis = call.axis(call.int('axis', 0), call.input(0).shape.length);
  const pieces = call.outputs.map((output, i) => gradients[i] ?? zeros(graph, output));
  return [concat(graph, pieces, axis)];
};
