import { elementCount } from '#shared/tensor/tensor.ts';
import { elementTypeOf, isFloat, type ElementType } from '../onnx/element-types.ts';
import { elementsOf, typed, type Operator, type OperatorCall, type OperatorTable } from './operator-call.ts';
import { broadcastShape, forEachPosition, stridesOf, type Value, type ValueType } from './value.ts';

type Fold = (...values: number[]) => number;

/** One output, of the first input's type and shape. */
function unary(fold?: Fold): Operator {
  return {
    infer: (call) => [typed(call.input(0).type, call.input(0).shape)],
    ...(fold ? { fold: (call: OperatorCall) => elementsOf(call, 0).map((value) => fold(value)) } : {}),
  };
}

/** One output, of the inputs' common shape. */
function broadcast(fold: Fold, type?: ElementType): Operator {
  return {
    infer: (call) => {
      const values = call.inputs.map((_, i) => call.input(i));
      return [typed(type ?? call.input(0).type, commonShape(call, values))];
    },
    fold: (call, output) => foldBroadcast(call, output, fold),
  };
}

function commonShape(call: OperatorCall, values: readonly Value[]): readonly number[] {
  const shape = broadcastShape(values.map((value) => value.shape));
  if (shape) return shape;
  const shapes = values.map((value) => `[${value.shape.join(', ')}]`).join(' and ');
  throw call.fault('shape', `its inputs ${shapes} do not fit together`);
}

function foldBroadcast(call: OperatorCall, output: ValueType, fold: Fold): Float64Array {
  const inputs = call.inputs.map((_, i) => {
    const { shape } = call.input(i);
    const strides = stridesOf(shape);
    const skipped = output.shape.length - shape.length;
    const steps = output.shape.map((_, axis) =>
      (shape[axis - skipped] ?? 1) === 1 ? 0 : (strides[axis - skipped] as number),
    );
    return { elements: elementsOf(call, i), steps };
  });
  const result = new Float64Array(elementCount(output.shape));
  forEachPosition(output.shape, (position, flat) => {
    const values = inputs.map(({ elements, steps }) => {
      let at = 0;
      for (const [axis, step] of steps.entries()) at += step * (position[axis] as number);
      return elements[at] as number;
    });
    result[flat] = fold(...values);
  });
  return result;
}

/** Integers are divided towards zero. */
const divide: Operator = {
  ...broadcast((a, b) => a / b),
  fold: (call, output) =>
    foldBroadcast(call, output, isFloat(output.type) ? (a, b) => a / b : (a, b) => (b === 0 ? 0 : Math.trunc(a / b))),
};

const cast: Operator = {
  infer: (call) => {
    const type = elementTypeOf(call.int('to', 0));
    if (!type)
      throw call.fault('element_type', 'it casts to a type that is not used here', 'Export the network in float32');
    return [typed(type, call.input(0).shape)];
  },
  fold: (call, output) => elementsOf(call, 0).map((value) => (output.type === 'bool' ? Number(value !== 0) : value)),
};

const castLike: Operator = {
  infer: (call) => [typed(call.input(1).type, call.input(0).shape)],
  fold: (call, output) => elementsOf(call, 0).map((value) => (output.type === 'bool' ? Number(value !== 0) : value)),
};

const where: Operator = {
  infer: (call) => [typed(call.input(1).type, commonShape(call, [call.input(0), call.input(1), call.input(2)]))],
  fold: (call, output) => foldBroadcast(call, output, (condition, a, b) => (condition ? (a as number) : (b as number))),
};

/** Whichever operators work on each element by itself. */
export const elementwise: OperatorTable = {
  Identity: unary((a) => a),
  Relu: unary((a) => Math.max(a, 0)),
  LeakyRelu: unary(),
  Sigmoid: unary(),
  Tanh: unary(),
  Gelu: unary(),
  Erf: unary(),
  Exp: unary(Math.exp),
  Log: unary(Math.log),
  Sqrt: unary(Math.sqrt),
  Neg: unary((a) => -a),
  Abs: unary(Math.abs),
  Sign: unary(Math.sign),
  Reciprocal: unary((a) => 1 / a),
  Floor: unary(Math.floor),
  Ceil: unary(Math.ceil),
  Sin: unary(Math.sin),
  Cos: unary(Math.cos),
  Not: unary((a) => Number(!a)),
  Clip: unary(),
  Softmax: unary(),
  LogSoftmax: unary(),
  RandomUniformLike: unary(),
  Add: broadcast((a, b) => a + b),
  Sub: broadcast((a, b) => a - b),
  Mul: broadcast((a, b) => a * b),
  Div: divide,
  Pow: broadcast((a, b) => a ** b),
  Max: broadcast((...all) => Math.max(...all)),
  Min: broadcast((...all) => Math.min(...all)),
  Greater: broadcast((a, b) => Number(a > b), 'bool'),
  GreaterOrEqual: broadcast((a, b) => Number(a >= b), 'bool'),
  Less: broadcast((a, b) => Number(a < b), 'bool'),
  LessOrEqual: broadcast((a, b) => Number(a <= b), 'bool'),
  Equal: broadcast((a, b) => Number(a === b), 'bool'),
  And: broadcast((a, b) => Number(Boolean(a) && Boolean(b)), 'bool'),
  Or: broadcast((a, b) => Number(Boolean(a) || Boolean(b)), 'bool'),
  Where: where,
  Cast: cast,
  CastLike: castLike,
};
