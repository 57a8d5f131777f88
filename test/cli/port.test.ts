import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { RoundscopeError } from '#shared/base/errors.ts';
import { PortClient } from './port-client.ts';

function isErrorCode(code: string): (error: unknown) => boolean {
  return (error) => error instanceof RoundscopeError && error.code === code;
}

const plan = {
  name: 'pilot',
  data: 'digits',
  participants: 2,
  quorum: 1,
  rounds: 1,
  localEpochs: 1,
  weightCap: 3,
  normClip: 3,
  deadlineMs: 60_000,
  transport: 'quic',
  host: '127.0.0.1',
  port: 0,
} as const;

test('two services run a federation by what their windows ask for', { timeout: 170_000 }, async () => {
  await using hub = await PortClient.open();
  await using lab = await PortClient.open();
  await assert.rejects(hub.request('start_now', {}), isErrorCode('not_running'));
  await assert.rejects(lab.request('set_paused', { paused: true }), isErrorCode('not_running'));
  await assert.rejects(
    hub.request('coordinate_run', { ...plan, announce: 'no address' }),
    isErrorCode('settings_invalid'),
  );

  const { run, invitation } = await hub.request('coordinate_run', plan);
  await assert.rejects(hub.request('start_now', {}), isErrorCode('not_now'), 'nobody is here');
  const { checks, plan: told } = await lab.request('check_invitation', { invitation, name: 'lab-1' });
  assert.deepEqual(
    checks.filter(({ state }) => state === 'fault' || state === 'unknown'),
    [],
  );
  assert.equal(told?.runName, 'pilot');

  const joined = await lab.request('join_run', { invitation, data: 'digits', name: 'lab-1' });
  assert.equal(joined.run, run);
  await hub.until(({ participants }) => participants.some(({ id }) => id === 'lab-1'));
  const [entry] = (await lab.request('recent_runs', {})).runs;
  assert.deepEqual([entry?.status, entry?.again], ['running', { invitation, data: 'digits', name: 'lab-1' }]);

  const pausedBy = (view: { participants: readonly { id: string; paused: unknown }[] }): unknown =>
    view.participants.find(({ id }) => id === 'lab-1')?.paused ?? null;
  await lab.request('set_paused', { paused: true });
  await hub.until((view) => pausedBy(view) !== null);
  await assert.rejects(hub.request('start_now', {}), isErrorCode('not_now'), 'who pauses is not there to begin with');
  await lab.request('set_paused', { paused: false });
  await hub.until((view) => pausedBy(view) === null);
  await hub.request('start_now', {});

  const kept = await lab.until(({ models }) => models.some(({ kind }) => kind === 'final'));
  assert.equal(kept.status, 'completed', kept.endReason);
  const path = kept.models.find(({ kind }) => kind === 'final')?.path ?? '';
  assert.ok(readFileSync(path).byteLength > 0);
  // Written once the run's processes are gone.
  let [over] = (await lab.request('recent_runs', {})).runs;
  while (over?.status === 'running') {
    await delay(50);
    [over] = (await lab.request('recent_runs', {})).runs;
  }
  assert.deepEqual([over?.status, over?.again], ['completed', null]);
  await assert.rejects(hub.request('start_now', {}));
});
