import { sumTo } from '#engine/trainer/operators/graph-parts.ts';
import type { GradientRule } from '../rule.ts';

/**
 * y = a - b: ∂a = ∂y, ∂b = -∂y, summed over broadcast axes (linearity).
 */
export const subGradient: GradientRule = ({ graph, call, gradient, wants }) => [
  wants(0) ? sumTo(graph, gradient, call.input(0).shape) : undefined,
  wants(1) ? graph.op('Neg', [sumTo(graph, gradient, call.input(1).shape)]) : undefined,
];
