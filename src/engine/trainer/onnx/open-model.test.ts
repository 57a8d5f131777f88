import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { openModel } from './open-model.ts';
import { bytes, concatBytes, integer, text } from './protobuf-writer.ts';

const { signal } = new AbortController();
let folder: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'open-model-'));
  await mkdir(join(folder, 'net'));
  await writeFile(join(folder, 'secret'), new Uint8Array(64));
  await writeFile(join(folder, 'net', 'net.onnx.data'), new Uint8Array(Float32Array.of(9, 9, 1, 2).buffer));
  await symlink(join(folder, 'secret'), join(folder, 'net', 'link'));
  await mkdir(join(folder, 'net', 'inner'));
  await writeFile(join(folder, 'net', 'inner', 'secret'), new Uint8Array(64));
});
after(() => rm(folder, { recursive: true, force: true }));

/** A model with one tensor of two float32 elements that lies elsewhere. */
async function external(entries: Readonly<Record<string, string>>): Promise<string> {
  const list = Object.entries(entries).map(([key, value]) => bytes(13, concatBytes([text(1, key), text(2, value)])));
  const tensor = concatBytes([integer(1, 2), integer(2, 1), text(8, 'w'), ...list, integer(14, 1)]);
  const opset = bytes(8, concatBytes([text(1, ''), integer(2, 20)]));
  const path = join(folder, 'net', 'net.onnx');
  await writeFile(path, concatBytes([integer(1, 8), opset, bytes(7, bytes(5, tensor))]));
  return path;
}

test('weights are taken from the file beside the model', async () => {
  const path = await external({ location: 'net.onnx.data', offset: '8', length: '8' });
  const { initializers } = await openModel(path, { signal });
  assert.deepEqual(initializers[0]?.data, Float32Array.of(1, 2));
});

for (const [what, entries] of Object.entries({
  'the folder above': { location: '../secret' },
  'an absolute path': { location: '/etc/passwd' },
  'a path of Windows': { location: 'C:\\secret' },
  'a folder below': { location: 'inner/secret' },
  nothing: {},
  'a link': { location: 'link' },
  'a folder': { location: 'inner' },
  'a file that is not there': { location: 'other' },
  'bytes behind the end': { location: 'net.onnx.data', offset: '12' },
  'more bytes than the shape has': { location: 'net.onnx.data', length: '16' },
  'a place that is no number': { location: 'net.onnx.data', offset: '-1' },
})) {
  test(`weights are not taken from ${what}`, async () => {
    await assert.rejects(openModel(await external(entries), { signal }), {
      code: 'model_invalid',
      reason: 'external_data',
      message: /the tensor w lies /,
    });
  });
}

test('a model that is missing or a folder is said to be', async () => {
  await assert.rejects(openModel(join(folder, 'none.onnx'), { signal }), { code: 'data_missing' });
  await assert.rejects(openModel(folder, { signal }), { code: 'data_invalid', message: /not a file/ });
});
