import type { GradientRule } from '../rule.ts';

/**
 * y = ln x: ∂x = ∂y / x.
 */
export const logGradient: GradientRule = ({ graph, call, gradient }) => {
  return [graph.op('Div', [gradient, call.input(0)])];
};
