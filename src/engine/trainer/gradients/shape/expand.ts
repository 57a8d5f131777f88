import { sumTo } from '#engine/trainer/operators/graph-parts.ts';
import type { GradientRule } from '../rule.ts';

/**
 * Elements repeated along axes: ∂x = the sum of ∂y over what was repeated.
 */
export const expandGradient: GradientRule = ({ graph, call, gradient }) => [
  sumTo(graph, gradient, call.input(0).shape),
];
