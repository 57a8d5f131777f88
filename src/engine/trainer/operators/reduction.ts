import { typed, type Operator, type OperatorCall, type OperatorTable } from './operator-call.ts';

/** The axes that disappear, from an input or, before opset 18, an attribute; all of them where none are named. */
export function reducedAxes(call: OperatorCall): readonly number[] {
  const { shape } = call.input(0);
  const given = call.intsFromEither(1, 'axes') ?? [];
  if (given.length > 0) return call.axes(given, shape.length);
  return call.int('noop_with_empty_axes', 0) === 1 ? [] : shape.map((_, axis) => axis);
}

const reduce: Operator = {
  infer: (call) => {
    const { type, shape } = call.input(0);
    const axes = reducedAxes(call);
    const kept = shape.map((dimension, axis) => (axes.includes(axis) ? 1 : dimension));
    return [typed(type, call.int('keepdims', 1) === 1 ? kept : kept.filter((_, axis) => !axes.includes(axis)))];
  },
};

export const reduction: OperatorTable = { ReduceSum: reduce, ReduceMean: reduce };
