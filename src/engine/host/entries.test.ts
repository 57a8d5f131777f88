import { test } from 'node:test';
import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { buildInputs, entryPath, entrySources, entryUrl, workerPath } from './entries.ts';
import type { EntryName } from './entries.ts';

test('in a checkout an entry is its TypeScript source', () => {
  for (const name of Object.keys(entrySources) as EntryName[]) {
    const path = entryPath(name);
    assert.ok(isAbsolute(path));
    assert.ok(path.replaceAll('\\', '/').endsWith(`/${entrySources[name]}`), path);
    assert.ok(statSync(path).isFile(), path);
  }
});

test('a transport with a thread has its entry, which is built too', () => {
  const path = workerPath('dds');
  assert.ok(path.replaceAll('\\', '/').endsWith('/src/engine/transport/dds/worker/worker.ts'), path);
  assert.deepEqual(Object.keys(buildInputs), [...Object.keys(entrySources), 'dds-worker']);
  for (const source of Object.values(buildInputs))
    assert.ok(statSync(new URL(`../../../${source}`, import.meta.url)).isFile(), source);
});

test('in a build an entry lies beside the bundle, or above its chunks', () => {
  const app = 'file:///opt/with%20space/app.asar/out/main';
  assert.equal(entryUrl('trainer-worker', `${app}/service.js`).href, `${app}/trainer-worker.js`);
  assert.equal(entryUrl('trainer-worker', `${app}/chunks/entries-Ab1.js`).href, `${app}/trainer-worker.js`);
});
