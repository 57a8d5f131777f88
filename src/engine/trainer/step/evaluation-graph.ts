import type { TrainableModel } from '../imported/trainable-model.ts';
import { placeModel } from '../lowering/place-model.ts';
import { writeModel } from '../onnx/write-model.ts';
import { TypedGraph } from '../operators/typed-graph.ts';
import type { Value } from '../operators/value.ts';
import { stepNames } from './step-graph.ts';

/** Name of the output [batch, classes]. */
export const logProbabilitiesName = 'log_probabilities';

/**
 * Forward pass of a classifier from outside in the form of evaluation: inputs `input` and `parameter.NAME` as those of
 * `stepGraph`.
 * @throws GraphFault with the node at fault
 */
export function evaluationGraph(network: TrainableModel, batchSize: number): Uint8Array {
  const graph = new TypedGraph({ opset: network.model.opset });
  const values = new Map(
    network.tensors.map(({ name, shape }) => [name, graph.input(stepNames.parameter(name), 'float32', shape)]),
  );
  values.set(network.inputName, graph.input(stepNames.input, 'float32', [batchSize, ...network.inputShape]));
  const { outputs } = placeModel(graph, network.model, { mode: 'evaluation', values, seed: 0 });
  graph.output(logProbabilitiesName, graph.op('LogSoftmax', [outputs[0] as Value]));
  return writeModel(graph.model('evaluation'));
}
