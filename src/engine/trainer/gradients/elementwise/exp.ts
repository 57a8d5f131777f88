import type { GradientRule } from '../rule.ts';

/**
 * y = eˣ: ∂x = ∂y y.
 */
export const expGradient: GradientRule = ({ graph, call, gradient }) => {
  return [graph.op('Mul', [gradient, call.outputs[0]])];
};
