import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { exclusively } from './exclusive.mjs';

function lockPath(t) {
  const folder = mkdtempSync(join(tmpdir(), 'roundscope-exclusive-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'lock');
}

test('work of two starts at once is done one after the other', async (t) => {
  const path = lockPath(t);
  const told = [];
  const work = (name) =>
    exclusively(
      'tests',
      async () => {
        told.push(`${name} begins`);
        await new Promise((resolve) => setImmediate(resolve));
        told.push(`${name} ends`);
      },
      path,
    );
  await Promise.all([work('a'), work('b')]);
  assert.deepEqual(told, ['a begins', 'a ends', 'b begins', 'b ends']);
  assert.equal(existsSync(path), false);
});

test('a start that was killed, or failed, holds up nobody', async (t) => {
  const path = lockPath(t);
  const { pid } = spawnSync(process.execPath, ['--version']);
  writeFileSync(path, String(pid));
  await assert.rejects(
    exclusively('tests', () => Promise.reject(new Error('no disk')), path),
    /no disk/,
  );
  assert.equal(await exclusively('tests', () => Promise.resolve('done'), path), 'done');
});
