import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EventData, EventType, RunEvent } from '#shared/contract/events.ts';
import { asRunId } from '#shared/contract/ids.ts';
import { applyEvents } from './apply-event.ts';
import { isHere } from './apply-process.ts';
import type { ParticipantView } from '../run-view.ts';

const run = asRunId('r-1');

function event<T extends EventType>(at: number, type: T, data: unknown, source = 'node-1'): RunEvent {
  return { type, run, source, at, data: data as EventData<T> } as RunEvent;
}

function stats(at: number, pid: number): RunEvent {
  const data = { name: 'node-1', pid, cpuPercent: 1, memoryBytes: 1, loopDelayMsMax: 1, doing: 'taking part' };
  return event(at, 'process_stats', data);
}

const phase = (at: number, name: string): RunEvent =>
  event(at, 'participant_phase', { participant: 'node-1', round: 1, phase: name });
const step = (at: number): RunEvent =>
  event(at, 'training_progress', {
    participant: 'node-1',
    round: 1,
    epoch: 1,
    epochs: 1,
    batch: 2,
    batches: 9,
    loss: 1,
  });
const killed = event(
  2000,
  'process_exited',
  { name: 'node-1', pid: 7, expected: true, note: 'ended by SIGKILL' },
  'service',
);

function after(...events: readonly RunEvent[]): ParticipantView {
  const participant = applyEvents(null, events)?.participants[0];
  assert.ok(participant);
  return participant;
}

test('the lane of a killed participant ends, and it trains and is here no more', () => {
  // What it said last reaches this machine after its end.
  const view = after(
    stats(1000, 7),
    phase(1100, 'train'),
    step(1500),
    killed,
    step(1900),
    phase(1950, 'send'),
    stats(1960, 7),
  );
  assert.deepEqual(view.exited, { at: 2000, note: 'ended by SIGKILL', restarts: false });
  assert.deepEqual([view.phase, view.progress, isHere(view)], ['idle', null, false]);
  assert.deepEqual(view.segments.at(-1), { round: 1, phase: 'train', startedAt: 1100, endedAt: 2000 });
});

test('one that was started again is here, as soon as its new process says so', () => {
  const view = after(stats(1000, 7), phase(1100, 'train'), killed, stats(2500, 8), phase(2600, 'train'));
  assert.equal(view.exited, null);
  assert.deepEqual(view.restarted, { at: 2000, note: 'ended by SIGKILL', backAt: 2500 });
  assert.equal(view.segments.at(-1)?.endedAt, null);
});

test('that processes go after the run is no news', () => {
  const ended = event(1900, 'run_ended', {
    status: 'completed',
    reason: '',
    roundsCompleted: 1,
    loss: null,
    accuracy: null,
  });
  assert.equal(after(stats(1000, 7), phase(1100, 'wait'), ended, killed).exited, null);
});

test('what the coordinator tells of others is no sign of life of their processes', () => {
  const told = event(1100, 'participant_phase', { participant: 'lab-1', round: 1, phase: 'train' }, 'coordinator');
  const view = after(told);
  assert.deepEqual([view.phase, view.lastProcessAt, view.lastProgressAt], ['train', 0, 1100]);
});
