import { elementCount } from '#shared/tensor/tensor.ts';
import { elementsOf, typed, type Operator, type OperatorCall, type OperatorTable } from './operator-call.ts';
import { broadcastShape, forEachPosition, stridesOf, type ValueType } from './value.ts';

/** The same elements in the same order, under another shape. */
function reshaping(shapeOf: (call: OperatorCall) => readonly number[]): Operator {
  return {
    infer: (call) => {
      const { type, shape } = call.input(0);
      const result = shapeOf(call);
      if (elementCount(result) === elementCount(shape)) return [typed(type, result)];
      throw call.fault('shape', `[${shape.join(', ')}] cannot become [${result.join(', ')}]`);
    },
    fold: (call) => elementsOf(call, 0),
  };
}

function reshaped(call: OperatorCall): readonly number[] {
  const { shape } = call.input(0);
  const wanted = call.constantInts(1) ?? [];
  const copied = wanted.map((dimension, axis) =>
    dimension === 0 && call.int('allowzero', 0) === 0 ? (shape[axis] ?? 0) : dimension,
  );
  if (!copied.includes(-1)) return copied;
  const rest = copied.reduce((product, dimension) => (dimension === -1 ? product : product * dimension), 1);
  const free = elementCount(shape) / rest;
  return copied.map((dimension) => (dimension === -1 && Number.isInteger(free) ? free : dimension));
}

function flattened(call: OperatorCall): readonly number[] {
  const { shape } = call.input(0);
  const given = call.int('axis', 1);
  const axis = given < 0 ? given + shape.length : given;
  if (axis < 0 || axis > shape.length) throw call.fault('attribute', `it flattens at axis ${given}`);
  return [elementCount(shape.slice(0, axis)), elementCount(shape.slice(axis))];
}

function squeezed(call: OperatorCall): readonly number[] {
  const { shape } = call.input(0);
  const axes = call.constantInts(1);
  if (!axes) return shape.filter((dimension) => dimension !== 1);
  const away = call.axes(axes, shape.length);
  return shape.filter((_, axis) => !away.includes(axis));
}

function unsqueezed(call: OperatorCall): readonly number[] {
  const rest = [...call.input(0).shape];
  const axes = call.constantInts(1) ?? [];
  const rank = rest.length + axes.length;
  const added = call.axes(axes, rank);
  return Array.from({ length: rank }, (_, axis) => (added.includes(axis) ? 1 : (rest.shift() ?? 1)));
}

/** Folds by saying, for each position of the output, where in the first input its element is. */
function gathering(output: ValueType, call: OperatorCall, from: (position: readonly number[]) => number): Float64Array {
  const elements = elementsOf(call, 0);
  const result = new Float64Array(elementCount(output.shape));
  forEachPosition(output.shape, (position, flat) => (result[flat] = elements[from(position)] as number));
  return result;
}

export function permutationOf(call: OperatorCall): readonly number[] {
  const { shape } = call.input(0);
  const permutation = call.ints('perm') ?? shape.map((_, axis) => shape.length - 1 - axis);
  const sorted = permutation.toSorted((a, b) => a - b);
  if (permutation.length === shape.length && sorted.every((axis, i) => axis === i)) return permutation;
  throw call.fault('attribute', `it orders ${shape.length} axes as ${permutation.join(', ')}`);
}

const transpose: Operator = {
  infer: (call) => {
    const { type, shape } = call.input(0);
    return [
      typed(
        type,
        permutationOf(call).map((axis) => shape[axis] as number),
      ),
    ];
  },
  fold: (call, output) => {
    const strides = stridesOf(call.input(0).shape);
    const steps = permutationOf(call).map((axis) => strides[axis] as number);
    return gathering(output, call, (position) =>
      position.reduce((sum, at, axis) => sum + at * (steps[axis] as number), 0),
    );
  },
};

