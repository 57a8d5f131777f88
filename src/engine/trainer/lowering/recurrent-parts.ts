import { int } from '../operators/attributes.ts';
import { concat, reshape, split, transpose, zeros } from '../operators/graph-parts.ts';
import type { OperatorCall } from '../operators/operator-call.ts';
import { recurrentShape } from '../operators/recurrent.ts';
import type { TypedGraph } from '../operators/typed-graph.ts';
import type { Value } from '../operators/value.ts';

/** Steps that are written out, one after another, since the runtime's own operators keep their states to themselves. */
const stepsMax = 512;

/** One direction of a recurrent layer. */
export interface Direction {
  /** x Wᵀ + bias, cut into steps: each [batch, gates * hidden]. */
  readonly steps: readonly Value[];
  /** [hidden, gates * hidden]. */
  readonly recurrent: Value;
  /** [gates * hidden]: the bias beside `recurrent`; undefined when it has joined the one in `steps`. */
  readonly recurrentBias: Value | undefined;
  readonly reversed: boolean;
  /** First states, [batch, hidden] each. */
  readonly initial: readonly Value[];
}

interface Layer {
  readonly gates: number;
  /** Inputs that hold first states. */
  readonly states: readonly number[];
  /** Whether the bias beside the recurrent product stays apart from the other. */
  readonly separateBias: boolean;
}

type Taken = Layer & { readonly index: number; readonly reversed: boolean };

export interface Unrolled {
  /** After each step, as time goes in the input; [batch, hidden] each. */
  readonly outputs: readonly Value[];
  readonly last: readonly Value[];
}

/**
 * Cuts a recurrent layer into its directions, lets `run` write each of them out, and puts the results together as ONNX
 * has them: [steps, directions, batch, hidden], and the last states [directions, batch, hidden].
 */
export function unroll(
  graph: TypedGraph,
  call: OperatorCall,
  options: Layer & { readonly run: (direction: Direction) => Unrolled },
): readonly Value[] {
  const { steps, batch, hidden, directions } = recurrentShape(call, options.gates);
  requirePlain(call, steps);
  const names = call.text('direction', 'forward');
  const done = Array.from({ length: directions }, (_, index) =>
    options.run(takeDirection(graph, call, { ...options, index, reversed: names === 'reverse' || index === 1 })),
  );
  const inTime = Array.from({ length: steps }, (_, t) => {
    const states = done.map(({ outputs }) => reshape(graph, outputs[t] as Value, [1, 1, batch, hidden]));
    return concat(graph, states, 1);
  });
  const last = options.states.map((_, i) => {
    const states = done.map((one) => reshape(graph, one.last[i] as Value, [1, batch, hidden]));
    return concat(graph, states, 0);
  });
  return [concat(graph, inTime, 0), ...last].slice(0, call.outputCount);
}

function requirePlain(call: OperatorCall, steps: number): void {
  const extra = ['activations', 'activation_alpha', 'activation_beta', 'clip'].find((name) =>
    call.attributes.has(name),
  );
  if (extra) throw call.fault('no_gradient', `its attribute ${extra} is not used here`, 'Use the usual activations');
  if (call.int('layout', 0) !== 0 || call.int('input_forget', 0) !== 0) {
    throw call.fault('no_gradient', 'layout and input_forget are not used here');
  }
  if (call.inputs[4] ?? call.inputs[7]) {
    throw call.fault(
      'no_gradient',
      'sequence lengths and peepholes are not used here',
      'Export with sequences of one length',
    );
  }
  if (steps > stepsMax) {
    throw call.fault('too_large', `it has ${steps} steps, and ${stepsMax} can be trained`, 'Use shorter sequences');
  }
}

function takeDirection(graph: TypedGraph, call: OperatorCall, options: Taken): Direction {
  const { steps, batch, inputs, hidden, directions } = recurrentShape(call, options.gates);
  const rows = options.gates * hidden;
  const take = (value: Value, shape: readonly number[]): Value => {
    const parts = split(graph, value, 0, new Array<number>(directions).fill(1));
    return reshape(graph, parts[options.index] as Value, shape);
  };
  const bias = call.inputs[3];
  const [inputBias, recurrentBias] = bias
    ? split(graph, take(bias, [2 * rows]), 0, [rows, rows])
    : [undefined, undefined];
  const joined =
    inputBias && recurrentBias && !options.separateBias ? graph.op('Add', [inputBias, recurrentBias]) : inputBias;
  const flat = reshape(graph, call.input(0), [steps * batch, inputs]);
  const product = graph.op('Gemm', [flat, take(call.input(1), [rows, inputs]), joined], { transB: int(1) });
  const cut = split(graph, reshape(graph, product, [steps, batch, rows]), 0, new Array<number>(steps).fill(1));
  return {
    steps: cut.map((step) => reshape(graph, step, [batch, rows])),
    recurrent: transpose(graph, take(call.input(2), [rows, hidden]), [1, 0]),
    recurrentBias: options.separateBias ? recurrentBias : undefined,
    reversed: options.reversed,
    initial: options.states.map((index) => {
      const state = call.inputs[index];
      const shape = [batch, hidden];
      return state ? take(state, shape) : zeros(graph, { type: call.input(0).type, shape });
    }),
  };
}
