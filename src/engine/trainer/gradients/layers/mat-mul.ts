import { elementCount } from '#shared/tensor/tensor.ts';
import { int } from '#engine/trainer/operators/attributes.ts';
import { reshape, sumTo, transposeLast } from '#engine/trainer/operators/graph-parts.ts';
import type { Value } from '#engine/trainer/operators/value.ts';
import type { GradientRule } from '../rule.ts';

/**
 * Y = A B: ∂A = ∂Y Bᵀ, ∂B = Aᵀ ∂Y, summed over broadcast batches (Giles 2008, "Collected matrix derivative results", 2.2.2).
 * A vector is a row before and a column behind.
 */
export const matMulGradient: GradientRule = ({ graph, call, gradient, wants }) => {
  const [a, b] = [call.input(0), call.input(1)];
  const left = a.shape.length === 1 ? reshape(graph, a, [1, ...a.shape]) : a;
  const right = b.shape.length === 1 ? reshape(graph, b, [...b.shape, 1]) : b;
  const rows = left.shape.at(-2) as number;
  const columns = right.shape.at(-1) as number;
  const batch = gradient.shape.slice(
    0,
    gradient.shape.length - Number(a.shape.length > 1) - Number(b.shape.length > 1),
  );
  const whole = reshape(graph, gradient, [...batch, rows, columns]);
  return [wants(0) ? byLeft() : undefined, wants(1) ? byRight() : undefined];

  function byLeft(): Value {
    const product = graph.op('MatMul', [whole, transposeLast(graph, right)]);
    return reshape(graph, sumTo(graph, product, left.shape), a.shape);
  }

  function byRight(): Value {
    if (right.shape.length === 2) {
      // All batches share these weights: one product over all their rows, instead of one each and their sum.
      const inputs = left.shape.at(-1) as number;
      const count = elementCount(left.shape) / inputs;
      const product = graph.op(
        'Gemm',
        [reshape(graph, left, [count, inputs]), reshape(graph, whole, [count, columns])],
        {
          transA: int(1),
        },
      );
      return reshape(graph, product, b.shape);
    }
    const product = graph.op('MatMul', [transposeLast(graph, left), whole]);
    return reshape(graph, sumTo(graph, product, right.shape), b.shape);
  }
};