const expand: Operator = {
  infer: (call) => {
    const { type, shape } = call.input(0);
    const result = broadcastShape([shape, call.constantInts(1) ?? []]);
    if (result) return [typed(type, result)];
    throw call.fault('shape', `[${shape.join(', ')}] cannot be expanded to [${call.constantInts(1)?.join(', ')}]`);
  },
  fold: (call, output) => {
    const { shape } = call.input(0);
    const strides = stridesOf(shape);
    const skipped = output.shape.length - shape.length;
    return gathering(output, call, (position) => {
      let at = 0;
      for (const [axis, stride] of strides.entries())
        if (shape[axis] !== 1) at += stride * (position[axis + skipped] as number);
      return at;
    });
  },
};

const concat: Operator = {
  infer: (call) => {
    const first = call.input(0);
    const axis = call.axis(call.int('axis', 0), first.shape.length);
    let length = 0;
    for (const [i] of call.inputs.entries()) {
      const { shape } = call.input(i);
      if (shape.length !== first.shape.length || shape.some((d, a) => a !== axis && d !== first.shape[a])) {
        throw call.fault('shape', `[${shape.join(', ')}] does not fit behind [${first.shape.join(', ')}]`);
      }
      length += shape[axis] as number;
    }
    return [
      typed(
        first.type,
        first.shape.map((dimension, a) => (a === axis ? length : dimension)),
      ),
    ];
  },
  fold: (call, output) => {
    const axis = call.axis(call.int('axis', 0), output.shape.length);
    const blocks = call.inputs.map((_, i) => elementCount(call.input(i).shape.slice(axis)));
    const result: number[] = [];
    for (let row = 0; row < elementCount(output.shape.slice(0, axis)); row++) {
      for (const [i, block] of blocks.entries()) {
        for (let at = 0; at < block; at++) result.push(elementsOf(call, i)[row * block + at] as number);
      }
    }
    return result;
  },
};

/** Lengths of the pieces of a Split: as given, else equal, with the last one smaller. */
export function splitLengths(call: OperatorCall): readonly number[] {
  const { shape } = call.input(0);
  const axis = call.axis(call.int('axis', 0), shape.length);
  const whole = shape[axis] as number;
  const pieces = call.outputCount;
  const size = Math.ceil(whole / pieces);
  const lengths =
    call.constantInts(1) ?? Array.from({ length: pieces }, (_, i) => Math.max(0, Math.min(size, whole - i * size)));
  if (lengths.length === pieces && lengths.every((n) => n >= 0) && lengths.reduce((a, b) => a + b, 0) === whole)
    return lengths;
  throw call.fault('shape', `it cuts ${whole} into ${pieces} pieces of ${lengths.join(', ')}`);
}

const split: Operator = {
  infer: (call) => {
    const { type, shape } = call.input(0);
    const axis = call.axis(call.int('axis', 0), shape.length);
    return splitLengths(call).map((length) =>
      typed(
        type,
        shape.map((d, a) => (a === axis ? length : d)),
      ),
    );
  },
};

export interface SliceAxis {
  readonly axis: number;
  readonly start: number;
  readonly step: number;
  readonly length: number;
}

/** What a Slice takes of each axis that it names, with ends and negative numbers resolved as ONNX says. */
export function sliceAxes(call: OperatorCall): readonly SliceAxis[] {
  const { shape } = call.input(0);
  const starts = call.constantInts(1) ?? [];
  const ends = call.constantInts(2) ?? [];
  const axes = call.axes(call.constantInts(3) ?? starts.map((_, i) => i), shape.length);
  const steps = call.constantInts(4) ?? starts.map(() => 1);
  if (ends.length !== starts.length || axes.length !== starts.length || steps.length !== starts.length) {
    throw call.fault('shape', 'starts, ends, axes and steps differ in length');
  }
  return axes.map((axis, i) => {
    const whole = shape[axis] as number;
    const step = steps[i] as number;
    if (step === 0) throw call.fault('shape', 'it has a step of 0');
    const resolve = (given: number, low: number, high: number): number =>
      Math.min(Math.max(given < 0 ? given + whole : given, low), high);
    const start = step > 0 ? resolve(starts[i] as number, 0, whole) : resolve(starts[i] as number, 0, whole - 1);
    const end = step > 0 ? resolve(ends[i] as number, 0, whole) : resolve(ends[i] as number, -1, whole - 1);
    return { axis, start, step, length: Math.max(0, Math.ceil((end - start) / step)) };
  });
}

