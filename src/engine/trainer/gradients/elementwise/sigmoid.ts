import type { GradientRule } from '../rule.ts';

/**
 * y = 1 / (1 + e⁻ˣ): ∂x = ∂y y (1 - y).
 */
export const sigmoidGradient: GradientRule = ({ graph, call, gradient }) => {
  const [y] = call.outputs;
  return [graph.op('Mul', [gradient, graph.op('Sub', [y, graph.op('Mul', [y, y])])])];
};
