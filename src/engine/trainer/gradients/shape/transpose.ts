import { transpose } from '#engine/trainer/operators/graph-parts.ts';
import { permutationOf } from '#engine/trainer/operators/shaping.ts';
import type { GradientRule } from '../rule.ts';

/**
 * Axes in another order: ∂x = ∂y with the axes put back.
 */
export const transposeGradient: GradientRule = ({ graph, call, gradient }) => {
  const permutation = permutationOf(call);
  return [
    transpose(
      graph,
      gradient,
      permutation.map((_, axis) => permutation.indexOf(axis)),
    ),
  ];
};
