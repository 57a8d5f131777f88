import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { hashOf } from '#test/support/kits/coordinator-kit.ts';
import { base, config, next, ParticipantKit } from '#test/support/kits/participant-kit.ts';

describe('what a participant is asked to do', () => {
  test('a round, with a lane segment for each part of it', () => {
    const kit = new ParticipantKit().configured();
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
    const steps: Record<string, (kit: ParticipantKit) => void> = {
      c: (kit) => kit.hear('training_config', 0, config),
      m: (kit) => kit.model(1, base),
      s: (kit) => kit.train(1),
    };
    for (const order of ['cms', 'csm', 'mcs', 'msc', 'scm', 'smc'].map((letters) => letters.split(''))) {
      const kit = new ParticipantKit().planned();
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
    const kit = new ParticipantKit().configured();
    kit.model(1, base);
    kit.hear('start_training', 1, { deadlineMs: 1 });
    assert.equal(kit.of('train')[0]?.model.hash, base);
  });

  test('a newer task ends an older one, whose late result is ignored', () => {
    const kit = new ParticipantKit().configured();
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
    const kit = new ParticipantKit().configured();
    kit.model(1, base);
    kit.train(1);
    kit.model(1, next, 'evaluate');
    kit.evaluate(1);
    assert.deepEqual([kit.of('abort_work').length, kit.of('evaluate').length], [1, 1]);
  });

  test('asked again for what is done, it gives the same answer', () => {
    const kit = new ParticipantKit().configured();
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
    const kit = new ParticipantKit().configured();
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
    const kit = new ParticipantKit().configured();
    for (let round = 1; round <= 5; round++) kit.model(round, hashOf(`m${round}`));
    assert.deepEqual(
      kit.state.models.map(({ hash }) => hash),
      [hashOf('m4'), hashOf('m5')],
    );
  });

  test('work that fails is said to the coordinator, with code and reason', () => {
    const kit = new ParticipantKit().configured();
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
    const kit = new ParticipantKit().configured();
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
    const kit = new ParticipantKit().configured();
    kit.hear(
      'global_model',
      1,
      { purpose: 'train' },
      { hash: base, finding: { ok: false, code: 'payload_malformed', reason: 'too short' } },
    );
    assert.equal(kit.sent('error')[0]?.body.code, 'payload_malformed');
  });
});
