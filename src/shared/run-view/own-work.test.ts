import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { EventData, EventType, RunEvent } from '../contract/events.ts';
import { asRunId } from '../contract/ids.ts';
import { applyEvents } from './apply/apply-event.ts';
import { unendedReasons } from './apply/apply-own-work.ts';
import type { ContributionView, RunView } from './run-view.ts';

const run = asRunId('r-1');
const hash = 'a'.repeat(64);

function event<T extends EventType>(at: number, type: T, data: unknown, source = 'lab-2'): RunEvent {
  return { type, run, source, at, data: data as EventData<T> } as RunEvent;
}

const opened = event(900, 'run_opened', { chair: 'participant', name: 'faces', self: 'lab-2' }, 'service');
const started = event(1000, 'run_started', {
  name: 'faces',
  rounds: 30,
  minimumParticipants: 2,
  quorum: 0.75,
  seed: 0,
  baselineAccuracy: 0.4,
  classes: ['happy', 'sad'],
  self: 'lab-2',
});
const roundStarted = (at: number, round: number, selected = ['lab-1', 'lab-2']): RunEvent =>
  event(at, 'round_started', { round, selected, modelHash: hash });
const phase = (at: number, round: number, name: string): RunEvent =>
  event(at, 'participant_phase', { participant: 'lab-2', round, phase: name });
const link = (at: number, state: string): RunEvent =>
  event(at, 'link_state', {
    participant: 'lab-2',
    side: 'participant',
    state,
    reason: '',
    protocol: 'quic',
    stack: 'quinn',
    connections: 1,
    reconnects: 0,
  });
const done = (at: number, round: number): RunEvent =>
  event(at, 'training_done', {
    participant: 'lab-2',
    round,
    loss: 0.5,
    accuracy: 0.8,
    examples: 30,
    durationMs: 400,
    norm: 1.5,
    modelHash: `${round}`.padStart(64, '0'),
  });
const ack = (at: number, round: number, accepted: boolean, reason = '', order: number | null = null): RunEvent =>
  event(at, 'update_acknowledged', {
    participant: 'lab-2',
    round,
    contribution: `${round}`.padStart(64, '0'),
    accepted,
    reason,
    order,
    sizeBytes: 3264,
  });
const ended = (at: number, round: number, contributions: string[], missing: string[], examples?: number): RunEvent =>
  event(at, 'round_ended', {
    round,
    loss: 0.4,
    accuracy: 0.9,
    contributions,
    missing,
    durationMs: 700,
    modelBefore: hash,
    modelAfter: hash,
    ...(examples === undefined ? {} : { examples }),
  });
const runEnded = (at: number, over: object = {}, source?: string): RunEvent =>
  event(
    at,
    'run_ended',
    { status: 'interrupted', reason: '', roundsCompleted: 0, loss: null, accuracy: null, ...over },
    source,
  );

const round1 = [link(1000, 'ready'), roundStarted(1100, 1), phase(1110, 1, 'train'), done(1500, 1)];

function viewOf(...events: RunEvent[]): RunView {
  const view = applyEvents(null, [opened, started, ...events]);
  assert.ok(view);
  return view;
}

function outcomes(view: RunView): string[] {
  return view.contributions.map(({ round, outcome }) => `${round} ${outcome}`);
}

