import { convolution, transposed } from '#engine/trainer/operators/convolution.ts';
import type { OperatorCall } from '#engine/trainer/operators/operator-call.ts';
import { poolWindows } from '#engine/trainer/operators/pooling.ts';
import { reducedAxes } from '#engine/trainer/operators/reduction.ts';
import { padsOf, splitLengths } from '#engine/trainer/operators/shaping.ts';
import type { Value, ValueType } from '#engine/trainer/operators/value.ts';
import { recurrentReference } from './recurrent-reference.ts';
import { at, erf, positions, sumOver, tensor64, type Tensor64 } from './tensor-loops.ts';

export type Reference = (call: OperatorCall, outputs: readonly ValueType[]) => readonly Tensor64[];

export function operand(value: Value): Tensor64 {
  if (!value.constant) throw new Error('a reference value has its elements');
  return { shape: value.shape, data: value.constant };
}

function elementwise(of: (x: number, call: OperatorCall) => number): Reference {
  return (call) => {
    const { shape, data } = operand(call.input(0));
    return [{ shape, data: data.map((x) => of(x, call)) }];
  };
}

const gelu = (x: number, call: OperatorCall): number =>
  call.text('approximate', 'none') === 'tanh'
    ? (x / 2) * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)))
    : (x / 2) * (1 + erf(x / Math.SQRT2));

/** Along each row of an axis, with the others fixed. */
function rows(call: OperatorCall, axis: number, of: (row: readonly number[], i: number) => number): Tensor64 {
  const x = operand(call.input(0));
  return tensor64(x.shape, (position) => {
    const row = Array.from({ length: x.shape[axis] as number }, (_, i) => at(x, position.with(axis, i)));
    return of(row, position[axis] as number);
  });
}

const softmax: Reference = (call) => {
  const axis = call.axis(call.int('axis', -1), call.input(0).shape.length);
  const log = call.type === 'LogSoftmax';
  const of = (row: readonly number[], i: number): number => {
    const shifted = (row[i] as number) - Math.log(row.reduce((total, x) => total + Math.exp(x), 0));
    return log ? shifted : Math.exp(shifted);
  };
  return [rows(call, axis, of)];
};

const matMul: Reference = (call, [output]) => {
  const [a, b] = [operand(call.input(0)), operand(call.input(1))];
  const left = a.shape.length === 1 ? { ...a, shape: [1, ...a.shape] } : a;
  const right = b.shape.length === 1 ? { ...b, shape: [...b.shape, 1] } : b;
  const whole = [...(output as ValueType).shape];
  if (a.shape.length === 1) whole.splice(whole.length - (b.shape.length === 1 ? 0 : 1), 0, 1);
  if (b.shape.length === 1) whole.push(1);
  const clamp = (position: readonly number[], shape: readonly number[]): number[] =>
    shape.map((dimension, axis) => (dimension === 1 ? 0 : (position[position.length - shape.length + axis] as number)));
  const product = tensor64(whole, (position) =>
    sumOver([left.shape.at(-1) as number], ([k]) => {
      const batch = position.slice(0, -2);
      const l = clamp([...batch, position.at(-2) as number, k as number], left.shape);
      const r = clamp([...batch, k as number, position.at(-1) as number], right.shape);
      return at(left, l.with(-1, k as number)) * at(right, r.with(-2, k as number));
    }),
  );
  return [{ shape: (output as ValueType).shape, data: product.data }];
};

const gemm: Reference = (call, [output]) => {
  const [a, b] = [operand(call.input(0)), operand(call.input(1))];
  const c = call.inputs[2] && operand(call.inputs[2]);
  const [ta, tb] = [call.int('transA', 0), call.int('transB', 0)];
  const inner = a.shape[ta ? 0 : 1] as number;
  const bias = (i: number, j: number): number => {
    if (!c) return 0;
    const place = [i, j].slice(2 - c.shape.length).map((p, axis) => (c.shape[axis] === 1 ? 0 : p));
    return at(c, place);
  };
  return [
    tensor64((output as ValueType).shape, ([i, j]) => {
      const [row, column] = [i as number, j as number];
      const product = sumOver([inner], ([k]) => {
        const at1 = ta ? [k as number, row] : [row, k as number];
        const at2 = tb ? [column, k as number] : [k as number, column];
        return at(a, at1) * at(b, at2);
      });
      return call.float('alpha', 1) * product + call.float('beta', 1) * bias(row, column);
    }),
  ];
};

