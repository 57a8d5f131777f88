import { test } from 'node:test';
import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { entryPath, entrySources, entryUrl } from './entries.ts';
import type { EntryName } from './entries.ts';

test('in a checkout an entry is its TypeScript source', () => {
  for (const name of Object.keys(entrySources) as EntryName[]) {
    const path = entryPath(name);
    assert.ok(isAbsolute(path));
    assert.ok(path.replaceAll('\\', '/').endsWith(`/${entrySources[name]}`), path);
    assert.ok(statSync(path).isFile(), path);
  }
});

test('in a build an entry lies beside the bundle, or above its chunks', () => {
  const app = 'file:///opt/with%20space/app.asar/out/main';
  assert.equal(entryUrl('trainer-worker', `${app}/service.js`).href, `${app}/trainer-worker.js`);
  assert.equal(entryUrl('trainer-worker', `${app}/chunks/entries-Ab1.js`).href, `${app}/trainer-worker.js`);
});
