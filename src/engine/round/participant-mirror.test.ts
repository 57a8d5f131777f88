import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { asParticipantId, type MessageId, type RunId } from '#shared/contract/ids.ts';
import { contractVersion, type BodyOf, type MessageHeader, type MessageKind } from '#shared/contract/messages.ts';
import type { ReportEffect } from './machine.ts';
import { RoundMirror } from './participant-mirror.ts';

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
});
