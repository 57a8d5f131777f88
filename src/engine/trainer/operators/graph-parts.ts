import { sameShape } from '#shared/tensor/tensor.ts';
import { int, ints } from './attributes.ts';
import type { TypedGraph } from './typed-graph.ts';
import type { Value } from './value.ts';

export function reshape(graph: TypedGraph, value: Value, shape: readonly number[]): Value {
  return sameShape(value.shape, shape) ? value : graph.op('Reshape', [value, graph.int64s(shape)]);
}

export function transpose(graph: TypedGraph, value: Value, permutation: readonly number[]): Value {
  return permutation.every((axis, i) => axis === i)
    ? value
    : graph.op('Transpose', [value], { perm: ints(permutation) });
}

/** Swaps the last two axes. */
export function transposeLast(graph: TypedGraph, value: Value): Value {
  const rank = value.shape.length;
  return transpose(graph, value, [...value.shape.keys()].slice(0, -2).concat(rank - 1, rank - 2));
}

export function sum(graph: TypedGraph, value: Value, axes: readonly number[], keepDimensions = false): Value {
  if (axes.length === 0) return value;
  return graph.op('ReduceSum', [value, graph.int64s(axes)], { keepdims: int(keepDimensions ? 1 : 0) });
}

export function expand(graph: TypedGraph, value: Value, shape: readonly number[]): Value {
  return sameShape(value.shape, shape) ? value : graph.op('Expand', [value, graph.int64s(shape)]);
}

export function split(graph: TypedGraph, value: Value, axis: number, lengths: readonly number[]): readonly Value[] {
  if (lengths.length === 1) return [value];
  return graph.call('Split', [value, graph.int64s(lengths)], {
    attributes: { axis: int(axis) },
    outputs: lengths.length,
  });
}

export function concat(graph: TypedGraph, values: readonly Value[], axis: number): Value {
  return values.length === 1 ? (values[0] as Value) : graph.op('Concat', values, { axis: int(axis) });
}

export function zeros(graph: TypedGraph, { type, shape }: Pick<Value, 'type' | 'shape'>): Value {
  return expand(
    graph,
    graph.constant(
      type,
      shape.map(() => 1),
      [0],
    ),
    shape,
  );
}

export function scale(graph: TypedGraph, value: Value, factor: number): Value {
  return factor === 1 ? value : graph.op('Mul', [value, graph.scalar(factor, value.type)]);
}

/**
 * The gradient of broadcasting: what an axis of length 1 was spread to is summed up again (NumPy's rules, as in
 * ONNX's "Multidirectional Broadcasting").
 */
export function sumTo(graph: TypedGraph, gradient: Value, shape: readonly number[]): Value {
  if (sameShape(gradient.shape, shape)) return gradient;
  const added = gradient.shape.length - shape.length;
  const axes = [...gradient.shape.keys()].filter(
    (axis) => axis < added || ((shape[axis - added] as number) === 1 && gradient.shape[axis] !== 1),
  );
  return reshape(graph, sum(graph, gradient, axes), shape);
}
