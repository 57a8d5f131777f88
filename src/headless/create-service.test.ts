import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { RoundscopeError, type ErrorCode } from '#shared/base/errors.ts';
import { demoDefaults } from '#shared/contract/run/settings.ts';
import type { EventType } from '#shared/contract/events.ts';
import type { RunHost } from '#service/runs/run-host.ts';
import { createService } from './create-service.ts';

const isCode =
  (code: ErrorCode) =>
  (error: unknown): boolean =>
    error instanceof RoundscopeError && error.code === code;
const alreadyRunning = isCode('already_running');

test('the next run begins as soon as one has ended; before that, and twice at once, it is refused', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'roundscope-test-'));
  const settings = { ...demoDefaults, participants: 1, rounds: 1, localEpochs: 1, paceMs: 0 };
  try {
    await using service = createService('browser', { ROUNDSCOPE_DATA: folder });
    const first = await service.startDemo(settings);
    await assert.rejects(service.startDemo(settings), alreadyRunning);
    await told(first.host, 'run_ended');
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

/** Moments of a start, and whether it is the start or already the run that is stopped then. */
const moments: readonly (readonly [string, 'aborted' | 'interrupted', (host: RunHost) => Promise<unknown>])[] = [
  ['its run is opened', 'aborted', () => Promise.resolve()],
  ['its processes are being launched', 'aborted', hasChild],
  ['somebody has joined', 'interrupted', (host) => told(host, 'participant_joined')],
];

for (const [moment, becomes, reached] of moments) {
  test(`who stops a demo when ${moment} gets it stopped`, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'roundscope-test-'));
    try {
      await using service = createService('browser', { ROUNDSCOPE_DATA: folder });
      const begun = Promise.withResolvers<RunHost>();
      using _begun = service.onRun((host) => begun.resolve(host));
      const starting = service.startDemo({ ...demoDefaults, participants: 2 });
      const [start] = await Promise.all([
        Promise.allSettled([starting]),
        begun.promise.then(async (host) => {
          await reached(host);
          assert.equal(await service.stop('changed my mind'), true);
        }),
      ]);
      if (becomes === 'aborted') {
        assert.ok(start[0].status === 'rejected', 'the start went on');
        assert.ok(isCode('aborted')(start[0].reason), String(start[0].reason));
      } else {
        assert.ok(start[0].status === 'fulfilled');
        assert.equal((await start[0].value.ended).status, 'interrupted');
      }
      assert.equal(service.federation, null);
      assert.notEqual(service.host?.view.endedAt, null);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
}

/** Until a child process of this one runs. */
async function hasChild(): Promise<void> {
  while (!process.getActiveResourcesInfo().includes('ProcessWrap')) await setImmediate();
}

function told(host: RunHost, type: EventType): Promise<void> {
  const said = Promise.withResolvers<void>();
  host.rows.subscribe((row) => {
    if ('event' in row && row.event.type === type) said.resolve();
  });
  return said.promise;
}
