import { typed, type Operator, type OperatorCall, type OperatorTable } from './operator-call.ts';
import type { ValueType } from './value.ts';
import { windowCounts, windowsOf, type Windows } from './windows.ts';

export function poolWindows(call: OperatorCall): Windows {
  const kernel = call.ints('kernel_shape');
  if (kernel) return windowsOf(call, kernel);
  throw call.fault('attribute', 'its kernel_shape is missing');
}

function pooled(call: OperatorCall): ValueType {
  const { type, shape } = call.input(0);
  const counts = windowCounts(call, poolWindows(call), call.int('ceil_mode', 0) === 1);
  return typed(type, [...shape.slice(0, 2), ...counts]);
}

/** The second output holds, for each maximum, its place in the flat input. */
const maxPool: Operator = {
  infer: (call) => {
    const output = pooled(call);
    return call.outputCount === 2 ? [output, typed('int64', output.shape)] : [output];
  },
};

const globalPool: Operator = {
  infer: (call) => {
    const { type, shape } = call.input(0);
    return [
      typed(
        type,
        shape.map((dimension, axis) => (axis < 2 ? dimension : 1)),
      ),
    ];
  },
};

export const pooling: OperatorTable = {
  MaxPool: maxPool,
  AveragePool: { infer: (call) => [pooled(call)] },
  GlobalAveragePool: globalPool,
  MaxUnpool: { infer: (call) => [typed(call.input(0).type, call.constantInts(2) ?? [])] },
};
