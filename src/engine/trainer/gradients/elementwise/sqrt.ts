import { scale } from '#engine/trainer/operators/graph-parts.ts';
import type { Value } from '#engine/trainer/operators/value.ts';
import type { GradientRule } from '../rule.ts';

/**
 * y = √x: ∂x = ∂y / (2 y) (power rule); infinite at 0, as in PyTorch.
 */
export const sqrtGradient: GradientRule = ({ graph, call, gradient }) => {
  return [graph.op('Div', [gradient, scale(graph, call.outputs[0] as Value, 2)])];
};
