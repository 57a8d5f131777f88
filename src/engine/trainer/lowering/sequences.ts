import { split } from '../operators/graph-parts.ts';
import type { OperatorCall } from '../operators/operator-call.ts';
import type { TypedGraph } from '../operators/typed-graph.ts';
import type { Value } from '../operators/value.ts';

/** The pieces of a tensor as SplitToSequence cuts it, which is how PyTorch's exporter writes `chunk` and `split`. */
export function splitToSequence(graph: TypedGraph, call: OperatorCall): readonly Value[] {
  const { shape } = call.input(0);
  const axis = call.axis(call.int('axis', 0), shape.length);
  const whole = shape[axis] as number;
  const given = call.constantInts(1);
  if (!given) throw call.fault('attribute', 'it cuts into single rows', 'Export with sizes for the pieces');
  const size = given[0] ?? 0;
  const isList = call.input(1).shape.length > 0;
  if (!isList && !(size >= 1)) throw call.fault('shape', `it cuts into pieces of ${size}`);
  const lengths = isList
    ? given
    : Array.from({ length: Math.ceil(whole / size) }, (_, i) => Math.min(size, whole - i * size));
  return split(graph, call.input(0), axis, lengths);
}

/** The place in a sequence that SequenceAt takes. */
export function takenFrom(call: OperatorCall, sequence: readonly Value[]): Value {
  const index = call.constantInts(1)?.[0] ?? Number.NaN;
  const value = sequence.at(index);
  if (value) return value;
  throw call.fault('shape', `it takes piece ${index} of ${sequence.length}`);
}
