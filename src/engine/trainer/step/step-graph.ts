import { differentiate } from '../gradients/differentiate.ts';
import { placeModel } from '../lowering/place-model.ts';
import { GraphFault } from '../onnx/graph-fault.ts';
import { writeModel } from '../onnx/write-model.ts';
import { TypedGraph } from '../operators/typed-graph.ts';
import type { Value } from '../operators/value.ts';
import type { TrainableModel } from '../imported/trainable-model.ts';
import { clipGradients } from './clip-gradients.ts';
import { losses, type LossName } from './losses.ts';
import { addUpdate, scalarNames, slotsOf, type OptimizerSettings } from './optimizers.ts';

export interface StepSettings {
  readonly batchSize: number;
  readonly loss: LossName;
  readonly optimizer: OptimizerSettings;
  /** Largest norm of all gradients together; undefined: as they are. */
  readonly clipNorm: number | undefined;
  /** Of dropout. */
  readonly seed: number;
}

/** Names of the step's inputs and outputs; those of parameters have a prefix, since their names come from outside. */
export const stepNames = {
  input: 'input',
  targets: 'targets',
  weights: 'weights',
  loss: 'loss',
  output: 'output',
  parameter: (name: string): string => `parameter.${name}`,
  slot: (slot: string, name: string): string => `${slot}.${name}`,
  /** What a parameter, a running statistic or a slot is after the step. */
  next: (name: string): string => `next.${name}`,
} as const;

/**
 * One training step of a network from outside as an ordinary ONNX graph: forward, loss, backward, clipping and optimizer.
 * Inputs: `input`, `targets`, `weights` [batch] (see `losses`), `parameter.NAME` for every parameter and running statistic, the
 * optimizer's `SLOT.NAME` for those that train, and its scalars. Outputs: `loss`, `output`, and `next.` of whatever changes.
 * @throws GraphFault with the node at fault
 */
export function stepGraph(
  network: TrainableModel,
  settings: StepSettings,
): { readonly model: Uint8Array; readonly bytes: number; readonly outputShape: readonly number[] } {
  const graph = new TypedGraph({ opset: network.model.opset });
  const { batchSize, optimizer } = settings;
  const input = graph.input(stepNames.input, 'float32', [batchSize, ...network.inputShape]);
  const parameters = new Map(
    network.tensors.map(({ name, shape }) => [name, graph.input(stepNames.parameter(name), 'float32', shape)]),
  );
  const values = new Map([...parameters, [network.inputName, input]]);
  const placed = placeModel(graph, network.model, { mode: 'training', values, seed: settings.seed });
  const output = placed.outputs[0] as Value;
  if (output.shape[0] !== batchSize || output.type !== 'float32') throw wrongOutput(output);
  if (settings.loss === 'cross_entropy' && output.shape.length !== 2) throw noClasses(output);
  const targets = graph.input(stepNames.targets, 'float32', output.shape);
  const weights = graph.input(stepNames.weights, 'float32', [batchSize]);
  const loss = losses[settings.loss](graph, { output, targets, weights });
  const trained = network.trained.map((name) => parameters.get(name) as Value);
  const raw = differentiate(graph, loss, trained);
  const gradients = settings.clipNorm === undefined ? raw : clipGradients(graph, raw, settings.clipNorm);
  const [rate, correction1, correction2] = scalarNames.map((name) => graph.input(name, 'float32', [])) as [
    Value,
    Value,
    Value,
  ];
  graph.output(stepNames.loss, loss);
  graph.output(stepNames.output, output);
  for (const [i, name] of network.trained.entries()) {
    const parameter = trained[i] as Value;
    const names = slotsOf(optimizer).map((slot) => stepNames.slot(slot, name));
    const slots = names.map((slot) => graph.input(slot, 'float32', parameter.shape));
    const scalars = { rate, correction1, correction2 };
    const next = addUpdate(graph, optimizer, { parameter, gradient: gradients[i] as Value, slots, scalars });
    graph.output(stepNames.next(stepNames.parameter(name)), next.parameter);
    for (const [j, slot] of names.entries()) graph.output(stepNames.next(slot), next.slots[j] as Value);
  }
  for (const [name, value] of placed.updates) {
    if (parameters.has(name)) graph.output(stepNames.next(stepNames.parameter(name)), value);
  }
  return { model: writeModel(graph.model('training_step')), bytes: graph.bytes, outputShape: output.shape.slice(1) };
}

function noClasses({ shape }: Value): GraphFault {
  return new GraphFault('inputs_outputs', {
    message: `The output is [${shape.join(', ')}], and cross-entropy needs one number of each example for each class`,
    try: 'A classifier whose last layer is linear can be trained',
  });
}

function wrongOutput({ type, shape }: Value): GraphFault {
  return new GraphFault('inputs_outputs', {
    message: `The output is ${type} [${shape.join(', ')}], which is not one row of float32 for each example`,
    try: 'Export with the batch in front of input and output',
  });
}
