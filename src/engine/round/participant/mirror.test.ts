import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { asParticipantId, type MessageId, type RunId } from '#shared/contract/ids.ts';
import { contractVersion, type BodyOf, type MessageHeader, type MessageKind } from '#shared/contract/messages.ts';
import type { ReportEffect } from '../machine.ts';
import { RoundMirror } from './mirror.ts';

const data = {
  source: './faces',
  examples: 90,
  heldOut: 10,
  shape: [1, 16, 16],
  classes: ['happy', 'sad'],
  classCounts: [60, 40],
  skipped: 0,
};
const plan: BodyOf<'run_plan'> = {
  runName: 'faces',
  rounds: 30,
  minimumParticipants: 2,
  quorum: 0.75,
  localEpochs: 4,
  batchSize: 32,
  learningRate: 0.1,
  optimizer: 'sgd',
  trainingDeadlineMs: 120_000,
  model: { inputShape: [1, 16, 16], numClasses: 2, layers: [{ type: 'flatten' }] },
  parameters: 1000,
  classes: ['happy', 'sad'],
  baselineAccuracy: 0.6,
  registered: 1,
  round: 0,
  phase: 'registering',
  nameTaken: false,
  software: '1.2.3',
};
const welcome: BodyOf<'welcome'> = {
  participant: asParticipantId('lab-2'),
  runName: 'faces',
  rounds: 30,
  round: 0,
  phase: 'registering',
  minimumParticipants: 2,
  note: 'welcome',
};

function mirror(): (kind: MessageKind, round: number, body: unknown) => readonly ReportEffect[] {
  const own = new RoundMirror({
    participant: asParticipantId('lab-2'),
    key: 'f'.repeat(64),
    data: () => data,
    trainer: 'kit',
    session: () => ({ protocol: 'quic', stack: 'quinn' }),
  });
  return (kind, round, body) =>
    own.eventsOf({
      version: contractVersion,
      run: 'kit' as RunId,
      sender: 'coordinator',
      kind,
      round,
      id: 'm' as MessageId,
      sentAt: 0,
      body,
    } as unknown as MessageHeader);
}

const types = (events: readonly ReportEffect[]): string[] => events.map(({ type }) => type);

