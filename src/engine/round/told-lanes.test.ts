import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asParticipantId, type Hash } from '#shared/contract/ids.ts';
import type { MessageHeader } from '#shared/contract/messages.ts';
import { RecordingReporter } from '#test/support/recording-reporter.ts';
import type { MachineMessage } from './machine.ts';
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
