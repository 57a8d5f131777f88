import { reshape } from '#engine/trainer/operators/graph-parts.ts';
import type { GradientRule } from '../rule.ts';

/**
 * The same elements in another shape (Reshape, Flatten, Squeeze, Unsqueeze): ∂x = ∂y in the shape of x.
 */
export const reshapeGradient: GradientRule = ({ graph, call, gradient }) => {
  return [reshape(graph, gradient, call.input(0).shape)];
};
