import { sumTo } from '#engine/trainer/operators/graph-parts.ts';
import type { GradientRule } from '../rule.ts';

/**
 * y = a where c, else b: ∂a = ∂y where c, else 0; ∂b the other way; summed over broadcast axes.
 */
export const whereGradient: GradientRule = ({ graph, call, gradient, wants }) => {
  const zero = graph.scalar(0, gradient.type);
  return [
    undefined,
    wants(1) ? sumTo(graph, graph.op('Where', [call.input(0), gradient, zero]), call.input(1).shape) : undefined,
    wants(2) ? sumTo(graph, graph.op('Where', [call.input(0), zero, gradient]), call.input(2).shape) : undefined,
  ];
};
