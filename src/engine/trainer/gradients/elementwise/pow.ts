import { scale, sumTo } from '#engine/trainer/operators/graph-parts.ts';
import type { Value } from '#engine/trainer/operators/value.ts';
import type { GradientRule } from '../rule.ts';

/**
 * y = a^b: ∂a = ∂y b a^(b-1), ∂b = ∂y y ln a, summed over broadcast axes (power rule). Where a is 0 or less, ∂b is taken
 * as 0: y is no function of b there, or a constant one.
 */
export const powGradient: GradientRule = ({ graph, call, gradient, wants }) => {
  const [a, b] = [call.input(0), call.input(1)];
  const { type } = a;
  const byBase = (): Value => {
    const exponent = b.constant?.length === 1 ? b.constant[0] : undefined;
    if (exponent === 2) return scale(graph, graph.op('Mul', [gradient, a]), 2);
    const factor = b.type === type ? b : graph.op('CastLike', [b, a]);
    const lower = graph.op('Pow', [a, graph.op('Sub', [factor, graph.scalar(1, type)])]);
    return graph.op('Mul', [gradient, graph.op('Mul', [factor, lower])]);
  };
  const byExponent = (): Value => {
    const positive = graph.op('Greater', [a, graph.scalar(0, type)]);
    const logarithm = graph.op('Log', [graph.op('Where', [positive, a, graph.scalar(1, type)])]);
    return graph.op('Mul', [gradient, graph.op('Mul', [call.outputs[0], logarithm])]);
  };
  return [
    wants(0) ? sumTo(graph, byBase(), a.shape) : undefined,
    wants(1) ? sumTo(graph, byExponent(), b.shape) : undefined,
  ];
};
