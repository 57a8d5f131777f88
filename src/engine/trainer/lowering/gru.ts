import { split } from '../operators/graph-parts.ts';
import type { OperatorCall } from '../operators/operator-call.ts';
import type { TypedGraph } from '../operators/typed-graph.ts';
import type { Value } from '../operators/value.ts';
import type { Lowering } from './lowering.ts';
import { unroll, type Direction, type Unrolled } from './recurrent-parts.ts';

/**
 * GRU by plain operators, step by step (Cho et al. 2014, arXiv:1406.1078), in ONNX's order of gates and with the reset
 * after the recurrent product, as PyTorch has it: z, r = sigmoid; h = tanh(x Whᵀ + r (H Rhᵀ + bh)); H = (1 - z) h + z H.
 */
export const unrollGru: Lowering = ({ graph, call }) => {
  requireResetAfter(call);
  return unroll(graph, call, { gates: 3, states: [5], separateBias: true, run: (direction) => run(graph, direction) });
};

function requireResetAfter(call: OperatorCall): void {
  if (call.int('linear_before_reset', 0) === 1) return;
  throw call.fault(
    'no_gradient',
    'its reset gate comes before the product',
    'Use linear_before_reset=1, as PyTorch does',
  );
}

function run(graph: TypedGraph, direction: Direction): Unrolled {
  let [state] = direction.initial as [Value];
  const size = state.shape[1] as number;
  const outputs: Value[] = new Array<Value>(direction.steps.length);
  for (let i = 0; i < direction.steps.length; i++) {
    const t = direction.reversed ? direction.steps.length - 1 - i : i;
    const product = graph.op('MatMul', [state, direction.recurrent]);
    const recurrent = direction.recurrentBias ? graph.op('Add', [product, direction.recurrentBias]) : product;
    const [gateInput, newInput] = split(graph, direction.steps[t] as Value, 1, [2 * size, size]);
    const [gateState, newState] = split(graph, recurrent, 1, [2 * size, size]);
    const gates = graph.op('Sigmoid', [graph.op('Add', [gateInput, gateState])]);
    const [update, reset] = split(graph, gates, 1, [size, size]);
    const fresh = graph.op('Tanh', [graph.op('Add', [newInput, graph.op('Mul', [reset, newState])])]);
    // (1 - z) h + z H, with one product less.
    state = graph.op('Add', [fresh, graph.op('Mul', [update, graph.op('Sub', [state, fresh])])]);
    outputs[t] = state;
  }
  return { outputs, last: [state] };
}
