import type { GradientRule } from '../rule.ts';

/**
 * y = 1 / x: ∂x = -∂y y² (quotient rule).
 */
export const reciprocalGradient: GradientRule = ({ graph, call, gradient }) => {
  return [graph.op('Neg', [graph.op('Mul', [gradient, graph.op('Mul', [call.outputs[0], call.outputs[0]])])])];
};
