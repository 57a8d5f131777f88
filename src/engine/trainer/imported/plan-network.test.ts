import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { hashBytes } from '#engine/codec/hash.ts';
import { deepDefaults } from '../defaults.ts';
import { planFederation, type FederationPlan } from '../federation-plan.ts';
import type { OnnxNode } from '../onnx/onnx-model.ts';
import { ints } from '../operators/attributes.ts';
import type { NetworkPreview } from '#shared/contract/app/port-api.ts';
import { previewNetwork } from './preview-network.ts';
import { readNetwork } from './network-file.ts';
import { openNetwork, planNetwork } from './plan-network.ts';
import { parameterCount } from '#shared/tensor/parameter-set.ts';
import { elementCount } from '#shared/tensor/tensor.ts';
import { GraphCache } from '../graph-cache.ts';
import { ImportedLearner } from './imported-learner.ts';
import { requireClassifier } from './classifier.ts';
import { writeDense } from '#test/support/dense-network.ts';

const folder = mkdtempSync(join(tmpdir(), 'plan-network-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const { signal } = new AbortController();
const fixture = (name: string): string =>
  fileURLToPath(new URL(`../../../../test/fixtures/pytorch/${name}.onnx`, import.meta.url));

let files = 0;
function fileWith(bytes: Uint8Array | string): string {
  const path = join(folder, `${++files}.onnx`);
  writeFileSync(path, bytes);
  return path;
}

function plan(path: string, batchSize?: number): Promise<FederationPlan> {
  return planFederation('digits', { signal, seed: 1, batchSize, model: { path, hash: hashBytes } });
}

describe('a run about a network of its own', () => {
  test('has the shape, the classes and the first weights of its file', async () => {
    const { model, graph, parameters, classes, defaults, loaded } = await plan(fileWith(writeDense([1, 6, 6], 10)));
    assert.ok(graph);
    assert.deepEqual(model, {
      inputShape: [1, 6, 6],
      numClasses: 10,
      graph: { hash: hashBytes(graph), bytes: graph.byteLength },
    });
    assert.deepEqual([classes.length, loaded.data.shape, defaults], [10, [1, 6, 6], deepDefaults]);
    assert.deepEqual(
      parameters.map(({ name, shape, data }) => [name, shape, data[1]]),
      [
        ['dense.weight', [10, 36], Math.fround(0.01)],
        ['dense.bias', [10], Math.fround(0.01)],
      ],
    );
    assert.deepEqual(readNetwork(graph).tensors, [
      { name: 'dense.weight', shape: [10, 36] },
      { name: 'dense.bias', shape: [10] },
    ]);
  });

  const relu: OnnxNode = { type: 'Relu', name: 'act', inputs: ['nobody'], outputs: ['z'], attributes: new Map() };
  const exotic: OnnxNode = { type: 'Hardmax', name: 'odd', inputs: ['y'], outputs: ['z'], attributes: new Map() };
  const twice: OnnxNode = {
    type: 'Transpose',
    name: 'turned',
    inputs: ['y'],
    outputs: ['z'],
    attributes: new Map([['perm', ints([1, 0])]]),
  };
  const cases: readonly (readonly [string, () => string, RegExp])[] = [
    ['that is not there', () => join(folder, 'none.onnx'), /The model .*none\.onnx cannot be read: ENOENT/],
    ['that is no ONNX', () => fileWith('not a network'), /./],
    [
      'that takes no picture',
      () => fixture('gru'),
      /takes 6 × 4 numbers for each example, and the pictures of digits are 1 × 8 × 8/,
    ],
    [
      'that gives a picture',
      () => fixture('autoencoder'),
      /The output is \[32, 1, \d+, \d+\], and cross-entropy needs one number of each example for each class/,
    ],
    [
      'for five classes',
      () => fixture('cnn'),
      /tells 5 classes apart, and digits has 10: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9/,
    ],
    [
      'with a loose end',
      () => fileWith(writeDense([1, 8, 8], 10, [relu])),
      /Relu "act": nothing computes its input "nobody"/,
    ],
    [
      'with an operator that is not known',
      () => fileWith(writeDense([1, 8, 8], 10, [exotic])),
      /Hardmax "odd": this operator is not known here/,
    ],
    ['that mixes the batch up', () => fileWith(writeDense([1, 8, 8], 10, [twice])), /The output is float32 \[10, 32\]/],
    [
      'with weights that are no numbers',
      () => fileWith(writeDense([1, 8, 8], 10, [], NaN)),
      /The values of dense\.weight are not all numbers/,
    ],
  ];
  for (const [what, path, message] of cases)
    test(`a file ${what} is refused before the run begins`, async () => {
      await assert.rejects(plan(path()), { code: 'model_invalid', message });
    });

  for (const [preset, shape, parameters] of [
    ['mnist', [1, 28, 28], 1_663_370],
    ['emotion', [1, 48, 48], 2_345_607 + 3 * 1025],
  ] as const)
    test(`${preset} is known by its name, with as many parameters as elsewhere, and takes a step`, async () => {
      const planned = await plan(preset, 2);
      assert.deepEqual([planned.model.inputShape, planned.model.numClasses], [shape, 10]);
      // The emotion network has seven classes where it comes from, and ten for the digits.
      assert.equal(parameterCount(planned.parameters), parameters);
      assert.deepEqual((await plan(preset, 2)).parameters, planned.parameters, 'the same for the same seed');
      const step = { batchSize: 2, learningRate: 0.01, optimizer: 'sgd', seed: 1 } as const;
      const classifier = requireClassifier(readNetwork(planned.graph ?? new Uint8Array(0)), step);
      const learner = new ImportedLearner(classifier, { key: preset, batchSize: 2 });
      await using graphs = new GraphCache();
      const training = await learner.beginTraining(planned.parameters, step, graphs);
      const images = new Float32Array(2 * elementCount(shape)).fill(0.5);
      const targets = new Float32Array(20);
      targets[3] = 0.5;
      targets[17] = 0.5;
      const batch = { images, targets, labels: Uint16Array.of(3, 7), count: 2 };
      const before = await training.step(batch);
      await training.step(batch);
      const after = await training.step(batch);
      assert.ok((after[3] ?? 0) > (before[3] ?? 0), `log probability ${before[3]} and then ${after[3]}`);
    });

  test('a batch that is asked for and would need more memory than a step may take is refused', async () => {
    const network = await openNetwork(fileWith(writeDense([3, 512, 512], 10)), { signal });
    assert.throws(() => planNetwork(network, { batchSize: 65_536 }), {
      code: 'model_invalid',
      message: /Use smaller batches/,
    });
    assert.deepEqual(planNetwork(network, {}).defaults, deepDefaults);
  });

  test('is looked at before it begins, and what is wrong with it is in the answer', async () => {
    const look = (model: string): Promise<NetworkPreview> => previewNetwork({ model }, signal);
    const cnn = { path: fixture('cnn'), shape: [1, 10, 10], numClasses: 5, parameters: 541, fault: null };
    assert.deepEqual(await look(cnn.path), cnn);
    const mnist = { path: 'mnist', shape: [1, 28, 28], numClasses: null, parameters: null, fault: null };
    assert.deepEqual(await look('mnist'), mnist);
    const none = await look(join(folder, 'none.onnx'));
    assert.match(none.fault?.message ?? '', /cannot be read: ENOENT/);
    const odd = await look(fileWith(writeDense([1, 8, 8], 10, [exotic])));
    assert.deepEqual([odd.shape, odd.numClasses, odd.parameters], [null, null, null]);
    assert.match(odd.fault?.message ?? '', /^Hardmax "odd": this operator is not known here/);
  });

  test('what a participant is told of a network has to be so', () => {
    const network = readNetwork(writeDense([1, 8, 8], 10));
    const { config } = requireClassifier(network, { ...deepDefaults, seed: 0 });
    assert.deepEqual(config, { inputShape: [1, 8, 8], numClasses: 10 });
  });
});