describe("a participant's own work", () => {
  test('is counted with order and weight as the coordinator said', () => {
    const view = viewOf(...round1, ack(1600, 1, true, '', 2), ended(1800, 1, ['lab-1', 'lab-2'], [], 120));
    const work = view.contributions[0] as ContributionView;
    assert.deepEqual(
      { ...work },
      {
        round: 1,
        outcome: 'counted',
        reason: '',
        startedAt: 1110,
        trainedAt: 1500,
        acknowledgedAt: 1600,
        sizeBytes: 3264,
        examples: 30,
        loss: 0.5,
        accuracy: 0.8,
        norm: 1.5,
        trainMs: 400,
        order: 2,
        weight: 0.25,
        countedExamples: null,
        clipped: null,
        modelHash: '1'.padStart(64, '0'),
      },
    );
    assert.equal(view.participants.find(({ id }) => id === 'lab-2')?.counted, 1, 'told twice, counted once');
    assert.deepEqual(view.rounds[0]?.contributors, ['lab-1', 'lab-2']);
  });

  const courses: Record<
    string,
    { readonly events: readonly RunEvent[]; readonly outcome: string; readonly counted?: number }
  > = {
    'while it trains': { events: round1.slice(0, 3), outcome: '1 training' },
    'sent and not checked': { events: round1, outcome: '1 sent' },
    'link lost before the decision': { events: [...round1, link(1550, 'lost')], outcome: '1 kept' },
    'link back': { events: [...round1, link(1550, 'lost'), link(1560, 'ready')], outcome: '1 sent' },
    'computed while the link is down': {
      events: [...round1.slice(0, 3), link(1400, 'lost'), done(1500, 1)],
      outcome: '1 kept',
    },
    'refused stays refused though the end names it as missing': {
      events: [...round1, ack(1600, 1, false, 'not finite'), ended(1800, 1, ['lab-1'], ['lab-2'])],
      outcome: '1 refused',
    },
    'missed only by the word of the end': {
      events: [...round1, ended(1800, 1, ['lab-1'], ['lab-2'])],
      outcome: '1 missed',
    },
    'checked late': {
      events: [...round1, ended(1800, 1, ['lab-1'], ['lab-2']), ack(1900, 1, false, 'training of round 1 is over')],
      outcome: '1 refused',
    },
    'counted though the acknowledgement was lost': {
      events: [...round1, ended(1800, 1, ['lab-1', 'lab-2'], [])],
      outcome: '1 counted',
      counted: 1,
    },
    'a repeated refusal does not undo what counts': {
      events: [...round1, ack(1600, 1, true), ack(1700, 1, false, 'another update was counted already')],
      outcome: '1 counted',
      counted: 1,
    },
    'told once more that it counts': {
      events: [...round1, ack(1600, 1, true, '', 1), ack(1700, 1, true), ended(1800, 1, ['lab-2'], ['lab-1'])],
      outcome: '1 counted',
      counted: 1,
    },
    'the coordinator lost it after all': {
      events: [...round1, ack(1600, 1, true), ended(1800, 1, ['lab-1'], ['lab-2'])],
      outcome: '1 missed',
    },
    'neither named as in nor as missing': { events: [...round1, ended(1800, 1, ['lab-1'], [])], outcome: '1 unknown' },
    'the run ends before a word': { events: [...round1, runEnded(1900)], outcome: '1 unknown' },
    'the run ends while it is kept': { events: [...round1, link(1550, 'lost'), runEnded(1900)], outcome: '1 kept' },
    'acknowledged in a round that never ended': {
      events: [...round1, ack(1600, 1, true, '', 1), runEnded(1900)],
      outcome: '1 acknowledged',
    },
    'acknowledged in a round that ended, though only the end of the run tells that': {
      events: [...round1, ack(1600, 1, true, '', 1), runEnded(1900, { roundsCompleted: 1 })],
      outcome: '1 counted',
      counted: 1,
    },
    'acknowledged before a round that was slept through, and one that never ended': {
      events: [
        ...round1,
        ack(1600, 1, true),
        roundStarted(3000, 3),
        phase(3010, 3, 'train'),
        ack(3400, 3, true),
        runEnded(3900),
      ],
      outcome: '1 counted,3 acknowledged',
      counted: 1,
    },
    'given up for the next round': {
      events: [...round1.slice(0, 3), roundStarted(2000, 2), phase(2010, 2, 'train')],
      outcome: '1 unknown,2 training',
    },
    'a training that failed': { events: [...round1.slice(0, 3), phase(1300, 1, 'wait')], outcome: '1 unknown' },
  };
  for (const [what, { events, outcome, counted = 0 }] of Object.entries(courses)) {
    test(what, () => {
      const view = viewOf(...events);
      assert.equal(outcomes(view).join(), outcome);
      assert.equal(view.participants.find(({ id }) => id === 'lab-2')?.counted, counted);
    });
  }

  test('why the end of its round is not known', () => {
    const reasonOf = (end: RunEvent): string | undefined =>
      viewOf(...round1, ack(1600, 1, true), end).contributions[0]?.reason;
    assert.equal(reasonOf(runEnded(1900)), unendedReasons.byTheEnd);
    assert.equal(reasonOf(runEnded(1900, {}, 'service')), unendedReasons.untold);
    assert.equal(reasonOf(runEnded(1900, { left: true }, 'service')), unendedReasons.byLeaving);
    assert.equal(reasonOf(runEnded(1900, { left: true, status: 'failed' }, 'service')), unendedReasons.byDying);
  });

  test('of another chair is not folded: the coordinator counts there', () => {
    const elsewhere = event(900, 'run_opened', { chair: 'coordinator', name: 'faces' }, 'service');
    assert.deepEqual(applyEvents(null, [elsewhere, started, ...round1])?.contributions, []);
  });
});

