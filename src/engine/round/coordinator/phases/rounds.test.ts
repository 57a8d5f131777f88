import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  CoordinatorKit,
  finishRound,
  hashOf,
  initialModel,
  started,
  three,
  trained,
} from '#test/support/kits/coordinator-kit.ts';

describe('deadlines', () => {
  test('with quorum the round goes on without the missing', () => {
    const kit = started();
    trained(kit, ['node-1', 'node-2']);
    kit.pass(19_999);
    assert.equal(kit.state.phase, 'training');
    kit.pass(1);
    assert.equal(kit.state.phase, 'aggregating');
    kit.aggregated();
    assert.equal(kit.state.members.get('node-3' as never)?.evaluates, 'asked');
    kit.evaluate('node-1');
    kit.evaluate('node-2');
    assert.deepEqual(kit.events('round_ended')[0]?.missing, ['node-3']);
  });

  test('below quorum the run ends as stalled and names those who were waited for', () => {
    const kit = started();
    kit.update('node-2');
    kit.pass(20_000);
    assert.equal(kit.state.outcome?.status, 'stalled');
    assert.match(kit.state.outcome?.reason ?? '', /round 1: 1 of the 2 updates.*node-1.*node-3/);
    assert.deepEqual(
      kit.sent('training_complete').map(({ body }) => body.status),
      ['stalled', 'stalled', 'stalled'],
    );
  });

  test('keep to a clock that nobody sets: one that jumps by an hour either way ends no round early and none late', () => {
    for (const jumpMs of [3_600_000, -3_600_000]) {
      const kit = started();
      kit.pass(5_000);
      kit.wallOriginMs += jumpMs;
      kit.update('node-1');
      const told = kit.sent('round_status').at(-1)?.body.deadlineAt ?? 0;
      assert.equal(Math.round(told - kit.wallOriginMs), 25_000, 'the deadline is told in the time that is shown now');
      kit.pass(19_999);
      assert.deepEqual([kit.state.phase, kit.state.outcome], ['training', null]);
      kit.update('node-2');
      kit.update('node-3');
      kit.aggregated();
      for (const name of three) kit.evaluate(name);
      assert.equal(kit.events('round_ended')[0]?.durationMs, 24_999);
      assert.equal(kit.state.outcome, null);
    }
  });

  test('the same for evaluations', () => {
    const kit = trained(started());
    kit.aggregated();
    kit.evaluate('node-1');
    kit.pass(10_000);
    assert.match(kit.state.outcome?.reason ?? '', /round 1: 1 of the 2 evaluations.*node-2.*node-3/);
  });

  test('who let two deadlines pass is asked again and not waited for, until it contributes', () => {
    const kit = started();
    for (const round of [1, 2]) {
      assert.equal(kit.state.round, round);
      trained(kit, ['node-1', 'node-2']);
      kit.pass(20_000);
      kit.aggregated();
      kit.evaluate('node-1');
      kit.evaluate('node-2');
    }
    assert.equal(kit.state.round, 3);
    assert.equal(kit.sent('start_training', 'node-3').length, 3);
    kit.update('node-3');
    trained(kit, ['node-1', 'node-2']);
    assert.equal(kit.state.phase, 'aggregating');
    assert.equal(kit.effect('aggregate').at(-1)?.contributions.length, 3, 'in time, it counts');
  });

  test('a participant whose link has been down for long is not selected until it is back', () => {
    const kit = started();
    kit.down('node-3');
    trained(kit, ['node-1', 'node-2']);
    kit.pass(20_000);
    kit.aggregated();
    for (const name of ['node-1', 'node-2']) kit.evaluate(name);
    assert.deepEqual(kit.events('round_started').at(-1)?.selected, ['node-1', 'node-2']);
    kit.up('node-3');
    trained(kit, ['node-1', 'node-2']).aggregated();
    for (const name of ['node-1', 'node-2']) kit.evaluate(name);
    assert.deepEqual(kit.events('round_started').at(-1)?.selected, three);
  });

  test('nobody here when a round is due: it waits for somebody to come back', () => {
    const kit = trained(started());
    kit.aggregated();
    for (const name of three) kit.down(name);
    kit.pass(9_000);
    for (const name of three) kit.evaluate(name);
    assert.deepEqual([kit.state.round, kit.state.phase], [2, 'distributing'], 'down for 9 s is not away');
    const later = trained(started({ evaluationDeadlineMs: 60_000 }));
    later.aggregated();
    for (const name of three) later.down(name);
    later.pass(15_000);
    for (const name of three) later.evaluate(name);
    assert.deepEqual([later.state.round, later.state.phase], [2, 'registering']);
    later.up('node-2');
    assert.deepEqual(later.events('round_started').at(-1)?.selected, ['node-2']);
  });
});

