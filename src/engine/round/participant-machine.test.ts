import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { EventData, EventType } from '#shared/contract/events.ts';
import { asParticipantId, type MessageId, type RunId } from '#shared/contract/ids.ts';
import { contractVersion, type BodyOf, type MessageHeader, type MessageKind } from '#shared/contract/messages.ts';
import { toyLoaded } from '#test/simulation/toy-model.ts';
import { hashOf } from '#test/support/coordinator-kit.ts';
import type { MachineMessage } from './machine.ts';
import { advanceParticipant, startParticipant } from './participant-machine.ts';
import type {
  ModelFinding,
  ParticipantConfig,
  ParticipantEffect,
  ParticipantInput,
  ParticipantState,
} from './participant-state.ts';

const config: BodyOf<'training_config'> = {
  model: {
    inputShape: [1, 1, 3],
    numClasses: 2,
    layers: [{ type: 'flatten' }, { type: 'dense', units: 2, activation: 'none' }],
  },
  localEpochs: 1,
  batchSize: 8,
  learningRate: 0.1,
  optimizer: 'sgd',
  seed: 1,
};
const plan: BodyOf<'run_plan'> = {
  runName: 'kit',
  rounds: 3,
  minimumParticipants: 1,
  quorum: 1,
  localEpochs: 1,
  batchSize: 8,
  learningRate: 0.1,
  optimizer: 'sgd',
  trainingDeadlineMs: 1000,
  model: config.model,
  parameters: 8,
  classes: ['a', 'b'],
  baselineAccuracy: 0.5,
  registered: 0,
  round: 0,
  phase: 'registering',
  nameTaken: false,
  software: '1',
};
const statusBody: BodyOf<'round_status'> = {
  phase: 'training',
  waitingFor: [],
  reported: [],
  selected: [],
  quorum: 1,
  deadlineAt: 0,
  nextAction: '',
};
const summaryBody: BodyOf<'round_summary'> = {
  loss: 1,
  accuracy: 0.5,
  contributions: [],
  missing: [],
  durationMs: 1,
  modelBefore: hashOf('base'),
  modelAfter: hashOf('next'),
};
const base = hashOf('base');
const next = hashOf('next');

class Kit {
  state: ParticipantState;
  effects: ParticipantEffect[] = [];
  nowMs = 0;

  constructor(kept?: ParticipantConfig['kept']) {
    const step = startParticipant(
      { name: asParticipantId('node-1'), key: 'key', trainer: 'kit', kept },
      { monotonicMs: 0, wallMs: 0 },
    );
    this.state = step.state;
    this.effects.push(...step.effects);
  }

  feed(input: ParticipantInput): void {
    const step = advanceParticipant(this.state, input, { monotonicMs: this.nowMs, wallMs: this.nowMs });
    this.state = step.state;
    this.effects.push(...step.effects);
  }

  hear<K extends MessageKind>(
    kind: K,
    round: number,
    body: BodyOf<K>,
    model?: { readonly hash: string; readonly finding?: ModelFinding },
  ): void {
    const header = {
      version: contractVersion,
      run: 'kit' as RunId,
      sender: 'coordinator',
      kind,
      round,
      id: 'm' as MessageId,
      sentAt: 0,
      body,
      ...(model === undefined ? {} : { payload: { hash: model.hash, length: 32, encoding: 'safetensors' } }),
    } as unknown as MessageHeader;
    this.feed({
      kind: 'message',
      header,
      model: model === undefined ? undefined : (model.finding ?? { ok: true, tensors: [] }),
    });
  }

  planned(): this {
    this.hear('run_plan', 0, plan);
    this.feed({ kind: 'prepared', loaded: toyLoaded(plan.classes, plan.model.inputShape) });
    return this;
  }

  configured(): this {
    this.planned();
    this.hear('training_config', 0, config);
    return this;
  }

  model(round: number, hash: string, purpose: 'train' | 'evaluate' = 'train'): void {
    this.hear('global_model', round, { purpose }, { hash });
  }

  train(round: number, hash = base): void {
    this.hear('start_training', round, { deadlineMs: 1000, base: hash });
  }

  evaluate(round: number, hash = next): void {
    this.hear('start_evaluation', round, { deadlineMs: 1000, model: hash });
  }

  trained(job = this.state.task?.job ?? 0): void {
    this.feed({
      kind: 'trained',
      job,
      hash: hashOf(`update ${job}`),
      sizeBytes: 32,
      result: { examples: 100, loss: 1, accuracy: 0.5, trainMs: 1, norm: 1 },
    });
  }

