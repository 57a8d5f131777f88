import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { systemClock } from '#engine/host/system-clock.ts';
import { asRunId } from '#shared/contract/ids.ts';
import { checkedLine, readCheckedLine } from '#engine/durability/checked-line.ts';
import { RecentRuns } from './recent-runs.ts';
import { RunHost } from './run-host.ts';

const folder = mkdtempSync(join(tmpdir(), 'roundscope-recent-'));
after(() => rmSync(folder, { recursive: true, force: true }));

test('a run is there from its beginning, with its end once it has one; damaged lines cost only themselves', async () => {
  const recents = new RecentRuns(folder, (error) => assert.fail(String(error)));
  const again = { invitation: 'roundscope://join?i=x', data: '/faces', name: 'lab-2' };
  const told = { chair: 'participant' as const, name: 'faces' };
  const host = new RunHost({
    run: asRunId('r-1'),
    opening: { told, again, keepAwake: false },
    clock: systemClock,
    recording: null,
    onInternalError: (error) => assert.fail(String(error)),
  });
  recents.follow(host);
  assert.deepEqual(
    (await recents.list()).runs.map(({ run, status }) => [run, status]),
    [['r-1', 'running']],
  );
  appendFileSync(join(folder, 'recent-runs'), 'half a li');
  const end = { status: 'stalled', reason: 'too few', roundsCompleted: 2, loss: null, accuracy: null } as const;
  host.report('run_ended', end);
  await host.finish();
  await host.finished;
  const { runs, damaged } = await recents.list();
  assert.deepEqual([runs[0]?.status, runs[0]?.roundsCompleted, runs[0]?.again, damaged], ['stalled', 2, again, 1]);
  assert.equal(statSync(join(folder, 'recent-runs')).mode & 0o777, 0o600);
});

test('joining again takes the mapping of classes along, and a run that is over is not joined again', async () => {
  const recents = new RecentRuns(join(folder, 'mapped'), (error) => assert.fail(String(error)));
  const mapping = [
    { from: 'Cats', to: 'cat' },
    { from: 'misc', to: null },
  ];
  const host = new RunHost({
    run: asRunId('r-2'),
    opening: {
      told: { chair: 'participant', name: 'faces' },
      again: { invitation: 'roundscope://join?i=x', data: '/faces', name: 'lab-2', mapping },
      keepAwake: false,
    },
    clock: systemClock,
    recording: null,
    onInternalError: (error) => assert.fail(String(error)),
  });
  recents.follow(host);
  assert.deepEqual((await recents.list()).runs[0]?.again?.mapping, mapping);
  host.report('run_ended', { status: 'completed', reason: '', roundsCompleted: 2, loss: null, accuracy: null });
  await host.finish();
  await host.finished;
  const [over] = (await recents.list()).runs;
  assert.deepEqual([over?.status, over?.again], ['completed', null]);
});

test('of a run whose app died before it could write its end, nobody knows how far it came', async () => {
  const own = join(folder, 'dead');
  const recents = new RecentRuns(own, (error) => assert.fail(String(error)));
  const host = new RunHost({
    run: asRunId('r-3'),
    opening: { told: { chair: 'participant', name: 'faces' }, again: null, keepAwake: false },
    clock: systemClock,
    recording: null,
    onInternalError: (error) => assert.fail(String(error)),
  });
  recents.follow(host);
  const running = (await recents.list()).runs[0];
  assert.deepEqual([running?.status, running?.roundsCompleted, running?.roundsPlanned], ['running', null, null]);
  // Another process had this number; by its time of birth this one is not it.
  const file = join(own, 'recent-runs');
  const begun = readCheckedLine(readFileSync(file, 'utf8').trim()) as Record<string, unknown>;
  writeFileSync(file, checkedLine({ ...begun, process: 'another' }));
  const dead = (await recents.list()).runs[0];
  assert.deepEqual([dead?.status, dead?.roundsCompleted, dead?.roundsPlanned], ['interrupted', null, null]);
  await host.finish();
  await host.finished;
});
