import { crossEntropy } from '../step/cross-entropy.ts';
import { differentiate } from '../gradients/differentiate.ts';
import { placeModel, type Mode } from '../lowering/place-model.ts';
import { layerModel } from '../model/layer-model.ts';
import type { ModelPlan } from '../model/model-plan.ts';
import { writeModel } from '../onnx/write-model.ts';
import { TypedGraph } from '../operators/typed-graph.ts';
import type { Value } from '../operators/value.ts';

/** Names of a graph's inputs and outputs beside the parameters, which go by their own names. */
export const edges = {
  images: 'images',
  targets: 'targets',
  loss: 'loss',
  logProbabilities: 'log_probabilities',
} as const;

/** Known to every runtime that this project has used. */
const opset = 17;

export function gradientName(parameter: string): string {
  return `gradient.${parameter}`;
}

/**
 * Forward and backward pass of one training step as an ordinary ONNX graph, for a runtime that only knows inference.
 * Inputs: `images` [batch, c, h, w], `targets` [batch, classes] as `crossEntropy` wants them, all parameters.
 * Outputs: `loss` [], `log_probabilities` [batch, classes], and `gradient.NAME` for each parameter.
 */
export function trainingGraph(plan: ModelPlan, batchSize: number): Uint8Array {
  const graph = new TypedGraph({ opset });
  const { logits, parameters } = forward(graph, plan, { batchSize, mode: 'training' });
  const targets = graph.input(edges.targets, 'float32', [batchSize, plan.config.numClasses]);
  const { loss, logProbabilities } = crossEntropy(graph, logits, targets);
  const gradients = differentiate(graph, loss, parameters);
  graph.output(edges.loss, loss);
  graph.output(edges.logProbabilities, logProbabilities);
  for (const [i, { name }] of parameters.entries()) graph.output(gradientName(name), gradients[i] as Value);
  return writeModel(graph.model('training_step'));
}

/** Forward pass alone: `images` and all parameters in, `log_probabilities` [batch, classes] out. */
export function evaluationGraph(plan: ModelPlan, batchSize: number): Uint8Array {
  const graph = new TypedGraph({ opset });
  const { logits } = forward(graph, plan, { batchSize, mode: 'evaluation' });
  graph.output(edges.logProbabilities, graph.op('LogSoftmax', [logits]));
  return writeModel(graph.model('evaluation'));
}

function forward(
  graph: TypedGraph,
  plan: ModelPlan,
  { batchSize, mode }: { readonly batchSize: number; readonly mode: Mode },
): { readonly logits: Value; readonly parameters: readonly Value[] } {
  const images = graph.input(edges.images, 'float32', [batchSize, ...plan.config.inputShape]);
  const parameters = plan.layout.map(({ name, shape }) => graph.input(name, 'float32', shape));
  const values = new Map([images, ...parameters].map((value) => [value.name, value]));
  const { outputs } = placeModel(graph, layerModel(plan), { mode, values, seed: 0 });
  return { logits: outputs[0] as Value, parameters };
}