  of<K extends ParticipantEffect['kind']>(kind: K): Extract<ParticipantEffect, { kind: K }>[] {
    return this.effects.filter((effect): effect is Extract<ParticipantEffect, { kind: K }> => effect.kind === kind);
  }

  sent<K extends MessageKind>(kind: K): Extract<MachineMessage, { kind: K }>[] {
    return this.of('send').flatMap(({ message }) =>
      message.kind === kind ? [message as Extract<MachineMessage, { kind: K }>] : [],
    );
  }

  events<T extends EventType>(type: T): EventData<T>[] {
    return this.of('report').flatMap((effect) => (effect.type === type ? [effect.data as EventData<T>] : []));
  }

  get phases(): string[] {
    return this.events('participant_phase').map(({ phase, round }) => `${phase} ${round}`);
  }
}

describe('participant machine', () => {
  test('a round, with a lane segment for each part of it', () => {
    const kit = new Kit().configured();
    kit.train(1);
    kit.model(1, base);
    kit.trained();
    kit.hear('update_ack', 1, { accepted: true, contribution: hashOf('update 1') });
    kit.evaluate(1);
    kit.model(1, next, 'evaluate');
    kit.feed({ kind: 'evaluated', job: 2, result: { loss: 1, accuracy: 0.5, examples: 10 } });
    kit.train(2, next);
    assert.deepEqual(kit.phases, [
      'wait 0',
      'receive 1',
      'train 1',
      'send 1',
      'wait 1',
      'receive 1',
      'evaluate 1',
      'wait 1',
      'train 2',
    ]);
    assert.deepEqual(
      kit.sent('model_update').map(({ model, body }) => [model, body.base]),
      [[hashOf('update 1'), base]],
    );
    assert.equal(kit.of('train')[1]?.model.hash, next, 'the evaluated model is the one to train from');
  });

  test('model, start and configuration may come in any order', () => {
    const steps: Record<string, (kit: Kit) => void> = {
      c: (kit) => kit.hear('training_config', 0, config),
      m: (kit) => kit.model(1, base),
      s: (kit) => kit.train(1),
    };
    for (const order of ['cms', 'csm', 'mcs', 'msc', 'scm', 'smc'].map((letters) => letters.split(''))) {
      const kit = new Kit().planned();
      for (const [k, step] of order.entries()) {
        assert.equal(kit.of('train').length, 0, `${order.join('')} after ${k}`);
        steps[step]?.(kit);
      }
      assert.deepEqual(
        kit.of('train').map(({ round, model }) => [round, model.hash]),
        [[1, base]],
        order.join(''),
      );
    }
  });

  test('without a hash, the model of the round is meant', () => {
    const kit = new Kit().configured();
    kit.model(1, base);
    kit.hear('start_training', 1, { deadlineMs: 1 });
    assert.equal(kit.of('train')[0]?.model.hash, base);
  });

  test('a newer task ends an older one, whose late result is ignored', () => {
    const kit = new Kit().configured();
    kit.model(1, base);
    kit.train(1);
    kit.model(2, next);
    kit.train(2, next);
    assert.deepEqual(
      kit.of('abort_work').map(({ job }) => job),
      [1],
    );
    kit.trained(1);
    assert.equal(kit.sent('model_update').length, 0);
    kit.train(1);
    assert.equal(kit.of('train').length, 2, 'an older start is ignored');
  });

  test('start_evaluation ends a training that came too late', () => {
    const kit = new Kit().configured();
    kit.model(1, base);
    kit.train(1);
    kit.model(1, next, 'evaluate');
    kit.evaluate(1);
    assert.deepEqual([kit.of('abort_work').length, kit.of('evaluate').length], [1, 1]);
  });

  test('asked again for what is done, it gives the same answer', () => {
    const kit = new Kit().configured();
    kit.model(1, base);
    kit.train(1);
    kit.train(1);
    assert.equal(kit.of('train').length, 1);
    kit.trained();
    kit.train(1);
    assert.deepEqual(
      kit.sent('model_update').map(({ model }) => model),
      [hashOf('update 1'), hashOf('update 1')],
    );
    kit.model(1, next, 'evaluate');
    kit.evaluate(1);
    kit.feed({ kind: 'evaluated', job: 2, result: { loss: 1, accuracy: 0.5, examples: 10 } });
    kit.evaluate(1);
    assert.equal(kit.sent('evaluation_result').length, 2);
    assert.equal(kit.of('evaluate').length, 1);
  });

  test('progress is told at most four times a second, and at the end', () => {
    const kit = new Kit().configured();
    kit.model(1, base);
    kit.train(1);
    for (let batch = 1; batch <= 100; batch++) {
      kit.nowMs += 10;
      kit.feed({ kind: 'progress', job: 1, progress: { epoch: 1, epochs: 1, batch, batches: 100, loss: 1 } });
    }
    assert.deepEqual(
      kit.sent('training_progress').map(({ body }) => body.batch),
      [1, 26, 51, 76, 100],
    );
    assert.equal(kit.events('training_progress').length, 5);
  });

  test('at most two models are kept', () => {
    const kit = new Kit().configured();
    for (let round = 1; round <= 5; round++) kit.model(round, hashOf(`m${round}`));
    assert.deepEqual(
      kit.state.models.map(({ hash }) => hash),
      [hashOf('m4'), hashOf('m5')],
    );
  });

  test('work that fails is said to the coordinator, with code and reason', () => {
    const kit = new Kit().configured();
    kit.model(1, base);
    kit.train(1);
    kit.feed({ kind: 'work_failed', job: 1, code: 'training_failed', reason: 'no memory' });
    assert.deepEqual(
      kit.sent('error').map(({ round, body }) => [round, body]),
      [[1, { code: 'training_failed', reason: 'training of round 1 failed: no memory' }]],
    );
    assert.equal(kit.state.phase, 'wait');
  });

  test('data that is away when it is read again: the path is told here, to the coordinator only that it is so; the next round is tried', () => {
    const kit = new Kit().configured();
    kit.model(1, base);
    kit.train(1);
    const reason = 'The data folder /home/ada/faces does not exist.';
    kit.feed({ kind: 'work_failed', job: 1, code: 'data_missing', reason });
    assert.deepEqual(
      kit.sent('error').map(({ body }) => body),
      [{ code: 'data_missing', reason: 'training of round 1 failed: its data cannot be read any more' }],
    );
    assert.match(kit.events('notice').at(-1)?.text ?? '', /\/home\/ada\/faces does not exist/);
    assert.deepEqual([kit.state.outcome, kit.state.phase], [null, 'wait']);
    kit.model(2, next);
    kit.train(2, next);
    assert.equal(kit.of('train').length, 2);
  });

  test('a model that cannot be read is said to the coordinator', () => {
    const kit = new Kit().configured();
    kit.hear(
      'global_model',
      1,
      { purpose: 'train' },
      { hash: base, finding: { ok: false, code: 'payload_malformed', reason: 'too short' } },
    );
    assert.equal(kit.sent('error')[0]?.body.code, 'payload_malformed');
  });

  test('a refused update is a notice with its code', () => {
    const kit = new Kit().configured();
    kit.model(1, base);
    kit.train(1);
    kit.trained();
    kit.hear('update_ack', 1, {
      accepted: false,
      contribution: hashOf('update 1'),
      code: 'update_not_finite',
      reason: 'NaN',
    });
    assert.equal(kit.events('notice')[0]?.error?.code, 'update_not_finite');
    assert.equal(kit.state.phase, 'wait');
  });

  test('each judgement of an update is told once, also a late one, with its order and size', () => {
    const kit = new Kit().configured();
    kit.model(1, base);
    kit.train(1);
    kit.trained();
    kit.model(2, next);
    kit.train(2, next);
    kit.trained();
    const late = { accepted: false, contribution: hashOf('update 1'), reason: 'training of round 1 is over' };
    kit.hear('update_ack', 1, { ...late, code: 'round_mismatch' });
    const counted = { accepted: true, contribution: hashOf('update 2'), order: 3 };
    for (let times = 0; times < 2; times++) kit.hear('update_ack', 2, counted);
    kit.hear('update_ack', 2, { accepted: true, contribution: hashOf('of another') });
    assert.deepEqual(
      kit
        .events('update_acknowledged')
        .map(({ round, accepted, reason, order, sizeBytes }) => [round, accepted, reason, order, sizeBytes]),
      [
        [1, false, 'training of round 1 is over', null, 32],
        [2, true, '', 3, 32],
      ],
    );
    assert.equal(kit.state.phase, 'wait', 'the late judgement of one round is not that of the next');
    assert.deepEqual(
      kit.of('forget_update').map(({ hash }) => hash),
      [hashOf('update 1'), hashOf('update 2')],
    );
  });

  test('of an update that a former process computed it is told as of its own, whether it is sent or judged first', () => {
    const body = { examples: 100, loss: 1, accuracy: 0.5, trainMs: 7, norm: 1, base };
    const kept = { round: 1, hash: hashOf('kept'), body, sizeBytes: 64 };
    const ack = { accepted: true, contribution: hashOf('kept'), order: 1 };
    for (const first of ['sent', 'judged']) {
      const kit = new Kit(kept).configured();
      if (first === 'sent') kit.train(1);
      kit.hear('update_ack', 1, ack);
      kit.train(1);
      const told = kit.of('report').flatMap(({ type }) => (/^(training_done|update_ack)/.test(type) ? [type] : []));
      assert.deepEqual(told, ['training_done', 'update_acknowledged'], first);
      assert.equal(kit.events('training_done')[0]?.durationMs, 7);
      assert.equal(kit.events('update_acknowledged')[0]?.sizeBytes, 64);
    }
  });

  test('a coordinator that knows it no longer is told again who it is, but not in a loop', () => {
    const kit = new Kit().planned();
    for (const nowMs of [10, 1_500, 1_600, 3_000]) {
      kit.nowMs = nowMs;
      kit.hear('error', 0, { code: 'not_registered', reason: 'who are you' });
    }
    assert.equal(kit.sent('register').length, 3);
  });

  test('the plan comes first, then the data is fitted to it, and only then does it say who it is', () => {
    const kit = new Kit();
    assert.deepEqual([kit.sent('register').length, kit.of('prepare').length], [0, 0]);
    kit.hear('run_plan', 2, { ...plan, round: 2 });
    assert.deepEqual([kit.sent('register').length, kit.of('prepare').length], [0, 1]);
    kit.feed({ kind: 'prepared', loaded: toyLoaded(plan.classes, [1, 1, 3]) });
    assert.deepEqual(
      kit.sent('register').map(({ round, body }) => [round, body.data.classes]),
      [[2, ['a', 'b']]],
    );
    assert.equal(kit.events('data_loaded')[0]?.participant, 'node-1');
  });

  test('after a restart of the coordinator it registers again and loads nothing again', () => {
    const kit = new Kit().planned();
    kit.feed({ kind: 'link_anew' });
    assert.equal(kit.sent('register').length, 2);
    kit.hear('run_plan', 1, { ...plan, round: 1, phase: 'training', registered: 1 });
    assert.deepEqual([kit.sent('register').length, kit.of('prepare').length], [2, 1], 'once, whichever comes first');
  });

  test('a coordinator that was restarted while data was loading is told when it is loaded', () => {
    const kit = new Kit();
    kit.hear('run_plan', 0, plan);
    kit.feed({ kind: 'link_anew' });
    kit.hear('run_plan', 0, plan);
    assert.equal(kit.sent('register').length, 0);
    kit.feed({ kind: 'prepared', loaded: toyLoaded(plan.classes, [1, 1, 3]) });
    assert.deepEqual([kit.sent('register').length, kit.of('prepare').length], [1, 1]);
  });

  const refusals: Record<string, { readonly act: (kit: Kit) => void; readonly code: string; readonly says: RegExp }> = {
    'data that does not fit': {
      act: (kit) => {
        kit.hear('run_plan', 0, plan);
        const error = { code: 'classes_unknown', layer: 'data', message: 'no "Happy" here' } as const;
        kit.feed({ kind: 'misfit', error: { ...error, retryable: false, context: {}, causes: [] } });
      },
      code: 'classes_unknown',
      says: /no "Happy" here/,
    },
    'no plan in good time': {
      act: (kit) => kit.feed({ kind: 'no_plan', waitedMs: 30_000 }),
      code: 'timeout',
      says: /has not told what its run is about for 30 s/,
    },
    'a plan that cannot be read': {
      act: (kit) =>
        kit.feed({ kind: 'unreadable_plan', code: 'header_invalid', reason: 'body of run_plan is not valid at model' }),
      code: 'header_invalid',
      says: /plan of the run cannot be used: body of run_plan is not valid at model/,
    },
    'another plan than before': {
      act: (kit) => kit.planned().hear('run_plan', 0, { ...plan, classes: ['b', 'a'] }),
      code: 'run_mismatch',
      says: /other classes/,
    },
    'a name that is taken': {
      act: (kit) => kit.planned().hear('error', 0, { code: 'participant_name_taken', reason: 'node-1 is taken' }),
      code: 'participant_name_taken',
      says: /is taken/,
    },
  };
  for (const [what, { act, code, says }] of Object.entries(refusals)) {
    test(`${what}: it ends, with a code`, () => {
      const kit = new Kit();
      act(kit);
      const [end] = kit.of('end');
      assert.deepEqual([end?.outcome.status, end?.outcome.error?.code], ['failed', code]);
      assert.match(end?.outcome.reason ?? '', says);
    });
  }

  const ends: Record<string, { readonly act: (kit: Kit) => void; readonly status: string }> = {
    training_complete: {
      act: (kit) =>
        kit.hear('training_complete', 3, {
          status: 'completed',
          reason: 'done',
          roundsCompleted: 3,
          loss: 1,
          accuracy: 0.9,
        }),
      status: 'completed',
    },
    'a refusal for good': {
      act: (kit) => kit.hear('error', 0, { code: 'participant_name_taken', reason: 'taken' }),
      status: 'failed',
    },
    goodbye: { act: (kit) => kit.hear('goodbye', 0, { code: 'clean', reason: '' }), status: 'interrupted' },
    'a closed link': { act: (kit) => kit.feed({ kind: 'link_closed', reason: 'no answer' }), status: 'failed' },
    'a stop': { act: (kit) => kit.feed({ kind: 'stop', reason: 'by hand' }), status: 'interrupted' },
  };
  for (const [what, { act, status }] of Object.entries(ends)) {
    test(`${what} ends it as ${status} and ends its work`, () => {
      const kit = new Kit().configured();
      kit.model(1, base);
      kit.train(1);
      act(kit);
      assert.deepEqual(
        kit.of('end').map(({ outcome }) => outcome.status),
        [status],
      );
      assert.equal(kit.of('abort_work').length, 1);
      assert.equal(kit.phases.at(-1), 'idle 1');
      act(kit);
      assert.equal(kit.of('end').length, 1);
    });
  }
});

