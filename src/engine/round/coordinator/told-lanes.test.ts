import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asParticipantId, type Hash } from '#shared/contract/ids.ts';
import type { MessageHeader } from '#shared/contract/messages.ts';
import { RecordingReporter } from '#test/support/recorded/recording-reporter.ts';
import type { MachineMessage } from '../machine.ts';
import { ToldLanes } from './told-lanes.ts';

const lab = asParticipantId('lab-1');
const hash = 'a'.repeat(64) as Hash;

function begin(): { lanes: ToldLanes; phases: () => readonly string[]; reporter: RecordingReporter } {
  const reporter = new RecordingReporter();
  const phases = (): readonly string[] =>
    reporter.events.flatMap(({ type, data }) =>
      type === 'participant_phase' ? [`${(data as { phase: string }).phase} ${(data as { round: number }).round}`] : [],
    );
  return { lanes: new ToldLanes(reporter), phases, reporter };
}

function message(kind: string, round: number, body: object = {}): MachineMessage {
  return { kind, round, body } as MachineMessage;
}

function header(kind: string, round: number, body: object = {}): MessageHeader {
  return { kind, round, body, sender: lab } as unknown as MessageHeader;
}

const step = { epoch: 1, epochs: 1, batch: 3, batches: 9, loss: 0.5 };

test('a round is a lane: from what is sent, acknowledged and answered', () => {
  const { lanes, phases, reporter } = begin();
  lanes.heard(lab, header('register', 0));
  lanes.sent(lab, message('global_model', 1));
  lanes.sent(lab, message('start_training', 1, { base: hash }));
  lanes.delivered(lab, 'start_training', 1);
  assert.deepEqual(phases(), ['wait 0', 'receive 1'], 'the model is not there yet');
  lanes.delivered(lab, 'global_model', 1);
  lanes.heard(lab, header('training_progress', 1, step));
  lanes.transfer(lab, 'model_update', 1);
  lanes.heard(lab, header('model_update', 1));
  lanes.sent(lab, message('update_ack', 1));
  lanes.sent(lab, message('start_evaluation', 1));
  lanes.delivered(lab, 'start_evaluation', 1);
  lanes.heard(lab, header('evaluation_result', 1));
  lanes.sent(lab, message('start_training', 2, { base: hash }));
  lanes.left(lab);
  assert.deepEqual(phases(), [
    'wait 0',
    'receive 1',
    'train 1',
    'send 1',
    'wait 1',
    'receive 1',
    'evaluate 1',
    'wait 1',
    'receive 2',
    'idle 2',
  ]);
  const progress = reporter.events.filter(({ type }) => type === 'training_progress');
  assert.deepEqual(
    progress.map(({ data }) => data),
    [{ participant: lab, round: 1, ...step }],
  );
});

test('a late word of a round that is over changes nothing', () => {
  const { lanes, phases } = begin();
  lanes.sent(lab, message('start_training', 1, { base: hash }));
  lanes.delivered(lab, 'start_training', 1);
  lanes.sent(lab, message('start_evaluation', 1));
  lanes.heard(lab, header('training_progress', 1, step));
  lanes.sent(lab, message('start_training', 2, { base: hash }));
  lanes.heard(lab, header('evaluation_result', 1));
  lanes.sent(lab, message('update_ack', 1));
  lanes.transfer(lab, 'model_update', 1);
  assert.deepEqual(phases(), ['receive 1', 'train 1', 'receive 1', 'receive 2']);
});

test('a model that is late by its acknowledgement holds the training up; once both are there it begins once', () => {
  const { lanes, phases, reporter } = begin();
  lanes.sent(lab, message('start_training', 1, { base: hash }));
  lanes.sent(lab, message('global_model', 1));
  lanes.delivered(lab, 'global_model', 1);
  assert.deepEqual(phases(), ['receive 1']);
  lanes.delivered(lab, 'global_model', 1);
  assert.deepEqual(phases(), ['receive 1'], 'the same acknowledgement twice');
  lanes.delivered(lab, 'start_training', 1);
  lanes.delivered(lab, 'start_training', 1);
  assert.deepEqual(phases(), ['receive 1', 'train 1']);
  const [received] = reporter.events.map(({ data }) => data);
  assert.deepEqual(received, { participant: lab, round: 1, phase: 'receive', modelHash: hash });
});

test('a model alone begins nothing, and what was not sent is not acknowledged', () => {
  const { lanes, phases } = begin();
  lanes.delivered(lab, 'start_training', 1);
  assert.deepEqual(phases(), [], 'of a participant that is not known');
  lanes.sent(lab, message('global_model', 1));
  lanes.delivered(lab, 'start_training', 1);
  lanes.delivered(lab, 'global_model', 2);
  lanes.delivered(lab, 'global_model', 1);
  assert.deepEqual(phases(), ['receive 1']);
});

