import { sumTo } from '#engine/trainer/operators/graph-parts.ts';
import type { GradientRule } from '../rule.ts';

/**
 * y = a + b: ∂a = ∂b = ∂y, summed over broadcast axes (linearity).
 */
export const addGradient: GradientRule = ({ graph, call, gradient, wants }) =>
  [0, 1].map((i) => (wants(i) ? sumTo(graph, gradient, call.input(i).shape) : undefined));
