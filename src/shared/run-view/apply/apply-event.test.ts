import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { EventData, EventType, RunEvent } from '#shared/contract/events.ts';
import { asRunId } from '#shared/contract/ids.ts';
import { limits } from '#shared/contract/limits.ts';
import { applyEvents } from './apply-event.ts';
import { acknowledgedOnly } from './apply-run-ended.ts';

const run = asRunId('r-1');
const hash = 'a'.repeat(64);

function event<T extends EventType>(at: number, type: T, data: unknown): RunEvent {
  return { type, run, source: 'test', at, data: data as EventData<T> } as RunEvent;
}

const started = event(1000, 'run_started', {
  name: 'digits',
  rounds: 3,
  minimumParticipants: 2,
  quorum: 1,
  seed: 1,
  baselineAccuracy: 0.1,
});
const roundStarted = event(1100, 'round_started', { round: 1, selected: ['node-1', 'node-2'], modelHash: hash });

function update(at: number, counted: boolean): RunEvent {
  return event(at, 'update_received', {
    participant: 'node-1',
    round: 1,
    contribution: hash,
    examples: 10,
    sizeBytes: 100,
    counted,
    reason: counted ? '' : 'duplicate',
    loss: 1,
    accuracy: 0.5,
    norm: 1,
    cosine: null,
  });
}

