import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { systemClock } from '#engine/host/system-clock.ts';
import { seededRandom } from '#shared/base/random.ts';
import { flattenParameters, type ParameterSet } from '#shared/tensor/parameter-set.ts';
import { BatchReader } from '../batches.ts';
import type { Dataset } from '../data/dataset.ts';
import { loadDigits } from '../data/bundled/digits.ts';
import { takeShare, type Share } from '../data/partition.ts';
import { GraphCache, requirePlan } from '../graph-cache.ts';
import { digitsModel } from '../model/default-models.ts';
import { initialParameters } from '../model/initial-parameters.ts';
import { layerModel } from '../model/layer-model.ts';
import type { OnnxModel } from '../onnx/onnx-model.ts';
import { evaluateInline, trainInline } from '../train-inline.ts';
import type { TrainJob } from '../training-jobs.ts';
import { requireClassifier } from './classifier.ts';
import { ImportedLearner } from './imported-learner.ts';
import { readNetwork, writeNetwork } from './network-file.ts';
import { openNetwork, planNetwork } from './plan-network.ts';
import { requireTrainable } from './trainable-model.ts';

const { signal } = new AbortController();
const fixture = fileURLToPath(new URL('../../../../test/fixtures/pytorch/cnn.onnx', import.meta.url));
const graph = { hash: 'a'.repeat(64) as never, bytes: 1 };

/** Five classes of 10x10 pictures: a bright bar in one of five places, with noise. */
function bars(examples: number, seed: string): Dataset {
  const random = seededRandom(seed);
  const pixels = new Uint8Array(examples * 100);
  const labels = Uint16Array.from({ length: examples }, (_, i) => i % 5);
  for (let i = 0; i < pixels.length; i++) {
    const bar = Math.floor((i % 100) / 20);
    pixels[i] = (bar === labels[Math.floor(i / 100)] ? 150 : 20) + random.int(100);
  }
  const classes = ['a', 'b', 'c', 'd', 'e'];
  return { source: 'bars', shape: [1, 10, 10], classes, pixels, maxValue: 255, labels };
}

function relativeDistance(one: ParameterSet, other: ParameterSet): number {
  const [a, b] = [flattenParameters(one), flattenParameters(other)];
  return Math.hypot(...a.map((value, i) => value - (b[i] as number))) / Math.hypot(...a);
}

describe('training a network from elsewhere', () => {
  test('learns, moves its running statistics, and leaves the global model as it was', async () => {
    const { file, parameters, config } = planNetwork(await openNetwork(fixture, { signal }), {});
    assert.deepEqual([config.inputShape, config.numClasses], [[1, 10, 10], 5]);
    const step = { batchSize: 16, learningRate: 0.01, optimizer: 'adam', seed: 1 } as const;
    const learner = new ImportedLearner(requireClassifier(readNetwork(file), step), { key: 'cnn', batchSize: 16 });
    const share: Share = { training: bars(150, 'training'), heldOut: bars(75, 'held out') };
    const job: TrainJob = { round: 1, model: { ...config, graph }, parameters, localEpochs: 5, ...step };
    await using graphs = new GraphCache();
    const before = flattenParameters(parameters);
    const options = { clock: systemClock, graphs, signal, learner };
    const result = await trainInline(share, job, options);
    assert.ok(result.accuracy > 0.9, `accuracy ${result.accuracy}`);
    assert.deepEqual(flattenParameters(parameters), before);
    assert.deepEqual(
      result.parameters.map(({ name, shape }) => ({ name, shape })),
      learner.layout,
    );
    for (const [i, { name, data }] of result.parameters.entries())
      assert.notDeepEqual(data, parameters[i]?.data, `${name} has moved`);
    const held = await evaluateInline(share, { ...job, parameters: result.parameters }, options);
    assert.ok(held.accuracy > 0.9 && held.examples === 75, `accuracy ${held.accuracy}`);
    const again = await trainInline(share, job, options);
    assert.deepEqual(flattenParameters(again.parameters), flattenParameters(result.parameters), 'the same once more');
  });

  for (const optimizer of ['sgd', 'adam'] as const)
    test(`our own layers exported and brought back train as they do here, by ${optimizer}`, async () => {
      const plan = requirePlan(digitsModel);
      const parameters = initialParameters(plan, seededRandom(1));
      const { nodes, inputs, outputs } = layerModel(plan);
      const model: OnnxModel = {
        opset: 17,
        producer: 'roundscope',
        graphName: 'digits',
        nodes,
        inputs: inputs.slice(0, 1),
        outputs,
        initializers: parameters.map(({ name, shape, data }) => ({ name, type: 'float32', shape, data })),
        marks: new Map(parameters.map(({ name }) => [name, 'parameter'])),
      };
      const data = await loadDigits({ signal });
      const share = takeShare(data, { participants: 8, index: 0, split: { kind: 'iid' }, seed: 1 });
      const learningRate = optimizer === 'sgd' ? 0.01 : 0.001;
      const step = { batchSize: 16, learningRate, optimizer, seed: 1 };
      const file = writeNetwork(requireTrainable(model));
      const learner = new ImportedLearner(requireClassifier(readNetwork(file), step), { key: 'd', batchSize: 16 });
      const job: TrainJob = { round: 1, model: digitsModel, parameters, localEpochs: 1, ...step };
      await using graphs = new GraphCache();
      await using others = new GraphCache();
      const own = await trainInline(share, job, { clock: systemClock, graphs, signal });
      const imported = await trainInline(share, job, { clock: systemClock, graphs: others, signal, learner });
      const distance = relativeDistance(own.parameters, imported.parameters);
      // One path steps in float64 outside the graph, the other in float32 inside: this many steps apart it is rounding.
      assert.ok(distance < 1e-4, `${distance} apart after ${own.steps} steps`);
      assert.ok(Math.abs(own.loss - imported.loss) < 1e-3 && own.examples === imported.examples);
    });
});

test('a batch that is not full is filled with examples of no weight, since batch normalization sees them', () => {
  const dataset = bars(5, 'few');
  const reader = new BatchReader(dataset, { batchSize: 4, numClasses: 5, filling: 'examples' });
  const { images, targets, count } = reader.read(1, Uint32Array.of(4, 3, 2, 1, 0));
  assert.equal(count, 1);
  const rows = [0, 4, 3, 2].map((example) => Array.from(dataset.pixels.subarray(example * 100, example * 100 + 100)));
  assert.deepEqual(
    Array.from(images, (value) => Math.round(value * 255)),
    rows.flat(),
  );
  assert.deepEqual([...targets.subarray(0, 5)], [1, 0, 0, 0, 0]);
  assert.ok(targets.subarray(5).every((value) => value === 0));
});
