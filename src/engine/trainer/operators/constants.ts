import { limits } from '#shared/contract/limits.ts';
import { elementCount } from '#shared/tensor/tensor.ts';
import type { OnnxTensor } from '../onnx/onnx-model.ts';
import { elementsOf, typed, type Operator, type OperatorCall, type OperatorTable } from './operator-call.ts';

/** Elements of a tensor as numbers. */
export function numbersOf({ data }: Pick<OnnxTensor, 'data'>): Float64Array {
  return Float64Array.from(data as ArrayLike<number | bigint>, Number);
}

const shape: Operator = {
  infer: (call) => [typed('int64', [shapePart(call).length])],
  fold: (call) => shapePart(call),
  ofShape: true,
};

function shapePart(call: OperatorCall): readonly number[] {
  return call.input(0).shape.slice(call.int('start', 0), call.int('end', Infinity));
}

function constantTensor(call: OperatorCall): Pick<OnnxTensor, 'type' | 'shape' | 'data'> {
  const [[name, attribute] = []] = call.attributes;
  switch (attribute?.kind) {
    case 'tensor':
      return attribute.value;
    case 'float':
      return { type: 'float32', shape: [], data: Float32Array.of(attribute.value) };
    case 'floats':
      return { type: 'float32', shape: [attribute.value.length], data: Float32Array.from(attribute.value) };
    case 'int':
      return { type: 'int64', shape: [], data: Float64Array.of(attribute.value) };
    case 'ints':
      return { type: 'int64', shape: [attribute.value.length], data: Float64Array.from(attribute.value) };
    default:
      throw call.fault('attribute', `a constant of the kind ${name ?? 'unknown'} is not used here`);
  }
}

const constant: Operator = {
  infer: (call) => {
    const tensor = constantTensor(call);
    return [typed(tensor.type, tensor.shape)];
  },
  fold: (call) => numbersOf(constantTensor(call)),
};

function fillOf(call: OperatorCall): { readonly type: OnnxTensor['type']; readonly value: number } {
  const attribute = call.attributes.get('value');
  if (attribute?.kind !== 'tensor') return { type: 'float32', value: 0 };
  return { type: attribute.value.type, value: numbersOf(attribute.value)[0] ?? 0 };
}

const constantOfShape: Operator = {
  infer: (call) => {
    const dimensions = call.constantInts(0) ?? [];
    const bad = dimensions.length > limits.tensorRankMax || dimensions.some((d) => !(d >= 0));
    if (bad) throw call.fault('shape', `it makes a tensor [${dimensions.join(', ')}]`);
    return [typed(fillOf(call).type, dimensions)];
  },
  fold: (call, output) => new Float64Array(elementCount(output.shape)).fill(fillOf(call).value),
};

function rangeParts(call: OperatorCall): { readonly start: number; readonly step: number; readonly count: number } {
  const [start, end, step] = [0, 1, 2].map((i) => call.constantInts(i)?.[0] ?? Number.NaN) as [number, number, number];
  const count = Math.max(0, Math.ceil((end - start) / step));
  if (Number.isSafeInteger(count)) return { start, step, count };
  throw call.fault('shape', `it counts from ${start} to ${end} in steps of ${step}`);
}

const range: Operator = {
  infer: (call) => [typed(call.input(0).type, [rangeParts(call).count])],
  fold: (call) => {
    const { start, step, count } = rangeParts(call);
    return Float64Array.from({ length: count }, (_, i) => start + i * step);
  },
};

const size: Operator = {
  infer: () => [typed('int64', [])],
  fold: (call) => [elementCount(call.input(0).shape)],
  ofShape: true,
};

/** Operators whose results are known from shapes alone, or from constants. */
export const constants: OperatorTable = {
  Shape: shape,
  Size: size,
  Constant: constant,
  ConstantOfShape: constantOfShape,
  Range: range,
};

/** Of shapes: so that a size that is made by multiplication is known. */
export const products: OperatorTable = {
  ReduceProd: {
    infer: (call) => {
      const { type, shape: dimensions } = call.input(0);
      const keep = call.int('keepdims', 1) === 1;
      return [typed(type, keep ? dimensions.map(() => 1) : [])];
    },
    fold: (call) =>
      call.inputs.length > 1 ? undefined : [elementsOf(call, 0).reduce((product, value) => product * value, 1)],
  },
};
