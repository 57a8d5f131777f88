import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { writeModel } from '#engine/trainer/onnx/write-model.ts';
import { assertComplaint, roundscope } from './command-line.ts';

const fixture = (name: string): string => fileURLToPath(new URL(`../fixtures/pytorch/${name}`, import.meta.url));

describe('model', () => {
  let folder: string;
  before(async () => (folder = await mkdtemp(join(tmpdir(), 'onnx-model-'))));
  after(() => rm(folder, { recursive: true, force: true }));

  test('says of a network that PyTorch exported what it is, and takes a step', async () => {
    const { status, stdout, stderr } = await roundscope(['model', fixture('cnn.onnx'), '--batch', '4', '--json']);
    assert.deepEqual([status, stderr], [0, '']);
    const trial = JSON.parse(stdout);
    assert.deepEqual([trial.producer, trial.input_shape, trial.output_shape], ['pytorch', [1, 10, 10], [5]]);
    assert.deepEqual([trial.buffers, trial.trained_tensors, trial.batch_size], [4, 11, 4]);
    const text = await roundscope(['model', fixture('cnn.onnx'), '--train', 'fc*']);
    assert.match(text.stdout, /^Trained +245 numbers in 4 tensors$/m);
  });

  test('says what is in the way, with the node, and ends with 1', async () => {
    const path = join(folder, 'net.onnx');
    const port = { type: 'float32', shape: ['batch', 2] } as const;
    const node = { type: 'Relu', name: 'act', inputs: ['nobody'], outputs: ['y'], attributes: new Map() };
    const inputs = [{ ...port, name: 'x' }];
    const outputs = [{ ...port, name: 'y' }];
    await writeFile(path, writeModel({ opset: 20, graphName: 'g', nodes: [node], initializers: [], inputs, outputs }));
    const refused = await roundscope(['model', path]);
    assert.equal(refused.status, 1);
    assert.match(refused.stderr, /Relu "act": nothing computes its input "nobody"/);
    assert.equal((await roundscope(['model', join(folder, 'none.onnx')])).status, 1);
    assertComplaint(await roundscope(['model']), 2, /model takes one ONNX file/);
    assertComplaint(await roundscope(['model', path, '--batch', '0']), 2, /--batch is a number from 1/);
  });
});
