import { typed, type Operator, type OperatorCall, type OperatorTable } from './operator-call.ts';
import type { ValueType } from './value.ts';

export interface RecurrentShape {
  readonly steps: number;
  readonly batch: number;
  readonly inputs: number;
  readonly hidden: number;
  readonly directions: number;
}

/** x [steps, batch, inputs], w [directions, gates * hidden, inputs], r [directions, gates * hidden, hidden]. */
export function recurrentShape(call: OperatorCall, gates: number): RecurrentShape {
  const [x, w, r] = [call.input(0), call.input(1), call.input(2)];
  const [steps, batch, inputs] = x.shape as [number, number, number];
  const directions = call.text('direction', 'forward') === 'bidirectional' ? 2 : 1;
  const hidden = call.int('hidden_size', r.shape[2] ?? 0);
  const rows = gates * hidden;
  const fits = x.shape.length === 3 && w.shape.join() === [directions, rows, inputs].join();
  if (fits && r.shape.join() === [directions, rows, hidden].join()) return { steps, batch, inputs, hidden, directions };
  throw call.fault('shape', `weights [${w.shape.join(', ')}] and [${r.shape.join(', ')}] on [${x.shape.join(', ')}]`);
}

function outputsOf(call: OperatorCall, gates: number): ValueType[] {
  const { steps, batch, hidden, directions } = recurrentShape(call, gates);
  const { type } = call.input(0);
  const last = typed(type, [directions, batch, hidden]);
  return [typed(type, [steps, directions, batch, hidden]), last, last].slice(0, call.outputCount);
}

const lstm: Operator = { infer: (call) => outputsOf(call, 4) };
const gru: Operator = { infer: (call) => outputsOf(call, 3) };

export const recurrent: OperatorTable = { LSTM: lstm, GRU: gru };
