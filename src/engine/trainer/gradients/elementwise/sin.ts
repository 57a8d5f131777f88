import type { GradientRule } from '../rule.ts';

/**
 * y = sin x: ∂x = ∂y cos x.
 */
export const sinGradient: GradientRule = ({ graph, call, gradient }) => {
  return [graph.op('Mul', [gradient, graph.op('Cos', [call.input(0)])])];
};
