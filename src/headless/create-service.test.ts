import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { RoundscopeError } from '#shared/base/errors.ts';
import { demoDefaults } from '#shared/contract/settings.ts';
import { createService } from './create-service.ts';

const alreadyRunning = (error: unknown): boolean =>
  error instanceof RoundscopeError && error.code === 'already_running';

test('the next run begins as soon as one has ended; before that, and twice at once, it is refused', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'roundscope-test-'));
  process.env['ROUNDSCOPE_DATA'] = folder;
  const settings = { ...demoDefaults, participants: 1, rounds: 1, localEpochs: 1 };
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
