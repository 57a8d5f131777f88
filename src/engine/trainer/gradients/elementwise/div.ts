import { sumTo } from '#engine/trainer/operators/graph-parts.ts';
import type { GradientRule } from '../rule.ts';

/**
 * y = a / b: ∂a = ∂y / b, ∂b = -∂y y / b, summed over broadcast axes (quotient rule, with y for a / b).
 */
export const divGradient: GradientRule = ({ graph, call, gradient, wants }) => {
  const [a, b] = [call.input(0), call.input(1)];
  const quotient = graph.op('Div', [gradient, b]);
  return [
    wants(0) ? sumTo(graph, quotient, a.shape) : undefined,
    wants(1) ? sumTo(graph, graph.op('Neg', [graph.op('Mul', [quotient, call.outputs[0]])]), b.shape) : undefined,
  ];
};
