import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { hashBytes } from '#engine/codec/hash.ts';
import { limits } from '#shared/contract/limits.ts';
import { GraphFiles } from './graph-files.ts';

const root = mkdtempSync(join(tmpdir(), 'graph-files-'));
after(() => rmSync(root, { recursive: true, force: true }));

const bytesOf = (n: number): Uint8Array => Uint8Array.from({ length: 100 + n }, (_, i) => (i * 7 + n) & 0xff);
const referenceOf = (bytes: Uint8Array) => ({ hash: hashBytes(bytes), bytes: bytes.byteLength });

test('a network is found by its hash and length alone, and one that was damaged is not', async () => {
  const folder = join(root, 'found');
  let nowMs = 1_700_000_000_000;
  const files = new GraphFiles(folder, { clock: { wallMs: () => nowMs }, draft: 'lab.1' });
  const graph = bytesOf(1);
  const reference = referenceOf(graph);
  assert.equal(await files.find(reference), null);
  await files.keep(reference.hash, graph);
  assert.deepEqual(Buffer.from((await files.find(reference)) ?? []), Buffer.from(graph));
  assert.equal(await files.find({ ...reference, bytes: 1 }), null);
  const path = join(folder, `${reference.hash}.onnx`);
  assert.deepEqual([readdirSync(folder), statSync(path).mode & 0o777], [[`${reference.hash}.onnx`], 0o600]);
  assert.equal(statSync(path).mtimeMs, nowMs, 'it was used then');
  nowMs += 1000;
  truncateSync(path, 50);
  assert.equal(await files.find(reference), null);
  await files.keep(reference.hash, graph);
  assert.ok(await files.find(reference), 'and again once it was sent again');
});

test('those not used for longest go, with drafts of processes that died', async () => {
  const folder = join(root, 'full');
  let nowMs = 1_700_000_000_000;
  const clock = { wallMs: () => (nowMs += 60_000) };
  const files = new GraphFiles(folder, { clock, draft: 'lab.1' });
  const graphs = Array.from({ length: limits.graphFilesMax }, (_, n) => bytesOf(n));
  for (const graph of graphs) {
    await files.keep(hashBytes(graph), graph);
    assert.ok(await files.find(referenceOf(graph)));
  }
  writeFileSync(join(folder, 'left.onnx.lab.9'), 'a draft');
  assert.ok(await files.find(referenceOf(graphs[0] as Uint8Array)), 'the first one is used again');
  const one = bytesOf(1000);
  await files.keep(hashBytes(one), one);
  const left = readdirSync(folder);
  assert.equal(left.length, limits.graphFilesMax);
  for (const [n, stays] of [
    [0, true],
    [1, false],
    [limits.graphFilesMax - 1, true],
  ] as const)
    assert.equal(left.includes(`${hashBytes(graphs[n] as Uint8Array)}.onnx`), stays, `graph ${n}`);
  assert.ok(left.includes(`${hashBytes(one)}.onnx`));
});

test('two processes that keep the same network at the same time do not disturb each other', async () => {
  const folder = join(root, 'two');
  const graph = bytesOf(5);
  const clock = { wallMs: () => 1_700_000_000_000 };
  const all = Array.from({ length: 8 }, (_, n) => new GraphFiles(folder, { clock, draft: `node-${n}.${n}` }));
  await Promise.all(all.map((files) => files.keep(hashBytes(graph), graph)));
  assert.deepEqual(readdirSync(folder), [`${hashBytes(graph)}.onnx`]);
  assert.ok(await all[0]?.find(referenceOf(graph)));
});
