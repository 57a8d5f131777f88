import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { seededRandom, type Random } from '#shared/base/random.ts';
import type { LayerConfig, ModelConfig } from '#shared/contract/run/model-config.ts';
import { copyParameters, type ParameterSet } from '#shared/tensor/parameter-set.ts';
import { initialParameters } from '../model/initial-parameters.ts';
import { planModel, type ModelPlan } from '../model/model-plan.ts';
import { openGraph, type GraphInput } from '../runtime.ts';
import { edges, evaluationGraph, gradientName, trainingGraph } from './model-graph.ts';

const last: LayerConfig = { type: 'dense', units: 3, activation: 'none' };
const models: Readonly<Record<string, ModelConfig>> = {
  dense: { inputShape: [1, 2, 3], numClasses: 3, layers: [{ type: 'flatten' }, last] },
  'dense with relu': {
    inputShape: [1, 3, 2],
    numClasses: 3,
    layers: [{ type: 'flatten' }, { type: 'dense', units: 5, activation: 'relu' }, last],
  },
  'conv2d, one channel, even kernel': {
    inputShape: [1, 4, 5],
    numClasses: 3,
    layers: [{ type: 'conv2d', filters: 2, kernelSize: 2, activation: 'none' }, { type: 'flatten' }, last],
  },
  'conv2d on conv2d, three channels': {
    inputShape: [3, 6, 5],
    numClasses: 3,
    layers: [
      { type: 'conv2d', filters: 4, kernelSize: 3, activation: 'relu' },
      { type: 'conv2d', filters: 2, kernelSize: 1, activation: 'relu' },
      { type: 'flatten' },
      last,
    ],
  },
  'max_pool with a rest': {
    inputShape: [2, 9, 8],
    numClasses: 3,
    layers: [
      { type: 'conv2d', filters: 3, kernelSize: 3, activation: 'relu' },
      { type: 'max_pool', size: 2 },
      { type: 'flatten' },
      last,
    ],
  },
  'max_pool of 3 before anything is trained': {
    inputShape: [1, 7, 7],
    numClasses: 3,
    layers: [{ type: 'max_pool', size: 3 }, { type: 'flatten' }, last],
  },
};
const batchSize = 4;

describe('training graph', () => {
  for (const [name, model] of Object.entries(models)) {
    test(`gradients of ${name} agree with differences of the loss`, async () => {
      const plan = planned(model);
      const random = seededRandom(`gradients of ${name}`);
      const parameters = spread(initialParameters(plan, random), random);
      const feeds = examples(plan, random);
      await using session = await openGraph(trainingGraph(plan, batchSize));
      const lossOf = async (set: ParameterSet): Promise<number> =>
        preciseLoss(await session.run(withParameters(feeds, set)), feeds);
      const outputs = await session.run(withParameters(feeds, parameters));
      for (const [i, { name: parameter, data }] of parameters.entries()) {
        const gradient = outputs[gradientName(parameter)];
        assert.equal(gradient?.length, data.length);
        for (const index of sample(data.length, random)) {
          const numeric = await difference(lossOf, { parameters, tensor: i, index });
          const error = Math.abs(numeric - (gradient[index] as number));
          // Wide enough for a relu or a maximum that changes sides within the step.
          assert.ok(
            error < 5e-3 * Math.max(0.1, Math.abs(numeric)),
            `${parameter}[${index}]: ${gradient[index]} but ${numeric}`,
          );
        }
      }
    });
  }

  test('loss is the mean cross-entropy, and rows of weight 0 change nothing', async () => {
    const plan = planned(models['dense with relu'] as ModelConfig);
    const random = seededRandom('weights');
    const parameters = spread(initialParameters(plan, random), random);
    const feeds = examples(plan, random);
    await using session = await openGraph(trainingGraph(plan, batchSize));
    const partial = structuredClone(feeds);
    partial.targets.data.fill(0, 6);
    for (let i = 0; i < 6; i++) partial.targets.data[i] = (partial.targets.data[i] as number) * 2;
    const outputs = await session.run(withParameters(partial, parameters));
    assert.ok(Math.abs((outputs[edges.loss]?.[0] as number) - preciseLoss(outputs, partial)) < 1e-6);
    partial.images.data.fill(0.7, partial.images.data.length / 2);
    const others = await session.run(withParameters(partial, parameters));
    for (const { name } of plan.layout) assert.deepEqual(others[gradientName(name)], outputs[gradientName(name)]);
  });

  test('the evaluation graph sees what the training graph sees', async () => {
    const plan = planned(models['conv2d on conv2d, three channels'] as ModelConfig);
    const random = seededRandom('evaluation');
    const parameters = spread(initialParameters(plan, random), random);
    const feeds = examples(plan, random);
    await using training = await openGraph(trainingGraph(plan, batchSize));
    await using evaluation = await openGraph(evaluationGraph(plan, batchSize));
    const { targets: _, ...images } = withParameters(feeds, parameters);
    const trained = (await training.run(withParameters(feeds, parameters)))[edges.logProbabilities] as Float32Array;
    const checked = (await evaluation.run(images))[edges.logProbabilities] as Float32Array;
    trained.forEach((value, i) => assert.ok(Math.abs(value - (checked[i] as number)) < 1e-5));
  });
});

type Feeds = Record<'images' | 'targets', GraphInput>;

function planned(model: ModelConfig): ModelPlan {
  const plan = planModel(model);
  assert.ok(plan.ok, plan.ok ? '' : plan.error);
  return plan.value;
}

/** Away from initial zeros, where relu has its kink and softmax is flat. */
function spread(parameters: ParameterSet, random: Random): ParameterSet {
  for (const { data } of parameters)
    for (let i = 0; i < data.length; i++) data[i] = (data[i] as number) + 0.3 * random.normal();
  return parameters;
}

function examples(plan: ModelPlan, random: Random): Feeds {
  const { inputShape, numClasses } = plan.config;
  const images = new Float32Array(batchSize * inputShape.reduce((a, b) => a * b, 1)).map(() => random.normal());
  const targets = new Float32Array(batchSize * numClasses);
  for (let row = 0; row < batchSize; row++) targets[row * numClasses + random.int(numClasses)] = 1 / batchSize;
  return {
    images: { data: images, shape: [batchSize, ...inputShape] },
    targets: { data: targets, shape: [batchSize, numClasses] },
  };
}

function withParameters(feeds: Feeds, parameters: ParameterSet): Record<string, GraphInput> {
  return { ...feeds, ...Object.fromEntries(parameters.map(({ name, data, shape }) => [name, { data, shape }])) };
}

/** In float64 from the log probabilities, since the float32 loss is too coarse for differences. */
function preciseLoss(outputs: Readonly<Record<string, Float32Array>>, feeds: Feeds): number {
  let loss = 0;
  outputs[edges.logProbabilities]?.forEach((log, i) => (loss -= log * (feeds.targets.data[i] as number)));
  return loss;
}

async function difference(
  lossOf: (set: ParameterSet) => Promise<number>,
  at: { readonly parameters: ParameterSet; readonly tensor: number; readonly index: number },
): Promise<number> {
  const step = 1e-3;
  const losses: number[] = [];
  for (const sign of [1, -1]) {
    const moved = copyParameters(at.parameters);
    const { data } = moved[at.tensor] as ParameterSet[number];
    data[at.index] = (data[at.index] as number) + sign * step;
    losses.push(await lossOf(moved));
  }
  return ((losses[0] as number) - (losses[1] as number)) / (2 * step);
}

function sample(length: number, random: Random): number[] {
  return random.shuffle(Array.from({ length }, (_, i) => i)).slice(0, 12);
}
