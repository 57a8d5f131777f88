import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { seededRandom } from '#shared/base/random.ts';
import { GraphFault } from '../onnx/graph-fault.ts';
import type { OnnxAttribute, OnnxModel, OnnxNode, OnnxTensor } from '../onnx/onnx-model.ts';
import { readModel } from '../onnx/read-model.ts';
import { stepGraph } from '../step/step-graph.ts';
import { requireTrainable } from './trainable-model.ts';

function fixture(name: string): Uint8Array {
  return readFileSync(new URL(`../../../../test/fixtures/pytorch/${name}.onnx`, import.meta.url));
}

/** Takes a model as far as a graph. Whatever else than a fault comes out of it is a bug. */
function build(model: OnnxModel): 'built' | GraphFault {
  try {
    stepGraph(requireTrainable(model), {
      batchSize: 4,
      loss: 'mse',
      optimizer: { kind: 'sgd', momentum: 0, nesterov: false, weightDecay: 0 },
      clipNorm: undefined,
      seed: 1,
    });
    return 'built';
  } catch (error) {
    if (error instanceof GraphFault) return error;
    throw error;
  }
}

function opened(file: Uint8Array): OnnxModel | undefined {
  const read = readModel(file);
  if (!read.ok) return undefined;
  const initializers = read.value.initializers.filter((tensor): tensor is OnnxTensor => tensor.data !== undefined);
  return { ...read.value, initializers };
}

const names = ['cnn', 'transformer', 'attention', 'gru', 'autoencoder'];

test('exported models with damaged bytes are built or refused with a fault', () => {
  const damage = seededRandom('damaged');
  let refused = 0;
  for (const name of names) {
    const file = fixture(name);
    for (let run = 0; run < 150; run++) {
      const changed = file.slice();
      for (let i = 0; i <= damage.int(4); i++) changed[damage.int(changed.length)] = damage.int(256);
      const model = opened(changed);
      if (!model || build(model) !== 'built') refused++;
    }
  }
  assert.ok(refused > 50, `${refused} refused`);
});

const random = seededRandom('other');
const pick = <T>(list: readonly T[]): T => list[random.int(list.length)] as T;
const values = [0, 1, -1, 2, 3, -7, 64, 100_000, 2 ** 31, 2 ** 53, -(2 ** 53)];

function otherNumbers([key, attribute]: readonly [string, OnnxAttribute]): readonly [string, OnnxAttribute] {
  if (attribute.kind === 'int') return [key, { kind: 'int', value: pick(values) }];
  return [
    key,
    attribute.kind === 'ints' ? { kind: 'ints', value: attribute.value.map(() => pick(values)) } : attribute,
  ];
}

test('a network whose output is not what its file says is refused', () => {
  const model = opened(fixture('gru'));
  assert.ok(model);
  const outputs = [{ name: 'integers', type: 'float32', shape: ['batch', 3] }] as const;
  const attributes = new Map([['to', { kind: 'int', value: 7 } as const]]);
  const cast = { type: 'Cast', name: '', inputs: ['y'], outputs: ['integers'], attributes };
  const found = build({ ...model, nodes: [...model.nodes, cast], outputs });
  assert.ok(found instanceof GraphFault && /The output is int64/.test(found.message));
});

test('exported models with other attributes, constants and wires are built or refused with a fault', () => {
  let refused = 0;
  for (const name of names) {
    const whole = opened(fixture(name));
    assert.ok(whole);
    for (let run = 0; run < 100; run++) {
      const nodes = [...whole.nodes];
      const at = random.int(nodes.length);
      const node = nodes[at] as OnnxNode;
      const change = random.int(3);
      if (change === 0 && node.inputs.length > 0) {
        const wire = pick([...pick(nodes.slice(0, at + 1)).inputs, '']);
        nodes[at] = { ...node, inputs: node.inputs.with(random.int(node.inputs.length), wire) };
      }
      if (change === 1) nodes[at] = { ...node, attributes: new Map([...node.attributes].map(otherNumbers)) };
      const initializers = whole.initializers.map((tensor) => {
        if (change !== 2 || !(tensor.data instanceof BigInt64Array) || random.int(3) > 0) return tensor;
        return { ...tensor, data: tensor.data.map(() => BigInt(pick(values))) };
      });
      if (build({ ...whole, nodes, initializers }) !== 'built') refused++;
    }
  }
  assert.ok(refused > 50, `${refused} refused`);
});

test('a small file whose nodes each make many numbers is refused before they fill the memory', () => {
  const model = opened(fixture('cnn'));
  assert.ok(model);
  const dimensions: OnnxTensor = { name: 'sides', type: 'int64', shape: [2], data: Float64Array.of(256, 256) };
  const makers = Array.from({ length: 2000 }, (_, i): OnnxNode => {
    return { type: 'ConstantOfShape', name: '', inputs: ['sides'], outputs: [`made ${i}`], attributes: new Map() };
  });
  const before = process.memoryUsage().arrayBuffers;
  const found = build({
    ...model,
    nodes: [...makers, ...model.nodes],
    initializers: [...model.initializers, dimensions],
  });
  assert.ok(found instanceof GraphFault && found.reason === 'too_large', String(found));
  const madeBytes = process.memoryUsage().arrayBuffers - before;
  assert.ok(madeBytes < 512 * 1024 * 1024, `${madeBytes} bytes for a file of some kilobytes`);
});
