import type { OperatorCall } from '#engine/trainer/operators/operator-call.ts';
import { recurrentShape } from '#engine/trainer/operators/recurrent.ts';
import type { Value } from '#engine/trainer/operators/value.ts';
import { at, sumOver, tensor64, type Tensor64 } from './tensor-loops.ts';

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** LSTM and GRU (linear_before_reset) by the formulas of ONNX's operator documentation, one number at a time. */
export function recurrentReference(call: OperatorCall): readonly Tensor64[] {
  const gates = call.type === 'LSTM' ? 4 : 3;
  const { steps, batch, inputs, hidden, directions } = recurrentShape(call, gates);
  const operand = (index: number): Tensor64 | undefined => {
    const value: Value | undefined = call.inputs[index];
    return value && { shape: value.shape, data: value.constant ?? new Float64Array(0) };
  };
  const [x, w, r, b] = [operand(0), operand(1), operand(2), operand(3)] as [
    Tensor64,
    Tensor64,
    Tensor64,
    Tensor64 | undefined,
  ];
  const [firstH, firstC] = [operand(5), operand(6)];
  const y = new Map<string, number>();
  const last = new Map<string, [number, number]>();
  for (let d = 0; d < directions; d++) {
    const reversed = call.text('direction', 'forward') === 'reverse' || d === 1;
    for (let n = 0; n < batch; n++) {
      let h = Array.from({ length: hidden }, (_, j) => (firstH ? at(firstH, [d, n, j]) : 0));
      let c = Array.from({ length: hidden }, (_, j) => (firstC ? at(firstC, [d, n, j]) : 0));
      for (let i = 0; i < steps; i++) {
        const t = reversed ? steps - 1 - i : i;
        const state = h;
        const cell = c;
        const byInput = (row: number): number =>
          sumOver([inputs], ([k]) => at(w, [d, row, k as number]) * at(x, [t, n, k as number])) +
          (b ? at(b, [d, row]) : 0);
        const byState = (row: number): number =>
          sumOver([hidden], ([k]) => at(r, [d, row, k as number]) * (state[k as number] as number)) +
          (b ? at(b, [d, gates * hidden + row]) : 0);
        const both = (gate: number, j: number): number => byInput(gate * hidden + j) + byState(gate * hidden + j);
        if (call.type === 'LSTM') {
          c = cell.map((old, j) => sigmoid(both(2, j)) * old + sigmoid(both(0, j)) * Math.tanh(both(3, j)));
          const next = c;
          h = state.map((_, j) => sigmoid(both(1, j)) * Math.tanh(next[j] as number));
        } else {
          h = state.map((old, j) => {
            const z = sigmoid(both(0, j));
            const fresh = Math.tanh(byInput(2 * hidden + j) + sigmoid(both(1, j)) * byState(2 * hidden + j));
            return (1 - z) * fresh + z * old;
          });
        }
        for (const [j, value] of h.entries()) y.set([t, d, n, j].join(), value);
      }
      for (let j = 0; j < hidden; j++) last.set([d, n, j].join(), [h[j] as number, c[j] as number]);
    }
  }
  const lastOf = (which: 0 | 1): Tensor64 =>
    tensor64([directions, batch, hidden], (position) => last.get(position.join())?.[which] ?? Number.NaN);
  return [
    tensor64([steps, directions, batch, hidden], (position) => y.get(position.join()) ?? Number.NaN),
    lastOf(0),
    lastOf(1),
  ];
}
