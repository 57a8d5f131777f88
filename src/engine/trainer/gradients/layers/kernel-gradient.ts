import { elementCount } from '#shared/tensor/tensor.ts';
import { concat, reshape, transpose } from '#engine/trainer/operators/graph-parts.ts';
import type { PlacedCall, TypedGraph } from '#engine/trainer/operators/typed-graph.ts';
import type { Value } from '#engine/trainer/operators/value.ts';
import type { Windows } from '#engine/trainer/operators/windows.ts';

/** Products that are written out, one for each position of a kernel. */
const positionsMax = 1024;

interface Parts {
  readonly call: PlacedCall;
  /** What the kernel moves over: [batch, channels, ...]. */
  readonly input: Value;
  /** Of the loss by what it gives: [batch, filters, ...]. */
  readonly gradient: Value;
  /** [filters, channels / group, ...kernel]. */
  readonly kernelShape: readonly number[];
  readonly windows: Windows;
  readonly group: number;
}

/**
 * Gradient of a convolution by its kernel: ∂W[f, c, k] = Σ ∂Y[n, f, p] X[n, c, p stride + k dilation - pad] over batch and
 * places p (Dumoulin & Visin 2016, arXiv:1603.07285, for the sizes). One matrix product for each position k of the kernel.
 * The textbook's way, a convolution of the input with the gradient, has kernels as large as the image, for which the
 * runtime has no fast path (measured: this is faster from 3x3 on).
 */
export function kernelGradient(graph: TypedGraph, parts: Parts): Value {
  const { call, input, gradient, kernelShape, windows, group } = parts;
  const [filters, perGroup] = kernelShape as [number, number];
  const [batch, channels] = input.shape as [number, number];
  const places = gradient.shape.slice(2);
  const positions = elementCount(windows.kernel);
  if (positions > positionsMax) {
    const hint = 'Use smaller kernels';
    throw call.fault('no_gradient', `its kernel has ${positions} positions, and ${positionsMax} can be trained`, hint);
  }
  const count = batch * elementCount(places);
  const spatial = places.map((_, i) => i + 2);
  const byFilter = reshape(graph, transpose(graph, gradient, [1, 0, ...spatial]), [filters, count]);
  const rows = group === 1 ? byFilter : reshape(graph, byFilter, [group, filters / group, count]);
  const channelsLast = padded(graph, transpose(graph, input, [0, ...spatial, 1]), windows);
  const products = kernelPositions(windows.kernel).map((position) => {
    const shifted = shift(graph, channelsLast, { position, places, windows });
    const columns = reshape(graph, shifted, group === 1 ? [count, channels] : [count, group, perGroup]);
    const product = graph.op('MatMul', [rows, group === 1 ? columns : transpose(graph, columns, [1, 0, 2])]);
    return reshape(graph, product, [filters, perGroup, 1]);
  });
  return reshape(graph, concat(graph, products, 2), kernelShape);
}

function padded(graph: TypedGraph, channelsLast: Value, { padsBefore, padsAfter }: Windows): Value {
  if ([...padsBefore, ...padsAfter].every((pad) => pad === 0)) return channelsLast;
  return graph.op('Pad', [channelsLast, graph.int64s([0, ...padsBefore, 0, 0, ...padsAfter, 0])]);
}

/** What one position of the kernel sees, at each place of the output. */
function shift(
  graph: TypedGraph,
  channelsLast: Value,
  at: { readonly position: readonly number[]; readonly places: readonly number[]; readonly windows: Windows },
): Value {
  const { strides, dilations } = at.windows;
  const starts = at.position.map((k, i) => k * (dilations[i] as number));
  const ends = starts.map((start, i) => start + ((at.places[i] as number) - 1) * (strides[i] as number) + 1);
  const axes = starts.map((_, i) => i + 1);
  return graph.op('Slice', [channelsLast, ...[starts, ends, axes, strides].map((values) => graph.int64s(values))]);
}

function kernelPositions(kernel: readonly number[]): readonly (readonly number[])[] {
  return kernel.reduce<readonly (readonly number[])[]>(
    (before, size) => before.flatMap((start) => Array.from({ length: size }, (_, k) => [...start, k])),
    [[]],
  );
}
