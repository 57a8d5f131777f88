import type { GradientRule } from '../rule.ts';

/**
 * y = tanh x: ∂x = ∂y (1 - y²).
 */
export const tanhGradient: GradientRule = ({ graph, call, gradient }) => {
  const [y] = call.outputs;
  return [graph.op('Mul', [gradient, graph.op('Sub', [graph.scalar(1, gradient.type), graph.op('Mul', [y, y])])])];
};
