import { typed, type Operator, type OperatorCall, type OperatorTable } from './operator-call.ts';
import { broadcastShape } from './value.ts';

function doNotFit(call: OperatorCall): Error {
  const shapes = call.inputs.flatMap((value) => (value ? [`[${value.shape.join(', ')}]`] : [])).join(' and ');
  return call.fault('shape', `${shapes} cannot be multiplied`);
}

/** As NumPy's matmul: all but the last two axes are batches, and a vector counts as a row before, a column behind. */
const matMul: Operator = {
  infer: (call) => {
    const [a, b] = [call.input(0), call.input(1)];
    if (a.shape.length === 0 || b.shape.length === 0) throw doNotFit(call);
    const left = a.shape.length === 1 ? [1, ...a.shape] : a.shape;
    const right = b.shape.length === 1 ? [...b.shape, 1] : b.shape;
    const batch = broadcastShape([left.slice(0, -2), right.slice(0, -2)]);
    if (!batch || left.at(-1) !== right.at(-2)) throw doNotFit(call);
    const rows = a.shape.length === 1 ? [] : [left.at(-2) as number];
    const columns = b.shape.length === 1 ? [] : [right.at(-1) as number];
    return [typed(a.type, [...batch, ...rows, ...columns])];
  },
};

const gemm: Operator = {
  infer: (call) => {
    const [a, b, c] = [call.input(0), call.input(1), call.inputs[2]];
    if (a.shape.length !== 2 || b.shape.length !== 2) throw doNotFit(call);
    const [m, k] = (call.int('transA', 0) ? a.shape.toReversed() : a.shape) as [number, number];
    const [k2, n] = (call.int('transB', 0) ? b.shape.toReversed() : b.shape) as [number, number];
    const whole = broadcastShape([[m, n], c?.shape ?? []]);
    if (k !== k2 || whole?.length !== 2 || whole[0] !== m || whole[1] !== n) throw doNotFit(call);
    return [typed(a.type, [m, n])];
  },
};

export const matrix: OperatorTable = { MatMul: matMul, Gemm: gemm };
