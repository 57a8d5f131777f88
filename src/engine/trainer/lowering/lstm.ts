import { split } from '../operators/graph-parts.ts';
import type { TypedGraph } from '../operators/typed-graph.ts';
import type { Value } from '../operators/value.ts';
import type { Lowering } from './lowering.ts';
import { unroll, type Direction, type Unrolled } from './recurrent-parts.ts';

/**
 * LSTM by plain operators, step by step (Hochreiter & Schmidhuber 1997, with forget gates), in ONNX's order of gates:
 * i, o, f = sigmoid, c = tanh of x Wᵀ + h Rᵀ + b; C = f C + i c; H = o tanh(C).
 */
export const unrollLstm: Lowering = ({ graph, call }) =>
  unroll(graph, call, { gates: 4, states: [5, 6], separateBias: false, run: (direction) => run(graph, direction) });

function run(graph: TypedGraph, direction: Direction): Unrolled {
  let [hidden, cell] = direction.initial as [Value, Value];
  const size = hidden.shape[1] as number;
  const outputs: Value[] = new Array<Value>(direction.steps.length);
  for (let i = 0; i < direction.steps.length; i++) {
    const t = direction.reversed ? direction.steps.length - 1 - i : i;
    const sums = graph.op('Add', [direction.steps[t], graph.op('MatMul', [hidden, direction.recurrent])]);
    const [gates, candidate] = split(graph, sums, 1, [3 * size, size]);
    const [input, output, forget] = split(graph, graph.op('Sigmoid', [gates]), 1, [size, size, size]);
    const kept = graph.op('Mul', [forget, cell]);
    cell = graph.op('Add', [kept, graph.op('Mul', [input, graph.op('Tanh', [candidate])])]);
    hidden = graph.op('Mul', [output, graph.op('Tanh', [cell])]);
    outputs[t] = hidden;
  }
  return { outputs, last: [hidden, cell] };
}