const conv: Reference = (call, [output]) => {
  const { windows, group } = convolution(call);
  const [x, w] = [operand(call.input(0)), operand(call.input(1))];
  const bias = call.inputs[2] && operand(call.inputs[2]);
  const [filters, perGroup] = w.shape as [number, number];
  return [
    tensor64((output as ValueType).shape, ([n, m, ...place]) => {
      const own = Math.floor((m as number) / (filters / group)) * perGroup;
      const sum = sumOver([perGroup, ...windows.kernel], ([c, ...k]) => {
        const from = place.map(
          (p, i) =>
            p * (windows.strides[i] as number) +
            (k[i] as number) * (windows.dilations[i] as number) -
            (windows.padsBefore[i] as number),
        );
        return at(x, [n as number, own + (c as number), ...from]) * at(w, [m as number, c as number, ...k]);
      });
      return sum + (bias ? (bias.data[m as number] as number) : 0);
    }),
  ];
};

const convTranspose: Reference = (call, [output]) => {
  const { windows, group } = transposed(call);
  const [x, w] = [operand(call.input(0)), operand(call.input(1))];
  const bias = call.inputs[2] && operand(call.inputs[2]);
  const [channels, perGroup] = w.shape as [number, number];
  const { shape } = output as ValueType;
  const result = tensor64(shape, ([, m]) => (bias ? (bias.data[m as number] as number) : 0));
  for (const [n, c, ...place] of positions(x.shape)) {
    const own = Math.floor((c as number) / (channels / group)) * perGroup;
    for (const [m, ...k] of positions(w.shape.slice(1))) {
      const to = place.map(
        (p, i) =>
          p * (windows.strides[i] as number) +
          (k[i] as number) * (windows.dilations[i] as number) -
          (windows.padsBefore[i] as number),
      );
      if (to.some((p, i) => p < 0 || p >= (shape[i + 2] as number))) continue;
      let flat = 0;
      for (const [axis, p] of [n as number, own + (m as number), ...to].entries())
        flat = flat * (shape[axis] as number) + p;
      result.data[flat] =
        (result.data[flat] as number) +
        at(x, [n as number, c as number, ...place]) * at(w, [c as number, m as number, ...k]);
    }
  }
  return [result];
};

const pool: Reference = (call, [output]) => {
  const windows = poolWindows(call);
  const x = operand(call.input(0));
  const { shape } = output as ValueType;
  const seen = ([n, c, ...place]: readonly number[]): number[] =>
    positions(windows.kernel).flatMap((k) => {
      const from = place.map(
        (p, i) =>
          p * (windows.strides[i] as number) +
          (k[i] as number) * (windows.dilations[i] as number) -
          (windows.padsBefore[i] as number),
      );
      const inside = from.every((p, i) => p >= 0 && p < (x.shape[i + 2] as number));
      return inside ? [at(x, [n as number, c as number, ...from])] : [];
    });
  const total = call.int('count_include_pad', 0) === 1 ? windows.kernel.reduce((a, b) => a * b, 1) : undefined;
  return [
    tensor64(shape, (position) => {
      const values = seen(position);
      if (call.type === 'MaxPool') return Math.max(...values);
      return values.reduce((a, b) => a + b, 0) / (total ?? values.length);
    }),
  ];
};

const globalAveragePool: Reference = (call, [output]) => {
  const x = operand(call.input(0));
  const spatial = x.shape.slice(2);
  const count = spatial.reduce((a, b) => a * b, 1);
  return [
    tensor64(
      (output as ValueType).shape,
      ([n, c]) => sumOver(spatial, (place) => at(x, [n as number, c as number, ...place])) / count,
    ),
  ];
};

const reduce: Reference = (call, [output]) => {
  const x = operand(call.input(0));
  const axes = reducedAxes(call);
  const kept = x.shape.map((dimension, axis) => (axes.includes(axis) ? 1 : dimension));
  const away = x.shape.map((dimension, axis) => (axes.includes(axis) ? dimension : 1));
  const count = call.type === 'ReduceMean' ? away.reduce((a, b) => a * b, 1) : 1;
  const sums = tensor64(
    kept,
    (position) =>
      sumOver(away, (inner) =>
        at(
          x,
          position.map((p, i) => p + (inner[i] as number)),
        ),
      ) / count,
  );
  return [{ shape: (output as ValueType).shape, data: sums.data }];
};

