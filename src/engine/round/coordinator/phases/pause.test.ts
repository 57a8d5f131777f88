import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CoordinatorKit, finishRound, hashOf, started, three, trained } from '#test/support/kits/coordinator-kit.ts';

function pause(kit: CoordinatorKit, name: string): void {
  kit.say(name, 'pause', { reason: 'battery' });
}

function resume(kit: CoordinatorKit, name: string): void {
  kit.say(name, 'resume', {});
}

const waitOf = (kit: CoordinatorKit) => kit.events('round_status').at(-1);

describe('a participant that pauses', () => {
  test('is not waited for in the round that runs, and the coordinator says that it pauses', () => {
    const kit = started();
    pause(kit, 'node-3');
    assert.deepEqual(kit.events('participant_paused'), [{ participant: 'node-3', paused: true, reason: 'battery' }]);
    trained(kit, ['node-1', 'node-2']);
    assert.equal(kit.state.phase, 'aggregating', 'both that are left have reported, so nobody waits for a deadline');
  });

  test('the quorum is a share of those who do not pause', () => {
    const kit = started({ quorum: 1 });
    pause(kit, 'node-3');
    kit.update('node-1');
    kit.pass(1_000);
    assert.deepEqual([waitOf(kit)?.quorum, waitOf(kit)?.waitingFor], [2, ['node-2']]);
    kit.pass(20_000);
    assert.equal(kit.state.outcome?.status, 'stalled', 'one of two is below the quorum of all');
  });

  test('is not selected while it pauses, and takes part again in the round after', () => {
    const kit = started();
    pause(kit, 'node-3');
    trained(kit, ['node-1', 'node-2']).aggregated();
    kit.evaluate('node-1');
    kit.clear().evaluate('node-2');
    assert.deepEqual(kit.events('round_started')[0]?.selected, ['node-1', 'node-2']);
    assert.deepEqual(kit.sent('start_training', 'node-3'), []);
    resume(kit, 'node-3');
    trained(kit, ['node-1', 'node-2']).aggregated();
    kit.evaluate('node-1');
    kit.clear().evaluate('node-2');
    assert.deepEqual(kit.events('round_started')[0]?.selected, three);
  });

  test('that goes on while the round is open is waited for again, and its update counts', () => {
    const kit = started();
    pause(kit, 'node-3');
    kit.update('node-1');
    resume(kit, 'node-3');
    kit.update('node-2');
    assert.equal(kit.state.phase, 'training');
    kit.update('node-3');
    assert.equal(kit.state.phase, 'aggregating');
    assert.equal(kit.sent('update_ack', 'node-3')[0]?.body.accepted, true);
  });

  test('what it sends though it pauses counts: it had finished already', () => {
    const kit = started();
    pause(kit, 'node-3');
    trained(kit, ['node-3', 'node-1', 'node-2']);
    assert.deepEqual(
      kit.effect('aggregate')[0]?.contributions.map(({ participant }) => participant),
      three,
    );
  });

  test('lets no deadline pass by pausing, so it is not put on probation', () => {
    const kit = started();
    pause(kit, 'node-3');
    trained(kit, ['node-1', 'node-2']);
    assert.equal(kit.state.participants.get('node-3' as never)?.misses, 0);
    const { record } = kit.effects.findLast((effect) => effect.kind === 'journal') ?? {};
    kit.aggregated();
    const remembered = kit.effect('journal').find((effect) => effect.record.kind === 'aggregated')?.record;
    assert.deepEqual(remembered?.kind === 'aggregated' && remembered.missing, [], JSON.stringify(record));
  });

  test('is not asked to evaluate, and one that pauses meanwhile is not waited for', () => {
    const kit = trained(started());
    pause(kit, 'node-3');
    kit.clear().aggregated();
    assert.deepEqual(kit.sent('start_evaluation', 'node-3'), []);
    kit.evaluate('node-1');
    pause(kit, 'node-2');
    assert.equal(kit.events('round_ended')[0]?.round, 1);
  });

  test('that registers again no longer pauses until it says so again', () => {
    const kit = started();
    pause(kit, 'node-3');
    kit.clear().pass(1_000);
    kit.register('node-3');
    assert.deepEqual(
      kit.events('participant_paused').map(({ paused }) => paused),
      [false],
    );
    assert.equal(kit.state.participants.get('node-3' as never)?.paused, false);
  });
});

describe('a run whose participants all pause', () => {
  test('waits without a deadline, says so, and has its whole time again once one goes on', () => {
    const kit = started();
    for (const name of three) pause(kit, name);
    kit.pass(3_600_000);
    assert.equal(kit.state.outcome, null);
    assert.equal(waitOf(kit)?.deadlineAt, 0);
    assert.match(waitOf(kit)?.nextAction ?? '', /waits until one of 3 participants goes on/);
    resume(kit, 'node-2');
    kit.pass(19_000);
    assert.equal(kit.state.outcome, null);
    kit.update('node-2');
    assert.equal(kit.state.phase, 'aggregating', 'the one that does not pause is the whole quorum');
  });

  test('between rounds it waits as well, and the round begins with the first that goes on', () => {
    const kit = started();
    trained(kit).aggregated();
    for (const name of three) pause(kit, name);
    assert.equal(kit.state.phase, 'registering');
    kit.pass(3_600_000);
    assert.match(waitOf(kit)?.nextAction ?? '', /they pause/);
    kit.clear();
    resume(kit, 'node-1');
    assert.deepEqual(kit.events('round_started')[0]?.selected, ['node-1']);
  });

  test('before the first round it waits for the one that pauses beyond the time for registering', () => {
    const kit = new CoordinatorKit();
    for (const name of three) kit.join(name, {});
    assert.equal(kit.state.round, 1);
    const early = new CoordinatorKit();
    early.join('node-1');
    pause(early, 'node-1');
    early.join('node-2');
    early.join('node-3');
    assert.equal(early.state.round, 0, 'two of the three that it needs do not pause');
    early.pass(3_600_000);
    assert.equal(early.state.outcome, null);
    resume(early, 'node-1');
    assert.equal(early.state.round, 1);
  });

  test('goes on with somebody who has come meanwhile', () => {
    const kit = started();
    for (const name of three) pause(kit, name);
    kit.clear().join('node-4');
    assert.deepEqual(kit.events('round_started')[0]?.selected, ['node-4']);
    assert.equal(kit.state.round, 1);
  });

  test('ends when they leave instead', () => {
    const kit = started();
    for (const name of three) pause(kit, name);
    for (const name of three) kit.say(name, 'goodbye', { code: 'interrupted', reason: 'left' });
    assert.equal(kit.state.outcome?.status, 'failed');
  });
});

describe('beginning with those who are here', () => {
  test('starts round 1 with fewer than were asked for', () => {
    const kit = new CoordinatorKit();
    kit.join('node-1');
    kit.clear().feed({ kind: 'start_now' });
    assert.deepEqual(kit.events('round_started')[0]?.selected, ['node-1']);
  });

  test('changes nothing without anybody, and nothing later', () => {
    const empty = new CoordinatorKit();
    empty.feed({ kind: 'start_now' });
    assert.equal(empty.state.round, 0);
    const kit = started();
    kit.clear().feed({ kind: 'start_now' });
    assert.deepEqual([kit.state.round, kit.events('round_started')], [1, []]);
    finishRound(kit);
    assert.equal(kit.state.modelBefore, hashOf('model 1'));
  });
});
