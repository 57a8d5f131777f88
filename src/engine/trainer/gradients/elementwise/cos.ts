import type { GradientRule } from '../rule.ts';

/**
 * y = cos x: ∂x = -∂y sin x.
 */
export const cosGradient: GradientRule = ({ graph, call, gradient }) => {
  return [graph.op('Neg', [graph.op('Mul', [gradient, graph.op('Sin', [call.input(0)])])])];
};