describe('what a participant is told of the others', () => {
  test('their names, and who of them counted in the rounds that it saw end; nothing else', () => {
    const before = viewOf(roundStarted(1100, 14, ['lab-1', 'lab-2', 'lab-3']));
    assert.deepEqual(
      before.participants.map(({ id, counted }) => [id, counted]),
      [
        ['lab-1', null],
        ['lab-2', 0],
        ['lab-3', null],
      ],
    );
    const after = applyEvents(before, [
      ended(1200, 14, ['lab-1'], ['lab-2', 'lab-3']),
      ended(1210, 14, ['lab-1'], ['lab-2', 'lab-3']),
    ]);
    assert.deepEqual(
      after?.participants.map(({ id, counted }) => [id, counted]),
      [
        ['lab-1', 1],
        ['lab-2', 0],
        ['lab-3', 0],
      ],
    );
    const other = after.participants[0];
    assert.deepEqual([other?.key, other?.data, other?.joinedAt, other?.link.connections], ['', null, 0, 0]);
    assert.deepEqual([after.roundsCompleted, after.roundsTold, after.roundsMs], [14, 1, 700]);
    assert.equal(after.rounds[0]?.durationMs, 700);
  });

  test('how much of it counted is what the coordinator says of it, not what it says itself', () => {
    const end = ended(1800, 1, ['lab-1', 'lab-2'], [], 120);
    assert.equal(end.type, 'round_ended');
    const own = { claimed: 30, examples: 20, share: 0.5, clipped: 0.75 };
    const told: RunEvent = { ...end, data: { ...end.data, own } };
    const [work] = viewOf(...round1, ack(1600, 1, true, '', 2), told).contributions;
    assert.deepEqual([work?.examples, work?.countedExamples, work?.weight, work?.clipped], [30, 20, 0.5, 0.75]);
  });

  test('who registered before the first round', () => {
    const status = event(1050, 'round_status', {
      round: 0,
      phase: 'registering',
      waitingFor: [],
      reported: ['lab-1', 'lab-2'],
      selected: [],
      quorum: 3,
      deadlineAt: 0,
      nextAction: '',
      why: [],
    });
    assert.deepEqual(
      viewOf(status).participants.map(({ id }) => id),
      ['lab-1', 'lab-2'],
    );
  });
});

describe('from where a run is seen', () => {
  const start = { ...(started.data as EventData<'run_started'>) };
  const { self: _self, ...nobody } = start;
  const cases: Record<string, { readonly event: RunEvent; readonly chair: string | null }> = {
    'a demo': { event: event(1, 'run_started', { ...nobody, demo: {} }, 'coordinator'), chair: 'demo' },
    'a coordinator': { event: event(1, 'run_started', nobody, 'coordinator'), chair: 'coordinator' },
    'a participant': { event: event(1, 'run_started', start, 'lab-2'), chair: 'participant' },
    nobody: { event: event(1, 'run_started', nobody, 'service'), chair: null },
  };
  for (const [what, { event: first, chair }] of Object.entries(cases)) {
    test(`recordings that do not say: ${what}`, () => assert.equal(applyEvents(null, [first])?.chair, chair));
  }

  test('told at the opening, it holds, and the start of the run makes no fresh view', () => {
    const notice = event(950, 'notice', { level: 'warning', text: 'before the start' }, 'service');
    const view = applyEvents(null, [opened, notice, started]);
    assert.deepEqual(
      [view?.chair, view?.self, view?.notices.length, view?.startedAt],
      ['participant', 'lab-2', 1, 1000],
    );
  });

  test('opened again after its end, a run begins afresh', () => {
    const view = viewOf(
      ...round1,
      runEnded(1900),
      event(2000, 'run_opened', { chair: 'participant', name: 'faces', self: 'lab-2' }),
    );
    assert.deepEqual([view.endedAt, view.contributions.length, view.rounds.length], [null, 0, 0]);
  });
});