const slice: Operator = {
  infer: (call) => {
    const { type, shape } = call.input(0);
    const result = [...shape];
    for (const { axis, length } of sliceAxes(call)) result[axis] = length;
    return [typed(type, result)];
  },
  fold: (call, output) => {
    const strides = stridesOf(call.input(0).shape);
    const taken = sliceAxes(call);
    return gathering(output, call, (position) => {
      let at = 0;
      for (const [axis, stride] of strides.entries()) {
        const { start, step } = taken.find((one) => one.axis === axis) ?? { start: 0, step: 1 };
        at += stride * (start + step * (position[axis] as number));
      }
      return at;
    });
  },
};

/** Elements added before and after each axis; negative ones are taken away. */
export function padsOf(call: OperatorCall): { readonly before: readonly number[]; readonly after: readonly number[] } {
  const { shape } = call.input(0);
  const given = call.constantInts(1) ?? [];
  const axes = call.axes(call.constantInts(3) ?? shape.map((_, axis) => axis), shape.length);
  if (given.length !== axes.length * 2)
    throw call.fault('shape', `it has ${given.length} pads for ${axes.length} axes`);
  const before = shape.map(() => 0);
  const after = shape.map(() => 0);
  for (const [i, axis] of axes.entries()) {
    before[axis] = given[i] as number;
    after[axis] = given[i + axes.length] as number;
  }
  return { before, after };
}

const pad: Operator = {
  infer: (call) => {
    const { type, shape } = call.input(0);
    const { before, after } = padsOf(call);
    const result = shape.map((d, axis) => d + (before[axis] as number) + (after[axis] as number));
    if (result.some((dimension) => dimension < 0)) throw call.fault('shape', 'it takes away more than there is');
    return [typed(type, result)];
  },
};

const gather: Operator = {
  infer: (call) => {
    const [data, indices] = [call.input(0), call.input(1)];
    const axis = call.axis(call.int('axis', 0), data.shape.length);
    return [typed(data.type, [...data.shape.slice(0, axis), ...indices.shape, ...data.shape.slice(axis + 1)])];
  },
  fold: (call, output) => {
    const [data, indices] = [call.input(0), call.input(1)];
    const axis = call.axis(call.int('axis', 0), data.shape.length);
    const whole = data.shape[axis] as number;
    const inner = elementCount(data.shape.slice(axis + 1));
    const chosen = elementsOf(call, 1);
    if ([...chosen].some((index) => index < -whole || index >= whole))
      throw call.fault('shape', 'an index lies outside');
    const count = elementCount(indices.shape);
    return Float64Array.from({ length: elementCount(output.shape) }, (_, flat) => {
      const outer = Math.floor(flat / (count * inner));
      const index = chosen[Math.floor(flat / inner) % count] as number;
      return elementsOf(call, 0)[
        (outer * whole + (index < 0 ? index + whole : index)) * inner + (flat % inner)
      ] as number;
    });
  },
};

const tile: Operator = {
  infer: (call) => {
    const repeats = call.constantInts(1) ?? [];
    const { type, shape } = call.input(0);
    return [
      typed(
        type,
        shape.map((dimension, axis) => dimension * (repeats[axis] ?? 1)),
      ),
    ];
  },
};

/** The first input's type and shape, whatever else there is. */
const likeFirst: Operator = { infer: (call) => [typed(call.input(0).type, call.input(0).shape)] };

/** Operators that move elements and compute nothing. */
export const shaping: OperatorTable = {
  Reshape: reshaping(reshaped),
  Flatten: reshaping(flattened),
  Squeeze: reshaping(squeezed),
  Unsqueeze: reshaping(unsqueezed),
  Transpose: transpose,
  Expand: expand,
  Concat: concat,
  Split: split,
  Slice: slice,
  Pad: pad,
  Gather: gather,
  Tile: tile,
  ScatterElements: likeFirst,
  ScatterND: likeFirst,
};
