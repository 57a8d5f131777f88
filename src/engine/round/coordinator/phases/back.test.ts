import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { finishRound, hashOf, started, trained, type CoordinatorKit } from '#test/support/kits/coordinator-kit.ts';
import { asParticipantId } from '#shared/contract/ids.ts';
import { emptyRun, applyRecord } from '../run-journal.ts';
import { roundEndsKept, statusIntervalMs } from '../state.ts';

const others = ['node-1', 'node-2'];

/** A round without node-3. */
function playRound(kit: CoordinatorKit): void {
  trained(kit, others).aggregated();
  for (const name of others) kit.evaluate(name);
}

/** Two rounds, through the second of which node-3 sleeps; the third has begun without it. */
function asleep(): CoordinatorKit {
  const kit = started({ rounds: 40, quorum: 0.5 });
  finishRound(kit);
  kit.down('node-3');
  kit.pass(11_000);
  trained(kit, others);
  // It was asked for round 2, so that one waits for it to its deadline.
  kit.pass(21_000);
  kit.aggregated();
  for (const name of others) kit.evaluate(name);
  assert.deepEqual([kit.state.round, [...kit.state.members.keys()]], [3, others]);
  return kit.clear();
}

describe('a participant that is back', () => {
  test('hears how the rounds ended that it slept through, once and in their order', () => {
    const kit = asleep();
    playRound(kit);
    playRound(kit);
    kit.clear().up('node-3');
    const rounds = (): number[] => kit.sent('round_summary', 'node-3').map(({ round }) => round);
    assert.deepEqual(rounds(), [2, 3, 4]);
    kit.down('node-3');
    kit.up('node-3');
    assert.deepEqual(rounds(), [2, 3, 4], 'not again');
    assert.deepEqual(kit.sent('round_summary', 'node-1'), []);
  });

  test('after a long sleep it hears of the latest only', () => {
    const kit = asleep();
    for (let round = 3; round < 3 + roundEndsKept + 5; round++) playRound(kit);
    kit.clear().up('node-3');
    const rounds = kit.sent('round_summary', 'node-3').map(({ round }) => round);
    assert.deepEqual([rounds.length, rounds.at(-1)], [roundEndsKept, kit.state.round - 1]);
  });

  test('with another process it hears the same; a newcomer hears of no round before it', () => {
    const kit = asleep();
    playRound(kit);
    kit.clear().join('node-3');
    assert.deepEqual(
      kit.sent('round_summary', 'node-3').map(({ round }) => round),
      [2, 3],
    );
    kit.join('node-4');
    assert.deepEqual(kit.sent('round_summary', 'node-4'), []);
  });

  test('when a round ends between the link of its new process and the registration, it hears of it then', () => {
    const kit = trained(started());
    kit.aggregated();
    const former = kit.link('node-3');
    kit.open('node-3');
    kit.feed({ kind: 'link_closed', link: former, reason: 'another process took the name', clean: false });
    for (const name of others) kit.evaluate(name);
    kit.pass(kit.state.deadlineMs - kit.nowMs);
    assert.equal(kit.state.roundsCompleted, 1);
    kit.clear().register('node-3');
    assert.deepEqual(
      kit.sent('round_summary', 'node-3').map(({ round }) => round),
      [1],
    );
  });

  test('is asked for the round that began without it, and counts if it is in time; nobody waits for it', () => {
    const kit = asleep();
    kit.pass(5_000);
    kit.up('node-3');
    assert.equal(kit.sent('start_training', 'node-3').length, 1);
    kit.pass(1_000);
    const status = kit.events('round_status').at(-1);
    assert.deepEqual([status?.selected, status?.waitingFor], [[...others, 'node-3'], others]);
    kit.update('node-3');
    assert.equal(kit.sent('update_ack', 'node-3').at(-1)?.body.accepted, true);
    trained(kit, others).aggregated();
    assert.deepEqual(kit.events('aggregated').at(-1)?.contributions, [...others, 'node-3']);
  });

  test('is not asked when half of the time is over, when it pauses, or when it has been asked', () => {
    const late = asleep();
    late.pass(11_000);
    late.up('node-3');
    assert.equal(late.sent('start_training', 'node-3').length, 0);
    const pausing = asleep();
    pausing.say('node-3', 'pause', { reason: 'battery' });
    pausing.up('node-3');
    assert.equal(pausing.sent('start_training', 'node-3').length, 0);
    const again = asleep();
    for (let times = 0; times < 3; times++) {
      again.up('node-3');
      again.down('node-3');
    }
    assert.equal(again.sent('start_training', 'node-3').length, 1);
  });

  test('who was asked late is remembered with the round, and its update too', () => {
    const kit = asleep();
    kit.up('node-3');
    kit.update('node-3', { hash: hashOf('late') });
    const memory = kit.journaled.reduce(applyRecord, emptyRun(hashOf('initial')));
    const member = memory.members.find(({ id }) => id === 'node-3');
    assert.deepEqual([member?.awaited, member?.contribution?.hash], [false, hashOf('late')]);
  });

  test('half of the time is time enough to be asked, a moment less is not; it is told how much is left', () => {
    const askedAfter = (ms: number): number[] => {
      const kit = asleep();
      const endsAtMs = kit.state.deadlineMs;
      kit.nowMs = endsAtMs - 20_000 + ms;
      kit.up('node-3');
      return kit.sent('start_training', 'node-3').map(({ body }) => body.deadlineMs);
    };
    assert.deepEqual(askedAfter(10_000), [10_000]);
    assert.deepEqual(askedAfter(10_001), []);
  });

  test('while all the others pause no deadline runs: the round begins again with it, in the whole time', () => {
    const kit = asleep();
    for (const name of others) kit.say(name, 'pause', { reason: 'battery' });
    assert.equal(kit.state.deadlineMs, Infinity);
    kit.up('node-3');
    assert.deepEqual(
      kit.sent('start_training', 'node-3').map(({ body }) => body.deadlineMs),
      [20_000],
    );
    assert.deepEqual([kit.state.round, [...kit.state.members.keys()]], [3, ['node-3']]);
  });

  test('who takes part from the next round only is not asked for this one', () => {
    const kit = asleep();
    kit.join('node-4');
    kit.down('node-4');
    kit.clear().up('node-4');
    assert.deepEqual(kit.sent('start_training', 'node-4'), []);
    assert.ok(!kit.state.members.has(asParticipantId('node-4')));
    trained(kit, others).aggregated();
    for (const name of others) kit.evaluate(name);
    assert.deepEqual([...kit.state.members.keys()], [...others, 'node-4'], 'but for the next');
  });

  test('whoever takes part from this round on is asked in it', () => {
    const kit = asleep();
    playRound(kit);
    kit.join('node-4');
    kit.down('node-4');
    kit.pass(11_000);
    playRound(kit);
    assert.deepEqual([kit.state.round, [...kit.state.members.keys()]], [5, others]);
    assert.equal(kit.state.participants.get(asParticipantId('node-4'))?.fromRound, 5);
    kit.clear().up('node-4');
    assert.equal(kit.sent('start_training', 'node-4').length, 1);
  });

  test('is not asked to train when the round is aggregated or evaluated already', () => {
    const aggregating = asleep();
    trained(aggregating, others);
    assert.equal(aggregating.state.phase, 'aggregating');
    aggregating.up('node-3');
    const evaluating = asleep();
    trained(evaluating, others).aggregated();
    assert.equal(evaluating.state.phase, 'evaluating');
    evaluating.up('node-3');
    for (const kit of [aggregating, evaluating]) assert.deepEqual(kit.sent('start_training', 'node-3'), []);
  });

  test('a link that opens again after its participant has left tells nothing', () => {
    const kit = started({ quorum: 0.5 });
    finishRound(kit);
    kit.down('node-3');
    trained(kit, others);
    kit.say('node-3', 'goodbye', { code: 'left', reason: '' });
    trained(kit, others).aggregated();
    kit.clear();
    kit.up('node-3');
    assert.deepEqual([kit.sent('round_summary', 'node-3'), kit.sent('start_training', 'node-3')], [[], []]);
  });

  test('while the others train already it is asked as well, and all are told soon that it is in', () => {
    const kit = asleep();
    kit.update('node-1');
    kit.pass(1_000);
    assert.equal(kit.state.phase, 'training');
    kit.clear().up('node-3');
    assert.equal(kit.sent('start_training', 'node-3').length, 1);
    kit.pass(statusIntervalMs);
    assert.deepEqual(kit.events('round_status').at(-1)?.selected, [...others, 'node-3']);
  });

  test('is told how its own update counted where one did, and nothing of its own where none did', () => {
    const kit = asleep();
    playRound(kit);
    kit.clear().up('node-3');
    assert.deepEqual(
      kit.sent('round_summary', 'node-3').map(({ round, body }) => [round, 'own' in body]),
      [
        [2, false],
        [3, false],
      ],
    );
    kit.update('node-3');
    playRound(kit);
    kit.evaluate('node-3');
    assert.deepEqual(kit.sent('round_summary', 'node-3').at(-1)?.body.own, {
      claimed: 100,
      examples: 100,
      share: 1 / 3,
      clipped: 1,
    });
  });
});