describe('view of a run', () => {
  test('a contribution that is refused or repeated does not count', () => {
    const phase = event(1150, 'participant_phase', { participant: 'node-1', round: 1, phase: 'train' });
    const view = applyEvents(null, [started, roundStarted, phase, update(1200, true), update(1300, false)]);
    assert.equal(view?.participants[0]?.counted, 1);
    assert.equal(view?.rounds[0]?.updates.length, 2);
  });

  test('a participant that is told again of a round that goes on, as after a crash, knows since when it goes', () => {
    const fromSeat = event(1000, 'run_started', { ...started.data, self: 'node-1' });
    const again = event(4000, 'round_started', { round: 1, selected: ['node-1', 'node-2'], modelHash: hash });
    const view = applyEvents(null, [fromSeat, roundStarted, update(1200, true), again]);
    assert.deepEqual(
      view?.rounds.map(({ startedAt, updates }) => [startedAt, updates.length]),
      [[1100, 1]],
    );
    // A coordinator that begins a round again begins it then.
    assert.equal(applyEvents(null, [started, roundStarted, again])?.rounds[0]?.startedAt, 4000);
  });

  test('a round of whose end nobody told is over once a later one begins, and its end is not made up', () => {
    const third = event(5000, 'round_started', { round: 3, selected: ['node-1'], modelHash: hash });
    const view = applyEvents(null, [started, roundStarted, third]);
    assert.deepEqual(
      view?.rounds.map(({ round, endedAt, accuracy, contributors }) => [round, endedAt, accuracy, contributors]),
      [
        [1, 5000, null, null],
        [3, null, null, null],
      ],
    );
  });

  test('why a link is not on its first way stands as long as the end that dialed says so', () => {
    const link = (at: number, side: string, state: string, fallback?: string): RunEvent =>
      event(at, 'link_state', {
        participant: 'node-1',
        side,
        state,
        reason: '',
        protocol: 'quic',
        stack: 'webtransport-h2',
        connections: 1,
        reconnects: 0,
        ...(fallback === undefined ? {} : { fallback }),
      });
    const events = [link(1100, 'participant', 'ready', 'UDP blocked'), link(1110, 'coordinator', 'ready')];
    assert.equal(applyEvents(null, [started, ...events])?.participants[0]?.link.fallback, 'UDP blocked');
    const back = [link(1200, 'participant', 'lost'), link(1300, 'participant', 'ready')];
    assert.equal(applyEvents(null, [started, ...events, ...back])?.participants[0]?.link.fallback, '');
    const lost = link(1200, 'participant', 'lost');
    assert.equal(applyEvents(null, [started, ...events, lost])?.participants[0]?.link.fallback, '');
    const slow = link(1200, 'participant', 'degraded', 'UDP blocked');
    assert.equal(applyEvents(null, [started, ...events, slow])?.participants[0]?.link.fallback, 'UDP blocked');
  });

  test('segments follow each other without gap or overlap and the last one stays open', () => {
    const phases = ['receive', 'train', 'send', 'wait'].map((phase, i) =>
      event(1100 + i * 10, 'participant_phase', { participant: 'node-1', round: 1, phase }),
    );
    const segments = applyEvents(null, [started, ...phases])?.participants[0]?.segments ?? [];
    assert.deepEqual(
      segments.map((segment) => [segment.phase, segment.startedAt, segment.endedAt]),
      [
        ['receive', 1100, 1110],
        ['train', 1110, 1120],
        ['send', 1120, 1130],
        ['wait', 1130, null],
      ],
    );
  });

  test('an update that has arrived ends the sending, though its sender may never hear of it', () => {
    const phases = ['train', 'send'].map((phase, i) =>
      event(1100 + i * 10, 'participant_phase', { participant: 'node-1', round: 1, phase }),
    );
    const late = event(1400, 'participant_phase', { participant: 'node-1', round: 1, phase: 'wait' });
    const view = applyEvents(null, [started, roundStarted, ...phases, update(1200, true), late]);
    assert.deepEqual(
      view?.participants[0]?.segments.map((segment) => [segment.phase, segment.startedAt, segment.endedAt]),
      [
        ['train', 1100, 1110],
        ['send', 1110, 1200],
        ['wait', 1200, null],
      ],
    );
  });

  test('the end of a run closes what was growing and keeps who a stalled run waited for', () => {
    const status = event(1200, 'round_status', {
      round: 1,
      phase: 'training',
      waitingFor: ['node-2'],
      reported: ['node-1'],
      selected: ['node-1', 'node-2'],
      quorum: 2,
      deadlineAt: 5000,
      nextAction: 'ends the run',
      why: [{ participant: 'node-2', reason: 'link lost' }],
    });
    const ended = event(5000, 'run_ended', {
      status: 'stalled',
      reason: 'quorum',
      roundsCompleted: 0,
      loss: null,
      accuracy: null,
    });
    const view = applyEvents(null, [started, roundStarted, status, ended]);
    assert.equal(view?.status, 'stalled');
    assert.deepEqual(view?.wait?.waitingFor, ['node-2']);
    assert.equal(view?.rounds[0]?.state, 'stalled');
    assert.equal(view?.rounds[0]?.endedAt, 5000);
  });

  test('an update of a round that never ended counts no more, one of a round that did still does', () => {
    const end = event(5000, 'run_ended', {
      status: 'stalled',
      reason: '',
      roundsCompleted: 0,
      loss: null,
      accuracy: null,
    });
    const phase = event(1150, 'participant_phase', { participant: 'node-1', round: 1, phase: 'train' });
    const view = applyEvents(null, [started, roundStarted, phase, update(1200, true), update(1300, false), end, end]);
    assert.equal(view?.participants[0]?.counted, 0, 'though the end is told twice');
    assert.deepEqual(
      view?.rounds[0]?.updates.map(({ counted, acknowledged, reason }) => [counted, acknowledged, reason]),
      [
        [false, true, acknowledgedOnly],
        [false, false, 'duplicate'],
      ],
    );
    const over = { ...end, data: { ...end.data, roundsCompleted: 1 } } as RunEvent;
    const whole = applyEvents(null, [started, roundStarted, phase, update(1200, true), over]);
    assert.equal(whole?.participants[0]?.counted, 1);
    assert.equal(whole?.rounds[0]?.updates[0]?.counted, true);
  });

  test('what an event does not touch keeps its identity', () => {
    const before = applyEvents(null, [
      started,
      roundStarted,
      event(1150, 'participant_phase', { participant: 'node-1', round: 1, phase: 'train' }),
    ]);
    const after = applyEvents(before, [
      event(1160, 'participant_phase', { participant: 'node-2', round: 1, phase: 'train' }),
    ]);
    assert.equal(after?.participants[0], before?.participants[0]);
    assert.equal(after?.rounds, before?.rounds);
  });

  test('participants stand in the order of their numbers', () => {
    const ids = ['node-10', 'node-9', 'node-2'];
    const view = applyEvents(null, [
      started,
      ...ids.map((participant) => event(1, 'participant_phase', { participant, round: 1, phase: 'train' })),
    ]);
    assert.deepEqual(
      view?.participants.map((participant) => participant.id),
      ['node-2', 'node-9', 'node-10'],
    );
  });

  test('connections opened are ticks in time, each counted once though both ends report it', () => {
    const state = (at: number, side: string, connections: number): RunEvent =>
      event(at, 'link_state', {
        participant: 'node-1',
        side,
        state: 'ready',
        reason: '',
        protocol: 'quic',
        stack: 'quinn',
        connections,
        reconnects: 0,
      });
    const view = applyEvents(null, [
      started,
      state(1, 'participant', 1),
      state(2, 'coordinator', 1),
      state(3, 'coordinator', 2),
    ]);
    assert.deepEqual(view?.participants[0]?.link.openedAt, [1, 3]);
    assert.equal(view?.participants[0]?.link.connections, 2);
  });

  test('the choices of a participant are kept with their reasons, the newest last, and bounded', () => {
    const chosen = Array.from({ length: limits.viewChoicesPerParticipantMax + 3 }, (_, i) =>
      event(2000 + i, 'transport_chosen', {
        participant: 'node-1',
        protocol: 'quic',
        strategy: 'bandit',
        reason: `choice ${i}`,
        expected: [{ protocol: 'quic', seconds: 0.8 }],
        explored: false,
      }),
    );
    const participant = applyEvents(null, [started, ...chosen])?.participants[0];
    assert.equal(participant?.choices.length, limits.viewChoicesPerParticipantMax);
    assert.equal(participant.choicesDropped, 3);
    assert.equal(participant.choices.at(-1)?.reason, `choice ${chosen.length - 1}`);
    assert.equal(participant.choices.at(-1)?.at, 2000 + chosen.length - 1);
  });
});