describe("a coordinator's run as a participant knows it", () => {
  test('the plan starts it, with classes, quorum and baseline; the welcome adds its own key, data and link', () => {
    const hear = mirror();
    const [started] = hear('run_plan', 0, plan);
    assert.deepEqual(started?.data, {
      name: 'faces',
      rounds: 30,
      minimumParticipants: 2,
      quorum: 0.75,
      seed: 0,
      baselineAccuracy: 0.6,
      classes: ['happy', 'sad'],
      self: 'lab-2',
    });
    const events = hear('welcome', 0, welcome);
    assert.deepEqual(types(events), ['participant_joined']);
    assert.deepEqual(events[0]?.data, {
      participant: 'lab-2',
      key: 'f'.repeat(64),
      data,
      trainer: 'kit',
      address: '',
      protocol: 'quic',
      stack: 'quinn',
      fromRound: 1,
    });
    assert.deepEqual([...hear('run_plan', 3, plan), ...hear('welcome', 3, welcome)], [], 'told again, it is no news');
  });

  test('who comes in the middle sees at once where the run stands', () => {
    const events = mirror()('run_plan', 7, { ...plan, round: 7, phase: 'training' });
    assert.deepEqual(types(events), ['run_started', 'round_phase']);
    assert.deepEqual(events[1]?.data, { round: 7, phase: 'training', deadlineAt: 0 });
  });

  test('an older coordinator tells no plan: what it does not tell is unknown', () => {
    const [started, joined] = mirror()('welcome', 4, { ...welcome, round: 4, phase: 'training' });
    assert.equal(started?.type, 'run_started');
    assert.deepEqual([started.data.baselineAccuracy, started.data.classes], [null, undefined]);
    assert.equal(joined?.type, 'participant_joined');
    assert.equal(joined.data.fromRound, 5);
  });

  test('the end of a round is told once; of one that was slept through, its beginning with it', () => {
    const tell = mirror();
    const body = {
      loss: 1,
      accuracy: 0.5,
      contributions: ['lab-1'],
      missing: ['lab-2'],
      durationMs: 1,
      modelBefore: 'a'.repeat(64),
      modelAfter: 'b'.repeat(64),
    };
    const told = (round: number): string[] =>
      tell('round_summary', round, body).map((event) => `${event.type} ${(event.data as { round: number }).round}`);
    assert.deepEqual(told(4), ['round_started 4', 'round_ended 4']);
    assert.deepEqual(told(4), []);
    assert.deepEqual(told(5), ['round_started 5', 'round_ended 5']);
    assert.deepEqual(told(3), [], 'older than what is known');
  });

  test('rules of weighing are told where the plan has them', () => {
    const rules = (more: object): unknown => {
      const [started] = mirror()('run_plan', 0, { ...plan, ...more });
      assert.equal(started?.type, 'run_started');
      const { weightCap, normClip } = started.data;
      return { weightCap, normClip, keys: Object.keys(started.data).length };
    };
    assert.deepEqual(rules({}), { weightCap: undefined, normClip: undefined, keys: 8 });
    assert.deepEqual(rules({ weightCap: 2 }), { weightCap: 2, normClip: undefined, keys: 9 });
    assert.deepEqual(rules({ weightCap: null, normClip: 3 }), { weightCap: null, normClip: 3, keys: 10 });
  });

  test('a plan after a welcome is told too, and a welcome after a plan starts nothing again', () => {
    const hear = mirror();
    assert.deepEqual(types(hear('welcome', 0, welcome)), ['run_started', 'participant_joined']);
    assert.deepEqual(types(hear('run_plan', 0, plan)), ['run_started']);
    assert.deepEqual(types(hear('run_plan', 0, plan)), []);
    assert.deepEqual(hear('welcome', 0, welcome), []);
  });

  test('an older coordinator starts the run with what its welcome says', () => {
    assert.deepEqual(mirror()('welcome', 0, welcome)[0]?.data, {
      name: 'faces',
      rounds: 30,
      minimumParticipants: 2,
      quorum: 0,
      seed: 0,
      baselineAccuracy: null,
      self: 'lab-2',
    });
  });

  test('who is welcomed between rounds takes part in the one that is due, otherwise in the next', () => {
    const from = (round: number, phase: string): unknown => {
      const joined = mirror()('welcome', round, { ...welcome, round, phase }).at(-1);
      return (joined?.data as { fromRound: number } | undefined)?.fromRound;
    };
    assert.deepEqual([from(0, 'registering'), from(1, 'registering'), from(3, 'registering')], [1, 1, 3]);
    assert.deepEqual([from(1, 'training'), from(3, 'evaluating')], [2, 4]);
  });

  const status: BodyOf<'round_status'> = {
    phase: 'training',
    waitingFor: [asParticipantId('lab-1')],
    reported: [],
    selected: [asParticipantId('lab-1'), asParticipantId('lab-2')],
    quorum: 2,
    deadlineAt: 77,
    nextAction: 'aggregates',
  };

  test('a round begins with its first status, from the model that this participant was asked to train', () => {
    const hear = mirror();
    const base = 'c'.repeat(64);
    assert.deepEqual(hear('start_training', 1, { deadlineMs: 1, base }), []);
    const events = hear('round_status', 1, status);
    assert.deepEqual(
      events.map(({ type, data }) => [type, data]),
      [
        ['round_started', { round: 1, selected: ['lab-1', 'lab-2'], modelHash: base }],
        ['round_phase', { round: 1, phase: 'training', deadlineAt: 77 }],
        ['round_status', { round: 1, ...status, why: [] }],
      ],
    );
    assert.deepEqual(types(hear('round_status', 1, status)), ['round_status'], 'the same again');
    assert.deepEqual(types(hear('round_status', 1, { ...status, phase: 'aggregating' })), [
      'round_phase',
      'round_status',
    ]);
    assert.deepEqual(
      types(hear('round_status', 2, { ...status, phase: 'aggregating' })),
      ['round_started', 'round_phase', 'round_status'],
      'another round, though in the same phase',
    );
  });

  test('a model that nobody named is unknown: zeros', () => {
    const modelAfter = (...asked: object[]): unknown => {
      const hear = mirror();
      for (const body of asked) hear('start_training', 1, body);
      return (hear('round_status', 1, status)[0]?.data as { modelHash: string } | undefined)?.modelHash;
    };
    assert.equal(modelAfter(), '0'.repeat(64));
    assert.equal(modelAfter({ deadlineMs: 1, base: 'c'.repeat(64) }, { deadlineMs: 1 }), '0'.repeat(64));
  });

  test('while participants register no round begins, whatever its number', () => {
    const hear = mirror();
    const registering = { ...status, phase: 'registering' };
    assert.deepEqual(types(hear('round_status', 1, registering)), ['round_phase', 'round_status']);
    assert.deepEqual(types(hear('round_status', 1, registering)), ['round_status']);
    assert.deepEqual(types(hear('round_status', 1, status)), ['round_started', 'round_phase', 'round_status']);
    assert.deepEqual(types(hear('round_status', 0, { ...status, phase: 'evaluating' })), [
      'round_phase',
      'round_status',
    ]);
  });

  const summary = {
    loss: 1,
    accuracy: 0.5,
    contributions: ['lab-3', 'lab-1'],
    missing: ['lab-2'],
    durationMs: 1,
    modelBefore: 'a'.repeat(64),
    modelAfter: 'b'.repeat(64),
  };

  test('the end of a round that has begun here is its end alone', () => {
    const hear = mirror();
    hear('round_status', 2, status);
    const events = hear('round_summary', 2, summary);
    assert.deepEqual(
      events.map(({ type, data }) => [type, data]),
      [['round_ended', { round: 2, ...summary }]],
    );
    assert.deepEqual(hear('round_summary', 1, summary), []);
    assert.deepEqual(types(hear('round_status', 3, status)), ['round_started', 'round_phase', 'round_status']);
  });

  test('the end of an earlier round than runs here is told alone', () => {
    const hear = mirror();
    hear('round_status', 5, status);
    assert.deepEqual(types(hear('round_summary', 4, summary)), ['round_ended']);
    assert.deepEqual(types(hear('round_summary', 5, summary)), ['round_ended']);
  });

  test('the beginning that comes with an end names all who were selected, in their order, and the phase is open again', () => {
    const hear = mirror();
    hear('round_status', 1, status);
    assert.deepEqual(hear('round_summary', 2, summary)[0]?.data, {
      round: 2,
      selected: ['lab-1', 'lab-2', 'lab-3'],
      modelHash: 'a'.repeat(64),
    });
    assert.deepEqual(types(hear('round_status', 2, status)), ['round_phase', 'round_status']);
  });

  test('the end of the run is told as it came, and what is no news of rounds is not told', () => {
    const hear = mirror();
    const end = { status: 'completed', reason: 'all 3 rounds are done', roundsCompleted: 3, loss: 1, accuracy: 0.5 };
    assert.deepEqual(
      hear('training_complete', 3, end).map(({ kind, type, data }) => [kind, type, data]),
      [['report', 'run_ended', end]],
    );
    assert.deepEqual(hear('update_ack', 1, {}), []);
  });
});