test('what an earlier round still waited for does not hold up the next one', () => {
  const { lanes, phases } = begin();
  lanes.sent(lab, message('global_model', 1));
  lanes.sent(lab, message('start_training', 1, { base: hash }));
  lanes.sent(lab, message('start_training', 2, { base: hash }));
  lanes.delivered(lab, 'start_training', 1);
  assert.deepEqual(phases(), ['receive 1', 'receive 2'], 'late, of the round before');
  lanes.delivered(lab, 'start_training', 2);
  assert.deepEqual(phases(), ['receive 1', 'receive 2', 'train 2']);
});

test('a model that waits when the round is evaluated does not come from its training', () => {
  const { lanes, phases } = begin();
  lanes.sent(lab, message('start_training', 1, { base: hash }));
  lanes.delivered(lab, 'start_training', 1);
  lanes.sent(lab, message('global_model', 1));
  lanes.sent(lab, message('start_evaluation', 1));
  lanes.delivered(lab, 'start_evaluation', 1);
  assert.deepEqual(phases(), ['receive 1', 'train 1', 'receive 1']);
  lanes.delivered(lab, 'global_model', 1);
  assert.deepEqual(phases(), ['receive 1', 'train 1', 'receive 1', 'evaluate 1']);
});

test('a participant that is not known has neither left nor evaluated; one that is known does not begin again', () => {
  const { lanes, phases } = begin();
  lanes.left(lab);
  lanes.heard(lab, header('evaluation_result', 1));
  lanes.heard(lab, header('goodbye', 1));
  lanes.sent(lab, message('round_status', 1));
  assert.deepEqual(phases(), []);
  lanes.heard(lab, header('training_progress', 3, step));
  lanes.heard(lab, header('register', 0));
  assert.deepEqual(phases(), ['train 3'], 'its work goes on over a link that began again');
  lanes.left(lab);
  lanes.left(lab);
  lanes.heard(lab, header('register', 0));
  assert.deepEqual(phases(), ['train 3', 'idle 3', 'wait 0'], 'after it has left it is a newcomer');
});

test('only the bytes of an update are a phase of their own, and only the round itself counts as evaluated', () => {
  const { lanes, phases } = begin();
  lanes.heard(lab, header('training_progress', 2, step));
  lanes.transfer(lab, 'global_model', 2);
  lanes.heard(lab, header('evaluation_result', 3));
  lanes.heard(lab, header('evaluation_result', 1));
  assert.deepEqual(phases(), ['train 2']);
  lanes.transfer(lab, 'model_update', 2);
  lanes.transfer(lab, 'model_update', 2);
  lanes.heard(lab, header('evaluation_result', 2));
  assert.deepEqual(phases(), ['train 2', 'send 2', 'wait 2']);
});

test('participants have lanes of their own', () => {
  const { lanes, phases, reporter } = begin();
  const other = asParticipantId('lab-2');
  lanes.sent(lab, message('start_training', 1, { base: hash }));
  lanes.sent(other, message('start_training', 1, { base: hash }));
  lanes.delivered(other, 'start_training', 1);
  assert.deepEqual(phases(), ['receive 1', 'receive 1', 'train 1']);
  assert.equal((reporter.events.at(-1)?.data as { participant: string } | undefined)?.participant, other);
});

test('an update that is here was sent, also where no byte of it was counted; a late one is no news', () => {
  const { lanes, phases, reporter } = begin();
  lanes.sent(lab, message('start_training', 2, { base: hash }));
  lanes.heard(lab, header('model_update', 2));
  lanes.delivered(lab, 'start_training', 2);
  lanes.heard(lab, header('model_update', 1));
  assert.deepEqual(phases(), ['receive 2', 'send 2'], 'what it was sent is of no matter any more');
  assert.deepEqual(reporter.events.at(-1)?.data, { participant: lab, round: 2, phase: 'send' });
});

test('while a round is evaluated its training is over, and that of the next one is not', () => {
  const { lanes, phases } = begin();
  lanes.sent(lab, message('start_evaluation', 1));
  lanes.delivered(lab, 'start_evaluation', 1);
  lanes.heard(lab, header('training_progress', 1, step));
  lanes.heard(lab, header('model_update', 1));
  lanes.sent(lab, message('update_ack', 1));
  assert.deepEqual(phases(), ['receive 1', 'evaluate 1']);
  lanes.heard(lab, header('training_progress', 2, step));
  assert.deepEqual(phases(), ['receive 1', 'evaluate 1', 'train 2']);
});
