import { elementCount } from '#shared/tensor/tensor.ts';
import { expand, reshape, scale } from '#engine/trainer/operators/graph-parts.ts';
import { reducedAxes } from '#engine/trainer/operators/reduction.ts';
import type { Backward, GradientRule } from '../rule.ts';

/**
 * y = Σ x over axes: ∂x = ∂y, repeated along them.
 */
export const reduceSumGradient: GradientRule = (backward) => [spread(backward)];

/**
 * y = Σ x / n over axes of n elements together: ∂x = ∂y / n, repeated along them.
 */
export const reduceMeanGradient: GradientRule = (backward) => {
  const { shape } = backward.call.input(0);
  const count = elementCount(reducedAxes(backward.call).map((axis) => shape[axis] as number));
  return [spread({ ...backward, gradient: scale(backward.graph, backward.gradient, 1 / count) })];
};

function spread({ graph, call, gradient }: Backward): ReturnType<typeof expand> {
  const { shape } = call.input(0);
  const axes = reducedAxes(call);
  const kept = shape.map((dimension, axis) => (axes.includes(axis) ? 1 : dimension));
  return expand(graph, reshape(graph, gradient, kept), shape);
}
