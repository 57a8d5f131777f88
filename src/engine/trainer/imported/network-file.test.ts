import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { seededRandom } from '#shared/base/random.ts';
import { GraphFault } from '../onnx/graph-fault.ts';
import { readModel } from '../onnx/read-model.ts';
import { writeModel } from '../onnx/write-model.ts';
import { stepGraph, type StepSettings } from '../step/step-graph.ts';
import { readNetwork, writeNetwork } from './network-file.ts';
import { openNetwork } from './plan-network.ts';

const { signal } = new AbortController();
const path = (name: string): string =>
  fileURLToPath(new URL(`../../../../test/fixtures/pytorch/${name}.onnx`, import.meta.url));
const settings: StepSettings = {
  batchSize: 4,
  loss: 'mse',
  optimizer: { kind: 'sgd', momentum: 0.9, nesterov: false, weightDecay: 0 },
  clipNorm: undefined,
  seed: 1,
};

describe('a network without its weights', () => {
  for (const name of ['cnn', 'resnet18', 'transformer', 'lstm', 'gru', 'autoencoder']) {
    test(`${name} comes back as it was, and makes the same training step`, async () => {
      const network = await openNetwork(path(name), { signal });
      const file = writeNetwork(network);
      const again = readNetwork(file);
      assert.deepEqual([again.tensors, again.trained], [network.tensors, network.trained]);
      assert.deepEqual([again.inputName, again.inputShape], [network.inputName, network.inputShape]);
      assert.deepEqual(again.model.marks, new Map([...network.model.marks].filter(([key]) => named(again).has(key))));
      assert.deepEqual(stepGraph(again, settings), stepGraph(network, settings));
      assert.deepEqual(writeNetwork(again), file, 'the same bytes, and so the same hash');
    });
  }

  test('has neither weights nor anything else that the exporter wrote into its file', async () => {
    const network = await openNetwork(path('resnet18'), { signal });
    const [given, file] = [readFileSync(path('resnet18')), Buffer.from(writeNetwork(network))];
    const weights = network.model.initializers.find(({ name }) => name === 'layers.3.1.conv2.weight')?.data;
    assert.ok(weights instanceof Float32Array);
    const bytes = Buffer.from(weights.buffer, weights.byteOffset, 64);
    assert.ok(given.includes(bytes) && !file.includes(bytes), 'its weights');
    for (const word of ['pytorch', 'pkg.onnxscript', 'namespace']) assert.ok(!file.includes(word), word);
    assert.ok(file.length < given.length / 3, `${file.length} of ${given.length} bytes`);
  });

  test('whose tensors lie elsewhere than parameters do is refused', () => {
    const port = { name: 'x', type: 'float32', shape: ['batch', 2] } as const;
    const model = { opset: 20, graphName: 'g', nodes: [], initializers: [], inputs: [port], outputs: [port] };
    const parameter = { name: 'w', type: 'float32', shape: [2], mark: 'parameter' } as const;
    for (const location of ['/etc/passwd', 'net.onnx.data', ''])
      assert.throws(() => readNetwork(writeModel(model, { outlines: [{ ...parameter, location }] })), {
        code: 'model_invalid',
        message: /the tensor w lies in another file, and a network comes in one/,
      });
    assert.deepEqual(readNetwork(writeModel(model, { outlines: [{ ...parameter, location: 'parameters' }] })).trained, [
      'w',
    ]);
    const huge = { ...parameter, shape: [2 ** 14, 2 ** 14], location: 'parameters' };
    assert.throws(() => readNetwork(writeModel(model, { outlines: [huge, { ...huge, name: 'v' }] })), {
      message: /Its 536870912 parameters are more than a message can carry/,
    });
  });

  test('with damaged bytes is built or refused with a fault', async () => {
    const damage = seededRandom('damaged networks');
    let refused = 0;
    for (const name of ['cnn', 'transformer', 'gru']) {
      const file = writeNetwork(await openNetwork(path(name), { signal }));
      for (let run = 0; run < 100; run++) {
        const changed = file.slice();
        for (let i = 0; i <= damage.int(4); i++) changed[damage.int(changed.length)] = damage.int(256);
        try {
          stepGraph(readNetwork(changed), settings);
        } catch (error) {
          if (!(error instanceof GraphFault)) throw error;
          refused++;
        }
      }
    }
    assert.ok(refused > 50, `${refused} refused`);
  });
});

function named({ tensors }: { readonly tensors: readonly { readonly name: string }[] }): ReadonlySet<string> {
  return new Set(tensors.map(({ name }) => name));
}

test('outlines are read as tensors of which the values lie elsewhere', () => {
  const outline = { name: 'w', type: 'float32', shape: [3], mark: 'buffer', location: 'parameters' } as const;
  const port = { name: 'x', type: 'float32', shape: ['batch', 2] } as const;
  const model = { opset: 20, graphName: 'g', nodes: [], initializers: [], inputs: [port], outputs: [port] };
  const read = readModel(writeModel(model, { outlines: [outline] }));
  assert.ok(read.ok);
  const [tensor] = read.value.initializers;
  assert.deepEqual(tensor, {
    name: 'w',
    type: 'float32',
    shape: [3],
    external: { location: 'parameters', offset: 0, length: undefined },
  });
  assert.deepEqual([...read.value.marks], [['w', 'buffer']]);
});
