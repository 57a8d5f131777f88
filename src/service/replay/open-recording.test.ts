import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '#engine/host/system-clock.ts';
import { asRunId } from '#shared/contract/ids.ts';
import { recordingOpener } from './open-recording.ts';

test('two recordings of one run that begin in the same second are two files; a name that was asked for is never another', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'roundscope-recordings-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const clock = { ...systemClock, wallMs: () => Date.UTC(2026, 0, 2, 21, 10, 25) };
  const run = asRunId('r-1');
  for (let i = 0; i < 3; i++) {
    const recording = await recordingOpener(folder, clock)(run, undefined);
    assert.ok(!('failed' in recording), 'failed' in recording ? recording.failed.message : '');
    await recording[Symbol.asyncDispose]();
  }
  assert.deepEqual(
    (await readdir(join(folder, 'recordings'))).filter((name) => name.endsWith('.rscope')).sort(),
    ['', '-2', '-3'].map((copy) => `2026-01-02-211025-r-1${copy}.rscope`).sort(),
  );
  const precious = join(folder, 'precious.sqlite');
  await writeFile(precious, 'x');
  const refused = await recordingOpener(folder, clock)(run, precious);
  assert.ok('failed' in refused && /exists already/.test(refused.failed.message));
});
