import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CoordinatorKit, hashOf, started, three, trained } from '#test/support/kits/coordinator-kit.ts';
import { asParticipantId } from '#shared/contract/ids.ts';
import { awayMs } from '../state.ts';

const misses = ({ state }: CoordinatorKit): number[] => [...state.participants.values()].map((one) => one.misses);
const step = { epoch: 1, epochs: 1, batch: 1, batches: 4, loss: 1 };
const update = { examples: 100, base: hashOf('initial'), loss: 1, accuracy: 0.5, trainMs: 1, norm: 1 };

describe('who is asked to train', () => {
  test('in the first round all who registered, also one whose link is down since', () => {
    const kit = new CoordinatorKit();
    kit.join('node-1');
    kit.down('node-1');
    kit.pass(awayMs + 1);
    kit.join('node-2');
    kit.join('node-3');
    assert.deepEqual(kit.events('round_started')[0]?.selected, three);
  });

  test('later only who is here', () => {
    const kit = trained(started({ evaluationDeadlineMs: 60_000 }));
    kit.aggregated();
    kit.evaluate('node-1');
    kit.evaluate('node-2');
    kit.down('node-3');
    kit.pass(awayMs + 1);
    kit.evaluate('node-3');
    assert.deepEqual(kit.events('round_started')[1]?.selected, ['node-1', 'node-2']);
  });
});

describe('what comes from who is not asked, or without what it is about', () => {
  test('progress of one that takes part from the next round changes nothing', () => {
    const kit = started();
    kit.join('node-4');
    kit.say('node-4', 'training_progress', step);
    assert.deepEqual([kit.state.phase, [...kit.state.members.keys()]], ['distributing', three]);
  });

  test('bytes of one that is not asked, or of another round, are not shown', () => {
    const kit = started();
    kit.join('node-4');
    const bytes = { of: 'model_update', direction: 'up', sentBytes: 5, totalBytes: 9 } as const;
    const told = (name: string, round: number): unknown => {
      kit.feed({ kind: 'transfer', participant: asParticipantId(name), round, ...bytes });
      return kit.state.members.get(asParticipantId(name))?.transfer;
    };
    assert.equal(told('node-4', 1), undefined);
    assert.equal(told('node-1', 2), null);
    assert.deepEqual(told('node-1', 1), {
      kind: 'model_update',
      direction: 'up',
      sentBytes: 5,
      totalBytes: 9,
      atMs: 0,
    });
  });

  test('an update without bytes, or that nobody has checked, is neither counted nor answered', () => {
    const kit = started().clear();
    kit.say('node-1', 'model_update', update, { hash: hashOf('an update') });
    kit.say('node-1', 'model_update', update, { update: { ok: true, parameters: [] } });
    assert.deepEqual([kit.sent('update_ack'), kit.events('update_received')], [[], []]);
    kit.say('node-1', 'model_update', update, { hash: hashOf('an update'), update: { ok: true, parameters: [] } });
    assert.equal(kit.sent('update_ack').length, 1);
  });
});

describe('what an update is answered', () => {
  test('one that counts has its place and no reason; a second copy has the same place, and a reason only here', () => {
    const kit = started().clear();
    kit.update('node-1');
    kit.update('node-1');
    const contribution = hashOf('node-1 1');
    assert.deepEqual(
      kit.sent('update_ack').map(({ body }) => body),
      [
        { accepted: true, contribution, order: 1 },
        { accepted: true, contribution, reason: 'counted already', order: 1 },
      ],
    );
    assert.deepEqual(
      kit.events('update_received').map((data) => ['code' in data, data.counted, data.reason]),
      [
        [false, true, ''],
        [false, false, 'counted already'],
      ],
    );
  });

  test('a copy that comes when the next round is under way has no place in that one', () => {
    const kit = trained(started());
    kit.aggregated();
    for (const name of three) kit.evaluate(name);
    kit.update('node-1');
    kit.clear().update('node-2', { round: 1 });
    assert.deepEqual(
      kit.sent('update_ack').map(({ round, body }) => [round, body]),
      [[1, { accepted: true, contribution: hashOf('node-2 1'), reason: 'counted already' }]],
    );
  });

  test('what was refused is refused in the same words again, another one because of it', () => {
    const kit = started().clear();
    const bad = { finding: { ok: false, code: 'update_not_finite', reason: 'element 3 is NaN' } } as const;
    kit.update('node-1', bad);
    kit.update('node-1', bad);
    kit.update('node-1', { hash: hashOf('second thoughts') });
    assert.deepEqual(
      kit.sent('update_ack').map(({ body }) => [body.accepted, body.code, body.reason]),
      [
        [false, 'update_not_finite', 'element 3 is NaN'],
        [false, 'update_not_finite', 'element 3 is NaN'],
        [false, 'update_duplicate', 'an update of round 1 was refused already'],
      ],
    );
    assert.equal(kit.state.members.get(asParticipantId('node-1'))?.delivered, true, 'it had what it needs');
    assert.equal(kit.state.phase, 'training', 'the time for training has begun with it');
  });
});

describe('the deadline of a round', () => {
  test('is missed by those who are waited for then, each by one, until they contribute', () => {
    const kit = trained(started(), ['node-1', 'node-2']);
    kit.pass(20_000);
    assert.equal(kit.state.phase, 'aggregating');
    assert.deepEqual(misses(kit), [0, 0, 1]);
    kit.aggregated();
    for (const name of ['node-1', 'node-2']) kit.evaluate(name);
    trained(kit, ['node-1', 'node-2']);
    kit.pass(20_000);
    assert.deepEqual(misses(kit), [0, 0, 2]);
    kit.aggregated();
    for (const name of ['node-1', 'node-2']) kit.evaluate(name);
    kit.update('node-3');
    assert.deepEqual(misses(kit), [0, 0, 0]);
  });

  test('of an evaluation is missed in the same way, and its quorum of results is enough', () => {
    const kit = trained(started());
    kit.aggregated();
    kit.evaluate('node-1');
    kit.evaluate('node-2');
    kit.pass(9_999);
    assert.equal(kit.state.round, 1);
    kit.pass(1);
    assert.deepEqual([kit.state.round, misses(kit)], [2, [0, 0, 1]]);
  });

  test('one result fewer than the quorum ends the run', () => {
    const kit = trained(started());
    kit.aggregated();
    kit.evaluate('node-1');
    kit.pass(10_000);
    assert.match(
      kit.state.outcome?.reason ?? '',
      /^round 1: 1 of the 2 evaluations that its quorum needs came by the deadline/,
    );
  });
});

test('while all pause the round stays as it is, and goes on with the first that resumes', () => {
  const kit = started();
  for (const name of three) kit.say(name, 'pause', { reason: 'battery' });
  const phase = kit.state.phase;
  kit.clear().pass(60_000);
  assert.deepEqual([kit.state.phase, kit.state.round, [...kit.state.members.keys()]], [phase, 1, three]);
  kit.say('node-2', 'resume', {});
  assert.deepEqual([kit.events('round_started'), kit.state.deadlineMs], [[], 80_000]);
  kit.update('node-2');
  assert.deepEqual(
    kit.effect('aggregate').map(({ contributions }) => contributions.map(({ participant }) => participant)),
    [['node-2']],
  );
});