describe('leaving', () => {
  test('does not stop the others, and the quorum is of those who stay', () => {
    const kit = started({ quorum: 1 });
    trained(kit, ['node-1', 'node-2']);
    kit.say('node-3', 'goodbye', { code: 'left', reason: 'has to go' });
    assert.equal(kit.state.phase, 'aggregating');
    assert.deepEqual(kit.events('participant_left'), [{ participant: 'node-3', reason: 'has to go', clean: true }]);
  });

  test('of the last one fails the run', () => {
    const kit = started();
    for (const name of three) kit.feed({ kind: 'link_closed', link: kit.link(name), reason: 'gone', clean: false });
    assert.deepEqual([kit.state.outcome?.status, kit.state.outcome?.reason], ['failed', 'no participant is left']);
  });

  test('of all that were selected begins the round again with those who came meanwhile', () => {
    const kit = started();
    kit.join('late');
    for (const name of three) kit.say(name, 'goodbye', { code: 'left', reason: '' });
    assert.deepEqual(
      kit.events('round_started').map(({ round, selected }) => [round, selected.length]),
      [
        [1, 3],
        [1, 1],
      ],
    );
  });

  test('after contributing takes nothing back', () => {
    const kit = started();
    kit.update('node-1');
    kit.say('node-1', 'goodbye', { code: 'left', reason: '' });
    trained(kit, ['node-2', 'node-3']);
    assert.equal(kit.effect('aggregate')[0]?.contributions.length, 3);
  });

  test('a participant that says it failed is not waited for', () => {
    const kit = started();
    kit.say('node-1', 'error', { code: 'training_failed', reason: 'no memory' });
    trained(kit, ['node-2', 'node-3']);
    assert.equal(kit.state.phase, 'aggregating');
  });
});

describe('rounds', () => {
  test('three rounds: the evaluated model is the next to train, and is sent once', () => {
    const kit = started();
    for (let round = 1; round <= 3; round++) finishRound(kit);
    assert.deepEqual(
      kit.sent('global_model', 'node-1').map(({ round, body }) => [round, body.purpose]),
      [
        [1, 'train'],
        [1, 'evaluate'],
        [2, 'evaluate'],
        [3, 'evaluate'],
      ],
    );
    assert.deepEqual(
      kit.sent('start_training', 'node-1').map(({ body }) => body.base),
      [initialModel, hashOf('model 1'), hashOf('model 2')],
    );
    assert.equal(kit.sent('round_summary', 'node-2').length, 3);
    assert.deepEqual(
      kit.sent('training_complete', 'node-2').map(({ body }) => [body.status, body.roundsCompleted]),
      [['completed', 3]],
    );
    assert.equal(kit.effect('end').length, 1);
  });

  test('loss and accuracy are means weighted by examples', () => {
    const kit = trained(started({ rounds: 1 }));
    kit.aggregated();
    kit.evaluate('node-1', { loss: 1, accuracy: 0, examples: 1 });
    kit.evaluate('node-2', { loss: 2, accuracy: 1, examples: 2 });
    kit.evaluate('node-3', { loss: 3, accuracy: 1, examples: 1 });
    assert.deepEqual([kit.state.outcome?.loss, kit.state.outcome?.accuracy], [2, 0.75]);
  });

  test('without held-out data the means of training stand in', () => {
    const kit = new CoordinatorKit({ minimumParticipants: 1, rounds: 1 });
    kit.join('node-1', { heldOut: 0 });
    kit.update('node-1');
    kit.aggregated();
    assert.deepEqual([kit.state.outcome?.status, kit.state.outcome?.loss], ['completed', 1]);
  });

  test('a stop is told to everybody and ends the run', () => {
    const kit = started().clear();
    kit.feed({ kind: 'stop', reason: 'by hand' });
    assert.deepEqual(
      kit.sent('training_complete').map(({ body }) => body.status),
      ['interrupted', 'interrupted', 'interrupted'],
    );
    assert.equal(kit.wakeAtMs, Infinity);
    kit.clear().open('late');
    assert.deepEqual(
      kit.sent('error', 'late').map(({ body }) => body.code),
      ['run_over'],
      'at once: it waits for a plan',
    );
    kit.clear().register('node-1');
    assert.equal(kit.sent('error', 'node-1').length, 1, 'and whoever was here already');
  });
});
