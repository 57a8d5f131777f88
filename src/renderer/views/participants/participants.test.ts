import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunEvent } from '#shared/contract/events.ts';
import { asParticipantId, asRunId } from '#shared/contract/ids.ts';
import { applyEvents } from '#shared/run-view/apply/apply-event.ts';
import type { ParticipantView, RoundView, RunView, UpdateView } from '#shared/run-view/run-view.ts';
import { ordinal } from '#shared/base/text/ordinal.ts';
import { contributionOf, countedOf } from '#renderer/components/words/contribution-facts.ts';
import { seatViewAt } from '#test/support/kits/seat-view.ts';
import { runSummary } from '#headless/summary.ts';
import { clocksOf, groupKey, keyWords, phaseOf, quicAccount, roundWords } from './participant-facts.ts';

const participant = (over: Partial<ParticipantView>): ParticipantView =>
  ({
    phase: 'train',
    phaseRound: 1,
    phaseSince: 0,
    progress: null,
    transfer: null,
    left: null,
    lastLinkAt: 0,
    lastProcessAt: 0,
    lastProgressAt: 0,
    ...over,
  }) as ParticipantView;

test('a participant that waits is idle; silence on the link is not', () => {
  const clocks = clocksOf({ endedAt: null, wait: null }, participant({ phase: 'wait' }), 20_000);
  assert.deepEqual([clocks.link.state, clocks.process.state, clocks.progress.state], ['over', 'over', 'idle']);
  const wait = { waitingFor: ['a'] } as never;
  assert.equal(
    clocksOf({ endedAt: null, wait }, participant({ id: 'a', phase: 'wait' }), 20_000).progress.state,
    'over',
    'unless the others wait for it',
  );
  assert.equal(clocksOf({ endedAt: 5, wait: null }, participant({}), 20_000).link.state, 'ended');
});

test('time left follows from what is done', () => {
  const progress = {
    participant: 'a',
    round: 1,
    epoch: 1,
    epochs: 2,
    batch: 50,
    batches: 100,
    loss: 1,
    at: 1000,
  } as never;
  const phase = phaseOf(participant({ progress }), 1500, String);
  assert.deepEqual([phase.text, phase.share, phase.leftMs], ['train, batch 50 / 100, epoch 1 / 2', 0.25, 2500]);
  assert.equal(
    phaseOf(participant({ progress, phaseRound: 2 }), 1500, String).share,
    null,
    'progress of an earlier round says nothing',
  );
});

test('a contribution is told by time and place', () => {
  const update = (who: string, at: number, counted: boolean): UpdateView =>
    ({ participant: who, at, counted, reason: counted ? '' : 'not finite' }) as UpdateView;
  const round = {
    round: 1,
    startedAt: 1000,
    endedAt: null,
    state: 'training',
    selected: ['a', 'b', 'c'],
    updates: [update('b', 1500, true), update('a', 3000, true), update('c', 3100, false)],
  } as unknown as RoundView;
  const view = { chair: 'coordinator', self: null, demo: null, round: 1, contributions: [] } as unknown as RunView;
  const of = (over: Partial<RoundView>, who: string): unknown =>
    contributionOf(view, { number: 1, round: { ...round, ...over } }, who);
  assert.deepEqual(of({}, 'a'), { kind: 'counted', afterMs: 2000, place: 2, reason: '' });
  assert.deepEqual(of({}, 'c'), { kind: 'rejected', afterMs: 2100, place: 3, reason: 'not finite' });
  assert.deepEqual(of({}, 'd'), { kind: 'not_asked' });
  assert.deepEqual(of({ updates: [] }, 'a'), { kind: 'running', how: 'at_work' });
  assert.deepEqual(of({ updates: [], endedAt: 9 }, 'a'), { kind: 'missing' });
  assert.deepEqual(contributionOf(view, { number: 2, round: undefined }, 'a'), { kind: 'planned' });
});

test('of a round that the run ended in, what was told of the others until then stands', () => {
  const words = (story: 'stopped' | 'live'): unknown => {
    const view = seatViewAt(story, 489_000);
    return ['lab-1', 'lab-3', 'lab-4'].map((id) => roundWords(view, id).words);
  };
  assert.deepEqual(words('live'), ['not in yet', 'not in yet', 'in']);
  assert.deepEqual(words('stopped'), ['not in by then', 'not in by then', 'in']);
  // An older round without an outcome was not cut off by the end: of that nobody told.
  const stopped = seatViewAt('stopped', 489_000);
  const older = { ...stopped.rounds.at(-2)!, contributors: null, state: 'training' } as RoundView;
  assert.deepEqual(contributionOf(stopped, { number: older.round, round: older }, 'lab-1'), { kind: 'not_told' });
});

