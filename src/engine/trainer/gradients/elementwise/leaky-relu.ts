import { scale } from '#engine/trainer/operators/graph-parts.ts';
import type { GradientRule } from '../rule.ts';

/**
 * y = x where x ≥ 0, else alpha x (Maas et al. 2013): ∂x = ∂y where x > 0, else alpha ∂y.
 */
export const leakyReluGradient: GradientRule = ({ graph, call, gradient }) => {
  const positive = graph.op('Greater', [call.input(0), graph.scalar(0, gradient.type)]);
  return [graph.op('Where', [positive, gradient, scale(graph, gradient, call.float('alpha', 0.01))])];
};
