import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EventData, EventType, RunEvent } from '../contract/events.ts';
import { asRunId } from '../contract/ids.ts';
import { applyEvents, emptyView } from './apply/apply-event.ts';
import { isOpening, isOwnSeat, isTold } from './seat.ts';

const run = asRunId('r-1');
const hash = 'a'.repeat(64);

function event<T extends EventType>(at: number, type: T, data: unknown): RunEvent {
  return { type, run, source: 'lab-2', at, data: data as EventData<T> } as RunEvent;
}

const opened = event(900, 'run_opened', { chair: 'participant', name: 'pilot', self: 'lab-2' });
const link = (at: number, state: string, connections = 1): RunEvent =>
  event(at, 'link_state', {
    participant: 'lab-2',
    side: 'participant',
    state,
    reason: '',
    protocol: 'quic',
    stack: 'quinn',
    connections,
    reconnects: connections - 1,
  });
const stats = (at: number, sentBytes: number, receivedBytes: number): RunEvent =>
  event(at, 'link_stats', {
    participant: 'lab-2',
    side: 'participant',
    protocol: 'quic',
    stack: 'quinn',
    rttMs: 18,
    sentBytes,
    receivedBytes,
    payloadSentBytes: 0,
    payloadReceivedBytes: 0,
    unacknowledged: 0,
    counters: [],
  });
const attempt = (at: number, number: number, result: string, lastHeardAt: number): RunEvent =>
  event(at, 'link_attempt', {
    participant: 'lab-2',
    number,
    protocol: 'quic',
    stack: 'quinn',
    address: '10.0.4.18:4433',
    result,
    reason: result,
    lastHeardAt,
    nextAt: 0,
    givesUpAt: 0,
  });
/** An attempt after a silence that began at `lastHeardAt`, and the link that it made. */
const returning = (at: number, lastHeardAt: number): readonly RunEvent[] => [
  attempt(at - 50, 1, 'trying', lastHeardAt),
  attempt(at - 30, 1, 'connected', lastHeardAt),
  link(at - 20, 'resuming', 2),
  link(at, 'ready', 2),
];
const status = (at: number, phase: string, reported: readonly string[]): RunEvent =>
  event(at, 'round_status', {
    round: 1,
    phase,
    waitingFor: [],
    reported,
    selected: ['lab-1', 'lab-2', 'lab-3'],
    quorum: 3,
    deadlineAt: 0,
    nextAction: '',
    why: [],
  });

test("from a participant's own chair its own word on its link counts, and what it sends is no sign of the coordinator", () => {
  const before = [opened, link(1000, 'ready'), stats(2000, 10, 10), stats(3000, 20, 20), stats(4000, 30, 20)];
  const view = applyEvents(null, [...before, link(8000, 'lost')]);
  const own = view?.participants[0];
  assert.equal(own?.link.state, 'lost');
  assert.equal(own?.link.heardAt, 3000);
  assert.equal(applyEvents(view, [link(9000, 'ready', 2)])?.participants[0]?.link.heardAt, 9000);
});

test('a state of the link lasts since it began, whatever more is told of it', () => {
  const told = (at: number, fallback: string): RunEvent => {
    const one = link(at, 'ready', 2);
    return { ...one, data: { ...one.data, fallback } } as RunEvent;
  };
  const away = [opened, link(1000, 'ready'), stats(2000, 10, 10), link(8000, 'lost'), link(8500, 'lost')];
  const lost = applyEvents(null, away)?.participants[0]?.link;
  assert.deepEqual([lost?.since, lost?.returned], [8000, null]);
  const back = applyEvents(null, [...away, ...returning(12_000, 2000), told(22_000, 'UDP blocked')]);
  const again = back?.participants[0]?.link;
  assert.deepEqual([again?.since, again?.heardAt, again?.fallback], [12_000, 12_000, 'UDP blocked']);
  assert.deepEqual(again?.returned, { at: 12_000, silentMs: 10_000 });
  // Another way was being tried when this one was ready.
  const opening = returning(12_000, 2000);
  const both = applyEvents(null, [
    ...away,
    ...opening.slice(0, 2),
    attempt(11_990, 2, 'no_answer', 2000),
    link(12_000, 'ready', 2),
  ]);
  assert.deepEqual(both?.participants[0]?.link.returned, { at: 12_000, silentMs: 10_000 });
});

