import type { GradientRule } from '../rule.ts';

/**
 * y = min(max(x, low), high), as ReLU6 has it: ∂x = ∂y where low ≤ x ≤ high, else 0, as in PyTorch.
 */
export const clipGradient: GradientRule = ({ graph, call, gradient }) => {
  const x = call.input(0);
  const inside = graph.op('Equal', [x, call.outputs[0]]);
  return [graph.op('Where', [inside, gradient, graph.scalar(0, gradient.type)])];
};
