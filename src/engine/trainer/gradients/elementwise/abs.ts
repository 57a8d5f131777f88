import type { GradientRule } from '../rule.ts';

/**
 * y = |x|: ∂x = ∂y sign x; 0 at 0, as in PyTorch.
 */
export const absGradient: GradientRule = ({ graph, call, gradient }) => {
  return [graph.op('Mul', [gradient, graph.op('Sign', [call.input(0)])])];
};
