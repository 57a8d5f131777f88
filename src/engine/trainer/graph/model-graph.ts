import { assert } from '#shared/base/assert.ts';
import { GraphBuilder, type GraphValue } from './graph-builder.ts';
import type { ModelPlan, PlannedLayer } from '../model/model-plan.ts';
import { conv2d } from './rules/conv2d.ts';
import { dense } from './rules/dense.ts';
import { flatten } from './rules/flatten.ts';
import { maxPool } from './rules/max-pool.ts';
import type { Tape } from './rules/rule.ts';
import { softmaxLoss } from './rules/softmax-loss.ts';

/** Names of a graph's inputs and outputs beside the parameters, which go by their own names. */
export const edges = {
  images: 'images',
  targets: 'targets',
  loss: 'loss',
  logProbabilities: 'log_probabilities',
} as const;

export function gradientName(parameter: string): string {
  return `gradient.${parameter}`;
}

/**
 * Forward and backward pass of one training step as an ordinary ONNX graph, for a runtime that only knows inference.
 * Inputs: `images` [batch, c, h, w], `targets` [batch, classes] as `softmaxLoss` wants them, all parameters.
 * Outputs: `loss` [], `log_probabilities` [batch, classes], and `gradient.NAME` for each parameter.
 */
export function trainingGraph(plan: ModelPlan, batchSize: number): Uint8Array {
  const graph = new GraphBuilder();
  const { tapes, logits } = forward(graph, plan, batchSize);
  const targets = graph.input(edges.targets, [batchSize, plan.config.numClasses]);
  const { loss, logProbabilities, backward } = softmaxLoss(graph, logits, targets);
  graph.output(edges.loss, loss);
  graph.output(edges.logProbabilities, logProbabilities);
  const firstTrained = plan.layers.findIndex((layer) => layer.parameters.length > 0);
  let gradient = backward();
  for (let i = tapes.length - 1; i >= firstTrained; i--) {
    const inputGradient = i === firstTrained ? 'unused' : 'needed';
    const gradients = (tapes[i] as Tape).backward(graph, gradient, { inputGradient });
    (plan.layers[i] as PlannedLayer).parameters.forEach(({ name }, j) =>
      graph.output(gradientName(name), gradients.parameters[j] as GraphValue),
    );
    if (gradients.input) gradient = gradients.input;
  }
  return graph.encode('training_step');
}

/** Forward pass alone: `images` and all parameters in, `log_probabilities` [batch, classes] out. */
export function evaluationGraph(plan: ModelPlan, batchSize: number): Uint8Array {
  const graph = new GraphBuilder();
  const { logits } = forward(graph, plan, batchSize);
  const logProbabilities = graph.op('LogSoftmax', logits.shape, { inputs: [logits.name], attributes: { axis: 1 } });
  graph.output(edges.logProbabilities, logProbabilities);
  return graph.encode('evaluation');
}

function forward(graph: GraphBuilder, plan: ModelPlan, batchSize: number): { tapes: Tape[]; logits: GraphValue } {
  let value = graph.input(edges.images, [batchSize, ...plan.config.inputShape]);
  const tapes: Tape[] = [];
  for (const layer of plan.layers) {
    const tape = layerForward(graph, value, layer);
    tapes.push(tape);
    value = tape.output;
  }
  return { tapes, logits: value };
}

function layerForward(graph: GraphBuilder, input: GraphValue, layer: PlannedLayer): Tape {
  const { config, parameters } = layer;
  const [kernel, bias] = parameters.map(({ name, shape }) => graph.input(name, shape));
  switch (config.type) {
    case 'conv2d':
      assert(kernel && bias, 'a convolution has parameters');
      return conv2d(graph, input, { kernel, bias, activation: config.activation });
    case 'dense':
      assert(kernel && bias, 'a dense layer has parameters');
      return dense(graph, input, { kernel, bias, activation: config.activation });
    case 'max_pool':
      return maxPool(graph, input, { size: config.size });
    case 'flatten':
      return flatten(graph, input);
  }
}