test('an update of a round that never ended is told alike at both ends', () => {
  const run = asRunId('r-1');
  const hash = 'a'.repeat(64);
  const node = asParticipantId('node-1');
  const tell = (at: number, source: string, type: string, data: object): RunEvent =>
    ({ run, source, at, type, data }) as unknown as RunEvent;
  const opened = (chair: 'coordinator' | 'participant', self?: string): RunEvent =>
    tell(1, 'service', 'run_opened', { chair, name: 'digits', ...(self === undefined ? {} : { self }) });
  const round = tell(2, 'x', 'round_started', { round: 1, selected: [node], modelHash: hash });
  const joined = tell(2, 'x', 'participant_phase', { participant: node, round: 1, phase: 'train' });
  const figures = { participant: node, round: 1, contribution: hash, sizeBytes: 100, reason: '' };
  const received = { ...figures, examples: 9, counted: true, loss: 1, accuracy: 0.5, norm: 1, cosine: null };
  const acknowledged = { ...figures, accepted: true, order: 1 };
  const ended = { status: 'stalled', reason: 'quorum', roundsCompleted: 0, loss: null, accuracy: null };
  const ends: Record<string, RunView | null> = {
    coordinator: applyEvents(null, [
      opened('coordinator'),
      round,
      joined,
      tell(7, 'coordinator', 'update_received', received),
      tell(9, 'coordinator', 'run_ended', ended),
    ]),
    participant: applyEvents(null, [
      opened('participant', node),
      round,
      joined,
      tell(7, node, 'update_acknowledged', acknowledged),
      tell(9, node, 'run_ended', ended),
    ]),
  };
  for (const [end, view] of Object.entries(ends)) {
    assert.ok(view !== null, end);
    const outcome = contributionOf(view, { number: 1, round: view.rounds[0] }, node);
    assert.ok(outcome.kind === 'acknowledged', `${end}: ${outcome.kind}`);
    assert.deepEqual([outcome.afterMs, outcome.place], [5, 1], end);
    const own = view.participants.find(({ id }) => id === node);
    assert.ok(own !== undefined, end);
    assert.deepEqual(countedOf(view, own), { counted: 0, of: 1 }, end);
    assert.equal(runSummary(view).participants[0]?.contributions, 0, end);
  }
  assert.deepEqual(runSummary(ends['participant'] as RunView).own, {
    counted: 0,
    acknowledged: 1,
    refused: 0,
    missed: 0,
    kept: 0,
    unknown: 0,
  });
});

test('words and figures', () => {
  assert.deepEqual([1, 2, 3, 4, 11, 12, 13, 21, 111].map(ordinal), [
    '1st',
    '2nd',
    '3rd',
    '4th',
    '11th',
    '12th',
    '13th',
    '21st',
    '111th',
  ]);
  assert.equal(groupKey('2fd805b67ae1'), '2fd8 05b6 7ae1');
  const rows = quicAccount(
    [
      { name: 'quic.pathLostPackets', value: 6 },
      { name: 'pathSentPackets', value: 41870 },
      { name: 'pathBlackHolesDetected', value: 15 },
    ],
    String,
  );
  assert.deepEqual(rows[0], {
    label: 'Lost packets',
    value: '6 of 41,870',
    note: 'not acknowledged in time; sent again',
    meaning: rows[0]?.meaning ?? '',
  });
  assert.match(rows[0]?.meaning ?? '', /only late counts too/);
  assert.equal(rows[1]?.value, '15');
  assert.match(rows[1]?.meaning ?? '', /nothing of the data is lost/);
});

test('a key says where it is known from, and nothing where nobody told', () => {
  const words = (over: Partial<ParticipantView>): string =>
    keyWords({ self: 'node-1' }, participant({ id: 'node-2', key: 'ab', keyProved: false, ...over }));
  assert.equal(words({ keyProved: true }), 'proved: it signed its hello');
  assert.equal(words({ id: 'node-1' }), 'of this node itself');
  assert.deepEqual([words({}), words({ key: '', keyProved: true })], ['', '']);
});
