import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { removeStaleFiles } from './stale-files.ts';

test('what a killed demo has left is removed a day later, not what is in use', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'roundscope-leftovers-'));
  try {
    await removeStaleFiles(join(folder, 'none'), Date.now());
    mkdirSync(join(folder, 'r-1', 'coordinator'), { recursive: true });
    mkdirSync(join(folder, 'r-2'));
    await removeStaleFiles(folder, Date.now() + 3600_000);
    assert.deepEqual(readdirSync(folder), ['r-1', 'r-2']);
    await removeStaleFiles(folder, Date.now() + 25 * 3600_000);
    assert.deepEqual(readdirSync(folder), []);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
