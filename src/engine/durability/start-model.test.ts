import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { encodeSafetensors } from '#engine/codec/safetensors.ts';
import { float32Tensor, type Tensor } from '#shared/tensor/tensor.ts';
import { readStartModel } from './start-model.ts';

const folder = mkdtempSync(join(tmpdir(), 'start-model-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const about = {
  layout: [
    { name: 'dense.kernel', shape: [2, 3] },
    { name: 'dense.bias', shape: [2] },
  ],
  classes: ['cat', 'dog'],
};
const kernel = float32Tensor('dense.kernel', [2, 3], Float32Array.of(1, 2, 3, 4, 5, 6));
const bias = float32Tensor('dense.bias', [2], Float32Array.of(0.5, -0.5));
const metadata = { classes: JSON.stringify(about.classes), run_name: 'pilot', round: '7', accuracy: '0.931' };

let files = 0;
function fileOf(tensors: readonly Tensor[], said: Record<string, string> = metadata): string {
  return fileWith(encodeSafetensors(tensors, said));
}

function fileWith(bytes: Uint8Array): string {
  const path = join(folder, `${++files}.safetensors`);
  writeFileSync(path, bytes);
  return path;
}

test('a model of the run comes in the order of its layers, and says where it is from', async () => {
  const { parameters, origin } = await readStartModel(fileOf([bias, kernel]), about);
  assert.deepEqual(parameters, [kernel, bias]);
  assert.equal(origin, 'round 7 of pilot, accuracy 93.1 % there');
  const silent = await readStartModel(fileOf([kernel, bias], {}), about);
  assert.equal(silent.origin, '');
});

test('one that does not fit is refused, and what differs is named', async () => {
  const turned = float32Tensor('dense.kernel', [3, 2], kernel.data);
  const broken = float32Tensor('dense.bias', [2], Float32Array.of(0, Number.NaN));
  const cases: readonly (readonly [path: string, why: RegExp])[] = [
    [join(folder, 'none'), /there is no such file/],
    [folder, /it is no file|cannot be read/],
    [fileOf([kernel]), /tensor dense\.bias is missing/],
    [fileOf([turned, bias]), /shape \[3, 2\]/],
    [fileOf([kernel, broken]), /element 1 of tensor dense\.bias is no finite number/],
    [fileOf([kernel, bias], { classes: '["dog","cat"]' }), /its classes are dog, cat, those of the run cat, dog/],
    [fileOf([kernel, bias], { classes: 'cat' }), /class names cannot be read/],
    [fileWith(Buffer.from('PK'.padEnd(200, 'x'))), /safetensors/],
    [fileWith(new Uint8Array(5_000_000)), /are not a model of this run's layers/],
  ];
  for (const [path, why] of cases)
    await assert.rejects(readStartModel(path, about), { code: 'model_unfit', message: why });
});

test(
  'a pipe under its name is not read',
  { skip: process.platform === 'win32' && 'there are no pipes in folders' },
  async () => {
    const path = join(folder, 'pipe');
    execFileSync('mkfifo', [path]);
    await assert.rejects(readStartModel(path, about), { code: 'model_unfit', message: /it is no file/ });
  },
);