/** By the batch's own statistics: training mode. */
const batchNormalization: Reference = (call) => {
  const [x, gamma, beta] = [operand(call.input(0)), operand(call.input(1)), operand(call.input(2))];
  const rest = x.shape.with(1, 1);
  const count = rest.reduce((a, b) => a * b, 1);
  const statistics = Array.from({ length: x.shape[1] as number }, (_, c) => {
    const mean = sumOver(rest, (p) => at(x, p.with(1, c))) / count;
    return { mean, variance: sumOver(rest, (p) => (at(x, p.with(1, c)) - mean) ** 2) / count };
  });
  return [
    tensor64(x.shape, (position) => {
      const c = position[1] as number;
      const { mean, variance } = statistics[c] as { mean: number; variance: number };
      const normal = (at(x, position) - mean) / Math.sqrt(variance + call.float('epsilon', 1e-5));
      return normal * (gamma.data[c] as number) + (beta.data[c] as number);
    }),
  ];
};

const layerNormalization: Reference = (call) => {
  const [x, gamma] = [operand(call.input(0)), operand(call.input(1))];
  const beta = call.inputs[2] && operand(call.inputs[2]);
  const axis = call.axis(call.int('axis', -1), x.shape.length);
  const size = x.shape.slice(axis).reduce((a, b) => a * b, 1);
  const data = x.data.map((value, flat) => {
    const row = x.data.subarray(Math.floor(flat / size) * size, (Math.floor(flat / size) + 1) * size);
    const mean = row.reduce((a, b) => a + b, 0) / size;
    const variance = row.reduce((sum, one) => sum + (one - mean) ** 2, 0) / size;
    const normal = (value - mean) / Math.sqrt(variance + call.float('epsilon', 1e-5));
    return normal * (gamma.data[flat % size] as number) + (beta ? (beta.data[flat % size] as number) : 0);
  });
  return [{ shape: x.shape, data }];
};

const pad: Reference = (call, [output]) => {
  const x = operand(call.input(0));
  const { before } = padsOf(call);
  const value = call.inputs[2] ? (operand(call.inputs[2]).data[0] as number) : 0;
  return [
    tensor64((output as ValueType).shape, (position) => {
      const from = position.map((p, i) => p - (before[i] as number));
      return from.every((p, i) => p >= 0 && p < (x.shape[i] as number)) ? at(x, from) : value;
    }),
  ];
};

const split: Reference = (call, outputs) => {
  const x = operand(call.input(0));
  const axis = call.axis(call.int('axis', 0), x.shape.length);
  const lengths = splitLengths(call);
  return outputs.map(({ shape }, i) => {
    const start = lengths.slice(0, i).reduce((a, b) => a + b, 0);
    return tensor64(shape, (position) => at(x, position.with(axis, (position[axis] as number) + start)));
  });
};

const clip: Reference = (call) => {
  const bound = (i: number, otherwise: number): number =>
    call.inputs[i] ? (operand(call.inputs[i]).data[0] as number) : otherwise;
  return elementwise((x) => Math.min(Math.max(x, bound(1, -Infinity)), bound(2, Infinity)))(call, []);
};

/** Operators that nothing in the product computes itself. */
export const references: ReadonlyMap<string, Reference> = new Map([
  ['LeakyRelu', elementwise((x, call) => (x > 0 ? x : x * call.float('alpha', 0.01)))],
  ['Sigmoid', elementwise((x) => 1 / (1 + Math.exp(-x)))],
  ['Tanh', elementwise(Math.tanh)],
  ['Erf', elementwise(erf)],
  ['Gelu', elementwise(gelu)],
  ['Clip', clip],
  ['Softmax', softmax],
  ['LogSoftmax', softmax],
  ['MatMul', matMul],
  ['Gemm', gemm],
  ['Conv', conv],
  ['ConvTranspose', convTranspose],
  ['MaxPool', pool],
  ['AveragePool', pool],
  ['GlobalAveragePool', globalAveragePool],
  ['ReduceSum', reduce],
  ['ReduceMean', reduce],
  ['BatchNormalization', batchNormalization],
  ['LayerNormalization', layerNormalization],
  ['Pad', pad],
  ['Split', split],
  ['LSTM', recurrentReference],
  ['GRU', recurrentReference],
]);
