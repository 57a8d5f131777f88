import type { GradientRule } from '../rule.ts';

/**
 * y = -x: ∂x = -∂y.
 */
export const negGradient: GradientRule = ({ graph, gradient }) => {
  return [graph.op('Neg', [gradient])];
};