test('a link that takes another way on purpose, or is slow for a while, does not return', () => {
  const before = [opened, link(1000, 'ready'), link(8000, 'lost'), ...returning(12_000, 2000)];
  const returned = { at: 12_000, silentMs: 10_000 };
  const slow = applyEvents(null, [...before, link(30_000, 'degraded', 2), link(32_000, 'ready', 2)]);
  assert.deepEqual(slow?.participants[0]?.link.returned, returned);
  const another = applyEvents(null, [...before, link(40_000, 'resuming', 3)]);
  assert.deepEqual(another?.participants[0]?.link.attempts, []);
  const changed = applyEvents(another, [link(40_500, 'ready', 3)])?.participants[0]?.link;
  assert.deepEqual([changed?.returned, changed?.since], [returned, 40_500]);
});

test('in a demo the coordinator goes on having the last word', () => {
  const demo = event(900, 'run_opened', { chair: 'demo', name: 'digits' });
  const both = { ...link(1000, 'ready'), data: { ...link(1000, 'ready').data, side: 'coordinator' } } as RunEvent;
  const view = applyEvents(null, [demo, both, link(8000, 'lost')]);
  assert.equal(view?.participants[0]?.link.state, 'ready');
});

test('updates of others are in as their coordinator told them, once each and only while it collects them', () => {
  const started = event(1000, 'round_started', { round: 1, selected: ['lab-1', 'lab-2', 'lab-3'], modelHash: hash });
  const told = [
    status(1100, 'training', []),
    status(1200, 'training', ['lab-3']),
    status(1300, 'training', ['lab-1', 'lab-3']),
    status(1400, 'aggregating', ['lab-1', 'lab-2', 'lab-3']),
    status(1500, 'evaluating', ['lab-2']),
  ];
  const round = applyEvents(null, [opened, started, ...told])?.rounds[0];
  assert.deepEqual(round?.arrivals, [
    { participant: 'lab-3', at: 1200 },
    { participant: 'lab-1', at: 1300 },
    { participant: 'lab-2', at: 1400 },
  ]);
});

test('own and told are told apart by the chair; a recording that does not say has one participant of its own', () => {
  const seat = { chair: 'participant', self: 'lab-2', demo: null } as const;
  assert.deepEqual([isOwnSeat(seat, 'lab-2'), isTold(seat, 'lab-1'), isTold(seat, 'lab-2')], [true, true, false]);
  assert.equal(isTold({ ...seat, chair: null }, 'lab-1'), true);
  assert.equal(isTold({ chair: 'coordinator', self: null, demo: null }, 'lab-1'), false);
});

test('a run is opening until its chair is told', () => {
  assert.equal(isOpening(emptyView('r-1', 1000)), true);
  assert.equal(isOpening(applyEvents(null, [opened])!), false);
});

test('what a link was sent is no sign of life of it, what came over it is', () => {
  const view = applyEvents(null, [opened, link(1000, 'ready'), stats(2000, 100, 100), stats(9000, 700, 100)]);
  const own = view?.participants.find(({ id }) => id === 'lab-2');
  assert.deepEqual([own?.lastLinkAt, own?.link.heardAt], [2000, 2000], 'heartbeats into silence');
  const back = applyEvents(view, [stats(12_000, 800, 140)])?.participants[0];
  assert.deepEqual([back?.lastLinkAt, back?.link.heardAt], [12_000, 12_000]);
});
