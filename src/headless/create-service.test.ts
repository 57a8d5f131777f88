import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '#engine/host/system-clock.ts';
import { RoundscopeError, type ErrorCode } from '#shared/base/errors.ts';
import { demoDefaults } from '#shared/contract/settings.ts';
import { createService } from './create-service.ts';

const isCode =
  (code: ErrorCode) =>
  (error: unknown): boolean =>
    error instanceof RoundscopeError && error.code === code;
const alreadyRunning = isCode('already_running');

test('the next run begins as soon as one has ended; before that, and twice at once, it is refused', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'roundscope-test-'));
  process.env['ROUNDSCOPE_DATA'] = folder;
  const settings = { ...demoDefaults, participants: 1, rounds: 1, localEpochs: 1, paceMs: 0 };
  try {
    await using service = createService('browser');
    const first = await service.startDemo(settings);
    await assert.rejects(service.startDemo(settings), alreadyRunning);
    const said = Promise.withResolvers<void>();
    first.host.rows.subscribe((row) => {
      if ('event' in row && row.event.type === 'run_ended') said.resolve();
    });
    await said.promise;
    assert.ok(service.federation !== null, 'its processes are still there');
    const [second, third] = await Promise.allSettled([service.startDemo(settings), service.startDemo(settings)]);
    assert.equal(second.status, 'fulfilled');
    assert.ok(third.status === 'rejected' && alreadyRunning(third.reason));
    assert.equal((await first.ended).status, 'completed');
    assert.equal((await second.value.ended).status, 'completed');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

for (const afterMs of [0, 100, 300, 600]) {
  test(`who stops a demo ${afterMs} ms after the start began gets it stopped`, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'roundscope-test-'));
    process.env['ROUNDSCOPE_DATA'] = folder;
    try {
      await using service = createService('browser');
      const begun = Promise.withResolvers<void>();
      using _begun = service.onRun(() => begun.resolve());
      const starting = service.startDemo({ ...demoDefaults, participants: 2 });
      const [start] = await Promise.all([
        Promise.allSettled([starting]),
        begun.promise.then(async () => {
          await systemClock.sleep(afterMs, { signal: AbortSignal.timeout(10_000) });
          assert.equal(await service.stop('changed my mind'), true);
        }),
      ]);
      // It may have been too late to stop the start; then it is the run that was stopped.
      if (start[0].status === 'rejected') assert.ok(isCode('aborted')(start[0].reason), String(start[0].reason));
      else assert.equal((await start[0].value.ended).status, 'interrupted');
      assert.equal(service.federation, null);
      assert.notEqual(service.host?.view.endedAt, null);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
}
