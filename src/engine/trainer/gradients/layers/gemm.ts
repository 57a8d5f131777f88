import { float, int } from '#engine/trainer/operators/attributes.ts';
import { scale, sumTo } from '#engine/trainer/operators/graph-parts.ts';
import type { GradientRule } from '../rule.ts';

/**
 * Y = α A' B' + β C, with A' = A or Aᵀ: ∂A' = α ∂Y B'ᵀ, ∂B' = α A'ᵀ ∂Y, ∂C = β ∂Y summed over broadcast axes (Giles 2008, 2.2.2);
 * of a transposed one the product is taken in the other order.
 */
export const gemmGradient: GradientRule = ({ graph, call, gradient, wants }) => {
  const [a, b, c] = [call.input(0), call.input(1), call.inputs[2]];
  const [transA, transB] = [call.int('transA', 0), call.int('transB', 0)];
  const alpha = call.float('alpha', 1);
  const product = (left: typeof a, right: typeof a, transposed: readonly [number, number]): typeof a =>
    graph.op('Gemm', [left, right], {
      ...(alpha === 1 ? {} : { alpha: float(alpha) }),
      transA: int(transposed[0]),
      transB: int(transposed[1]),
    });
  const byA = (): typeof a => (transA ? product(b, gradient, [transB, 1]) : product(gradient, b, [0, 1 - transB]));
  const byB = (): typeof a => (transB ? product(gradient, a, [1, transA]) : product(a, gradient, [1 - transA, 0]));
  return [
    wants(0) ? byA() : undefined,
    wants(1) ? byB() : undefined,
    c && wants(2) ? scale(graph, sumTo(graph, gradient, c.shape), call.float('beta', 1)) : undefined,
  ];
};