test('a run that is gone on with keeps what is known, and fills in what the former coordinator could not tell', () => {
  const node = { examples: 10, sizeBytes: 100, loss: 1, accuracy: 0.5, norm: 1 };
  const ended = {
    loss: 0.5,
    accuracy: 0.6,
    contributions: ['node-1', 'node-2'],
    missing: [],
    durationMs: 10,
    modelBefore: hash,
    modelAfter: 'c'.repeat(64),
  };
  const resumed = event(3000, 'run_resumed', {
    round: 2,
    roundsCompleted: 1,
    selected: ['node-1', 'node-2'],
    modelHash: hash,
    updates: [{ participant: 'node-1', contribution: 'b'.repeat(64), ...node }],
    last: { round: 1, ...ended },
  });
  const again = event(2900, 'run_started', { ...started.data, name: 'digits' });
  const joined = event(1050, 'participant_phase', { participant: 'node-1', round: 1, phase: 'wait' });
  // Known before: the first update of round 1. Not told any more: its end, and an update of round 2.
  const view = applyEvents(null, [started, joined, roundStarted, update(1200, true), again, resumed]);
  assert.ok(view);
  assert.deepEqual(
    view.rounds.map(({ round, state, accuracy, updates }) => [round, state, accuracy, updates.length]),
    [
      [1, 'done', 0.6, 1],
      [2, 'distributing', null, 1],
    ],
  );
  assert.deepEqual([view.startedAt, view.roundsCompleted], [1000, 1]);
  assert.equal(view.participants.find(({ id }) => id === 'node-1')?.counted, 2);
  assert.deepEqual(applyEvents(view, [resumed]), view, 'told twice it is the same');
  const data = { source: 's', examples: 1, heldOut: 0, shape: [1], classes: ['a'], classCounts: [1], skipped: 0 };
  const back = {
    key: 'k',
    address: 'a',
    protocol: 'memory',
    stack: 'memory',
    data,
    trainer: 't',
    fromRound: 1,
  } as const;
  // A view that begins with the restart knows of the rounds before it by what the coordinator remembers.
  const fresh = applyEvents(null, [
    again,
    resumed,
    event(3100, 'participant_joined', { participant: 'node-1', ...back, counted: 7 }),
  ]);
  assert.equal(fresh?.participants[0]?.counted, 7);
  const known = applyEvents(view, [event(3100, 'participant_joined', { participant: 'node-1', ...back, counted: 2 })]);
  assert.equal(known?.participants.find(({ id }) => id === 'node-1')?.counted, 2);
});

test('the bytes of a round that went down are those that the coordinator has sent whole', () => {
  const sent = (source: string, sentBytes: number, change: object = {}): RunEvent => ({
    ...event(1200, 'transfer_progress', {
      participant: 'node-1',
      round: 1,
      kind: 'start_training',
      direction: 'down',
      sentBytes,
      totalBytes: 900,
      ...change,
    }),
    source,
  });
  const down = (...events: RunEvent[]): unknown =>
    applyEvents(null, [started, roundStarted, ...events])?.rounds[0]?.bytesDown;
  assert.equal(down(), 0);
  assert.equal(down(sent('coordinator', 400), sent('coordinator', 900)), 900, 'a part is not counted twice');
  assert.equal(down(sent('coordinator', 900), sent('node-1', 900)), 900, 'both ends tell of it');
  assert.equal(down(sent('coordinator', 900), sent('coordinator', 900, { participant: 'node-2' })), 1800);
  assert.equal(down(sent('coordinator', 900, { direction: 'up' }), sent('coordinator', 900, { round: 7 })), 0);
  const seat = event(900, 'run_opened', { chair: 'participant', name: '', self: 'node-1' });
  assert.equal(applyEvents(null, [started, seat, roundStarted])?.rounds[0]?.bytesDown, null);
});

test('whether a hello was signed with the key is kept as told', () => {
  const joined = (change: object): unknown =>
    applyEvents(null, [
      started,
      event(1050, 'participant_joined', { participant: 'node-1', key: 'ab', fromRound: 1, ...change }),
    ])?.participants[0]?.keyProved;
  assert.deepEqual([joined({ keyProved: true }), joined({})], [true, false]);
});