describe('a participant whose user pauses it', () => {
  const pause = (kit: Kit, on: boolean) => kit.feed({ kind: 'pause', on, reason: 'battery' });

  test('stands still in its training, says so, and goes on with the same job', () => {
    const kit = new Kit().configured();
    kit.train(1);
    kit.model(1, base);
    pause(kit, true);
    pause(kit, true);
    assert.deepEqual(
      kit.of('hold_work').map(({ on }) => on),
      [true],
    );
    assert.deepEqual(
      kit.sent('pause').map(({ body }) => body.reason),
      ['battery'],
    );
    assert.deepEqual(kit.of('abort_work'), []);
    pause(kit, false);
    assert.deepEqual(
      kit.of('hold_work').map(({ on }) => on),
      [true, false],
    );
    assert.equal(kit.sent('resume').length, 1);
    assert.equal(kit.of('train').length, 1);
    kit.trained();
    assert.equal(kit.sent('model_update').length, 1);
    assert.deepEqual(
      kit.events('participant_paused').map(({ paused }) => paused),
      [true, false],
    );
    assert.deepEqual(kit.phases.slice(-4), ['train 1', 'idle 1', 'train 1', 'send 1']);
  });

  test('keeps what it is asked for meanwhile and does it afterwards', () => {
    const kit = new Kit().configured();
    pause(kit, true);
    kit.train(1);
    kit.model(1, base);
    assert.deepEqual(kit.of('train'), []);
    pause(kit, false);
    assert.equal(kit.of('train')[0]?.round, 1);
  });

  for (const [what, over] of Object.entries({
    'a status of a later round': (kit: Kit) => kit.hear('round_status', 3, statusBody),
    'the summary of its round': (kit: Kit) => kit.hear('round_summary', 1, summaryBody),
  })) {
    test(`gives up the work of a round that is over, as ${what} says, and waits to be asked`, () => {
      const kit = new Kit().configured();
      kit.train(1);
      kit.model(1, base);
      kit.hear('round_status', 1, statusBody);
      pause(kit, true);
      assert.deepEqual(kit.of('abort_work'), [], 'its own round still runs');
      over(kit);
      assert.equal(kit.of('abort_work').length, 1);
      pause(kit, false);
      assert.equal(kit.of('train').length, 1, 'nothing is taken up again');
      assert.equal(kit.phases.at(-1), 'wait 1');
      kit.train(4, next);
      kit.model(4, next);
      assert.equal(kit.of('train').at(-1)?.round, 4);
    });
  }

  test('sends what it had finished', () => {
    const kit = new Kit().configured();
    kit.train(1);
    kit.model(1, base);
    pause(kit, true);
    kit.trained();
    assert.equal(kit.sent('model_update').length, 1);
  });

  test('tells each life of the coordinator again, and none before it has introduced itself', () => {
    const kit = new Kit();
    pause(kit, true);
    assert.deepEqual(kit.sent('pause'), []);
    kit.configured();
    assert.equal(kit.sent('pause').length, 1);
    kit.feed({ kind: 'link_anew' });
    assert.equal(kit.sent('pause').length, 2);
    const kinds = kit.of('send').map(({ message }) => message.kind);
    assert.ok(kinds.lastIndexOf('pause') > kinds.lastIndexOf('register'), 'it is known before it pauses');
  });
});
