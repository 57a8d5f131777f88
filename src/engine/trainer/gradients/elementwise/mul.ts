import { sumTo } from '#engine/trainer/operators/graph-parts.ts';
import type { GradientRule } from '../rule.ts';

/**
 * y = a b: ∂a = ∂y b, ∂b = ∂y a, summed over broadcast axes (product rule).
 */
export const mulGradient: GradientRule = ({ graph, call, gradient, wants }) =>
  [0, 1].map((i) => {
    const other = call.input(1 - i);
    return wants(i) ? sumTo(graph, graph.op('Mul', [gradient, other]), call.input(i).shape) : undefined;
  });
