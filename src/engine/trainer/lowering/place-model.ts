import { GraphFault, nodeTitle } from '../onnx/graph-fault.ts';
import type { OnnxModel, OnnxNode } from '../onnx/onnx-model.ts';
import { OperatorCall } from '../operators/operator-call.ts';
import type { TypedGraph } from '../operators/typed-graph.ts';
import type { Value } from '../operators/value.ts';
import { evaluateBatchNormalization, trainBatchNormalization } from './batch-normalization.ts';
import { evaluateDropout, seedRandomUniform, trainDropout } from './dropout.ts';
import { unrollGru } from './gru.ts';
import type { Lowering } from './lowering.ts';
import { unrollLstm } from './lstm.ts';
import { splitToSequence, takenFrom } from './sequences.ts';
import { withOutputs } from './statistics-outputs.ts';

export type Mode = 'training' | 'evaluation';

const lowerings: Readonly<Record<Mode, ReadonlyMap<string, Lowering>>> = {
  training: new Map([
    ['BatchNormalization', trainBatchNormalization],
    ['Dropout', trainDropout],
    ['RandomUniformLike', seedRandomUniform],
    ['LSTM', unrollLstm],
    ['GRU', unrollGru],
    ['MaxPool', withOutputs(2)],
    ['LayerNormalization', withOutputs(3)],
  ]),
  evaluation: new Map([
    ['BatchNormalization', evaluateBatchNormalization],
    ['Dropout', evaluateDropout],
  ]),
};

export interface PlacedModel {
  /** In the order of the model's outputs. */
  readonly outputs: readonly Value[];
  /** What initializers are after a training step beside their gradients: running statistics, by name. */
  readonly updates: ReadonlyMap<string, Value>;
}

/**
 * Writes a network into a graph, node by node: constants are computed and shapes worked out on the way, and nodes get the
 * form that training or evaluation needs.
 * @param options.values by the names of the model: its inputs, and the initializers that come in from outside; others
 *   become data of the graph
 * @throws GraphFault with the node at fault
 */
export function placeModel(
  graph: TypedGraph,
  model: Pick<OnnxModel, 'nodes' | 'initializers' | 'inputs' | 'outputs'>,
  options: { readonly mode: Mode; readonly values: ReadonlyMap<string, Value>; readonly seed: number },
): PlacedModel {
  const values = new Map(options.values);
  const updates = new Map<string, Value>();
  for (const tensor of model.initializers) if (!values.has(tensor.name)) values.set(tensor.name, graph.data(tensor));
  const used = new Set([...model.nodes.flatMap(({ inputs }) => inputs), ...model.outputs.map(({ name }) => name)]);
  const sequences = new Map<string, readonly Value[]>();
  for (const [i, node] of model.nodes.entries()) {
    const sequence = sequences.get(node.inputs[0] ?? '');
    const call = callOf(node, { values, used, skipFirst: sequence !== undefined });
    const [first = ''] = node.outputs;
    if (node.type === 'SplitToSequence') sequences.set(first, splitToSequence(graph, call));
    else if (sequence && node.type === 'SequenceAt') values.set(first, takenFrom(call, sequence));
    else {
      const lowering = lowerings[options.mode].get(node.type);
      const update = (name: string, value: Value): void => void updates.set(name, value);
      const outputs = lowering?.({ graph, node, call, seed: options.seed + i, update }) ?? copy(graph, call);
      for (const [j, value] of outputs.entries()) values.set(node.outputs[j] ?? '', value);
    }
  }
  return { outputs: model.outputs.map(({ name }) => requireValue(values, name)), updates };
}

function copy(graph: TypedGraph, call: OperatorCall): readonly Value[] {
  const { type, inputs, attributes, outputCount: outputs, title } = call;
  return graph.call(type, inputs, { attributes, outputs, title });
}

/** Outputs that nobody takes do not count: exporters leave their names behind. */
function callOf(
  node: OnnxNode,
  options: {
    readonly values: ReadonlyMap<string, Value>;
    readonly used: ReadonlySet<string>;
    /** The first input is a sequence, and no value. */
    readonly skipFirst: boolean;
  },
): OperatorCall {
  const { values, used, skipFirst } = options;
  const last = node.outputs.findLastIndex((name) => name !== '' && used.has(name));
  const isNone = (name: string, i: number): boolean => name === '' || (skipFirst && i === 0);
  return new OperatorCall({
    type: node.type,
    inputs: node.inputs.map((name, i) => (isNone(name, i) ? undefined : requireValue(values, name))),
    attributes: node.attributes,
    outputCount: node.type === 'Split' ? node.outputs.length : Math.max(1, last + 1),
    title: nodeTitle(node),
  });
}

function requireValue(values: ReadonlyMap<string, Value>, name: string): Value {
  const value = values.get(name);
  if (value) return value;
  throw new GraphFault('inputs_outputs', {
    message: `The network takes "${name}", which is not among its inputs and computed nowhere`,
    try: 'Export the network with one input and one output',
  });
}
