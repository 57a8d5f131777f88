import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { hashOf } from '#test/support/kits/coordinator-kit.ts';
import { base, next, ParticipantKit, statusBody } from '#test/support/kits/participant-kit.ts';

describe('updates of a participant', () => {
  test('a refused update is a notice with its code', () => {
    const kit = new ParticipantKit().configured();
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

  test('each decision on an update is told once, also a late one, with its order and size', () => {
    const kit = new ParticipantKit().configured();
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
    assert.equal(kit.state.phase, 'wait', 'the late decision of one round is not that of the next');
    assert.deepEqual(
      kit.of('forget_update').map(({ hash }) => hash),
      [hashOf('update 1'), hashOf('update 2')],
    );
  });

  test('of an update that a former process computed it is told as of its own, whether it is sent or checked first', () => {
    const body = { examples: 100, loss: 1, accuracy: 0.5, trainMs: 7, norm: 1, base };
    const kept = { round: 1, hash: hashOf('kept'), body, sizeBytes: 64 };
    const ack = { accepted: true, contribution: hashOf('kept'), order: 1 };
    for (const first of ['sent', 'checked']) {
      const kit = new ParticipantKit(kept).configured();
      if (first === 'sent') kit.train(1);
      kit.hear('update_ack', 1, ack);
      kit.train(1);
      const told = kit.of('report').flatMap(({ type }) => (/^(training_done|update_ack)/.test(type) ? [type] : []));
      assert.deepEqual(told, ['training_done', 'update_acknowledged'], first);
      assert.equal(kit.events('training_done')[0]?.durationMs, 7);
      assert.equal(kit.events('update_acknowledged')[0]?.sizeBytes, 64);
    }
  });

  test('one whose round is over is given up where it has not been sent whole, and told once as not counted', () => {
    const kit = new ParticipantKit().configured();
    kit.model(1, base);
    kit.train(1);
    kit.trained();
    kit.hear('round_status', 1, statusBody);
    assert.deepEqual(kit.of('withdraw_updates'), [], 'its own round still runs');
    kit.hear('round_status', 2, statusBody);
    assert.deepEqual(
      kit.of('withdraw_updates').map(({ last }) => last),
      [1],
    );
    const gone = { kind: 'withdrawn', round: 1, hash: hashOf('update 1'), reason: 'round 1 was over' } as const;
    for (let times = 0; times < 2; times++) kit.feed(gone);
    assert.deepEqual(
      kit.events('update_acknowledged').map(({ round, accepted, reason }) => [round, accepted, reason]),
      [[1, false, 'round 1 was over']],
    );
    assert.equal(kit.of('forget_update').length, 1);
    assert.equal(kit.phases.at(-1), 'wait 1');
    kit.hear('round_status', 3, statusBody);
    assert.equal(kit.of('withdraw_updates').length, 1, 'nothing is left to be given up');
  });
});
