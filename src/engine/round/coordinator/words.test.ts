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

describe('what happens next', () => {
  const next = (kit: CoordinatorKit): string | undefined => {
    kit.pass(300);
    return kit.events('round_status').at(-1)?.nextAction;
  };

  test('before the first round', () => {
    const kit = new CoordinatorKit();
    assert.equal(next(kit), 'starts when 3 participants are here (0 so far)');
    kit.join('node-1');
    assert.equal(next(kit), 'starts when 3 participants are here (1 so far)');
    assert.equal(next(new CoordinatorKit({ minimumParticipants: 1 })), 'starts when 1 participant is here (0 so far)');
  });
  test('in training', () => {
    const kit = started({ minimumParticipants: 3, quorum: 1 });
    assert.equal(next(kit), 'needs 3 more updates, or the run stops');
    kit.update('node-1');
    kit.update('node-2');
    assert.equal(next(kit), 'needs 1 more update, or the run stops');
    const half = started({ quorum: 0.3 });
    half.update('node-1');
    assert.equal(next(half), 'averages 1 update without 2 participants');
    half.update('node-2');
    assert.equal(next(half), 'averages 2 updates without node-3');
  });
  test('after it', () => {
    const kit = trained(started({ rounds: 2, quorum: 1 }));
    assert.equal(next(kit), 'then the new model is evaluated');
    kit.aggregated();
    assert.equal(next(kit), 'needs 3 more evaluations, or the run stops');
    kit.evaluate('node-1');
    kit.evaluate('node-2');
    assert.equal(next(kit), 'needs 1 more evaluation, or the run stops');
    const last = trained(started({ rounds: 1 }));
    last.aggregated();
    last.evaluate('node-1');
    last.evaluate('node-3');
    assert.equal(next(last), 'the run completes without node-2');
    const first = trained(started({ rounds: 2 }));
    first.aggregated();
    first.evaluate('node-1');
    first.evaluate('node-3');
    assert.equal(next(first), 'round 2 starts without node-2');
  });
  test('between rounds, and while all pause', () => {
    const kit = trained(started({ evaluationDeadlineMs: 60_000 }));
    kit.aggregated();
    for (const name of three) kit.down(name);
    kit.pass(15_000);
    for (const name of three) kit.evaluate(name);
    assert.equal(next(kit), 'needs a participant to come back, or the run stops');
    const two = new CoordinatorKit({ minimumParticipants: 2 });
    for (const name of ['node-1', 'node-2']) two.join(name);
    for (const name of ['node-1', 'node-2']) two.say(name, 'pause', { reason: '' });
    assert.equal(next(two), 'the run waits until one of 2 participants goes on: they pause');
    two.say('node-2', 'goodbye', { code: 'left', reason: '' });
    assert.equal(next(two), 'the run waits until node-1 goes on: it pauses');
  });
  test('is told at most five times a second, a new phase at once, and reasons each second', () => {
    const kit = started();
    kit.pass(1000);
    kit.clear().update('node-1');
    assert.equal(kit.events('round_status').length, 1, 'a second after the last');
    kit.clear().update('node-2');
    kit.pass(199);
    assert.equal(kit.events('round_status').length, 0);
    kit.pass(1);
    assert.equal(kit.events('round_status').length, 1);
    assert.equal(kit.sent('round_status').length, 3);
    kit.clear().update('node-3');
    assert.equal(kit.events('round_status')[0]?.phase, 'aggregating', 'at once');
    const reasons = started();
    reasons.pass(300);
    reasons.clear().pass(1000);
    assert.equal(reasons.events('round_status').length, 1);
    assert.equal(reasons.sent('round_status').length, 0, 'reasons alone are for this machine');
    reasons.say('node-1', 'heartbeat', {} as never);
    const quiet = trained(started());
    quiet.pass(300);
    quiet.clear().pass(3000);
    assert.deepEqual(quiet.events('round_status'), [], 'nothing that changes, nothing to tell');
  });
});

describe('what an update is answered', () => {
  const answer = (kit: CoordinatorKit): unknown => {
    const { body } = kit.sent('update_ack').at(-1) ?? {};
    return body === undefined ? undefined : [body.accepted, body.code, body.reason, body.order];
  };
  test('one of another round, or of a base that is not the round', () => {
    const kit = started();
    kit.update('node-1', { round: 2 });
    assert.deepEqual(answer(kit), [false, 'round_mismatch', 'this is round 1, the update is of round 2', undefined]);
    const other = hashOf('other');
    kit.update('node-1', { base: other });
    assert.deepEqual(answer(kit), [
      false,
      'round_mismatch',
      `trained from model ${other.slice(0, 12)}, round 1 starts from ${initialModel.slice(0, 12)}`,
      undefined,
    ]);
  });
  test('a second one, counted or refused', () => {
    const kit = started();
    kit.update('node-1');
    assert.deepEqual(answer(kit), [true, undefined, undefined, 1]);
    assert.deepEqual(kit.events('update_received').at(-1), {
      participant: 'node-1',
      round: 1,
      contribution: hashOf('node-1 1'),
      examples: 100,
      claimed: 100,
      sizeBytes: 32,
      counted: true,
      reason: '',
      loss: 1,
      accuracy: 0.5,
      norm: 1,
      cosine: null,
    });
    kit.update('node-1');
    assert.deepEqual(answer(kit), [true, undefined, 'counted already', 1]);
    kit.update('node-1', { hash: hashOf('x') });
    assert.deepEqual(answer(kit), [
      false,
      'update_duplicate',
      'another update of round 1 was counted already',
      undefined,
    ]);
    const finding = { ok: false, code: 'update_not_finite', reason: 'element 3 is NaN' } as const;
    kit.update('node-2', { finding });
    assert.deepEqual(answer(kit), [false, 'update_not_finite', 'element 3 is NaN', undefined]);
    kit.update('node-2');
    assert.deepEqual(answer(kit), [false, 'update_not_finite', 'element 3 is NaN', undefined], 'the same bytes again');
    kit.update('node-2', { hash: hashOf('y') });
    assert.deepEqual(answer(kit), [false, 'update_duplicate', 'an update of round 1 was refused already', undefined]);
  });
  test('one that was counted in a round that is over', () => {
    const kit = started();
    finishRound(kit);
    kit.update('node-1', { round: 1, hash: hashOf('node-1 1') });
    assert.deepEqual(answer(kit), [true, undefined, 'counted already', undefined], 'its place was of that round');
    kit.update('node-1', { round: 1, hash: hashOf('z') });
    assert.deepEqual(answer(kit), [false, 'round_mismatch', 'this is round 2, the update is of round 1', undefined]);
  });
  test('one that comes while others are averaged, or of somebody who was not selected', () => {
    const kit = started();
    kit.join('late');
    kit.update('late');
    assert.deepEqual(answer(kit), [false, 'round_mismatch', 'this is round 1, the update is of round 1', undefined]);
    kit.update('node-1');
    kit.update('node-2');
    kit.pass(20_000);
    kit.update('node-3');
    assert.deepEqual(answer(kit), [false, 'round_mismatch', 'training of round 1 is over', undefined]);
  });
  test('a reason that is long is cut', () => {
    const kit = started();
    kit.update('node-1', { finding: { ok: false, code: 'update_wrong_shape', reason: 'r'.repeat(600) } });
    assert.equal(kit.sent('update_ack').at(-1)?.body.reason?.length, 500);
  });
});

describe('how a run ends', () => {
  const outcome = (kit: CoordinatorKit): unknown => [kit.state.outcome?.status, kit.state.outcome?.reason];
  test('when its rounds are done', () => {
    const kit = started({ rounds: 2 });
    finishRound(kit);
    finishRound(kit);
    assert.deepEqual(outcome(kit), ['completed', 'all 2 rounds are done']);
    const one = started({ rounds: 1 });
    finishRound(one);
    assert.deepEqual(outcome(one), ['completed', 'the round is done']);
    assert.deepEqual(one.events('round_ended')[0], {
      round: 1,
      loss: 1,
      accuracy: 0.5,
      contributions: three,
      missing: [],
      durationMs: 0,
      modelBefore: initialModel,
      modelAfter: hashOf('model 1'),
      examples: 300,
    });
  });
  test('when too few came, or none came back', () => {
    const kit = new CoordinatorKit();
    kit.pass(30_000);
    assert.deepEqual(outcome(kit), ['stalled', '0 of 3 participants registered within 30 s: none']);
    const alone = new CoordinatorKit({ minimumParticipants: 1 });
    alone.pass(29_999);
    assert.equal(alone.state.outcome, null);
    alone.pass(1);
    assert.deepEqual(outcome(alone), ['stalled', '0 of 1 participant registered within 30 s: none']);
    const two = new CoordinatorKit();
    two.join('node-2');
    two.join('node-1');
    two.pass(30_000);
    assert.deepEqual(outcome(two), ['stalled', '2 of 3 participants registered within 30 s: node-1, node-2']);
    const between = trained(started({ evaluationDeadlineMs: 60_000 }));
    between.aggregated();
    for (const name of three) between.down(name);
    between.pass(15_000);
    for (const name of three) between.evaluate(name);
    between.pass(30_000);
    assert.match(
      String(outcome(between)),
      /^stalled,round 2: no participant came back within 30 s\. Waited for node-1 \(link lost 45 s ago: peer silent\), node-2/,
    );
  });
  test('when what is left cannot make its quorum', () => {
    const kit = started({ quorum: 1 });
    kit.say('node-1', 'error', { code: 'training_failed', reason: 'no memory' });
    kit.update('node-2', { finding: { ok: false, code: 'update_not_finite', reason: 'NaN' } });
    assert.equal(kit.state.outcome, null);
    kit.say('node-3', 'error', { code: 'training_failed', reason: 'no disk' });
    assert.deepEqual(outcome(kit), [
      'failed',
      'round 1: 0 of the 1 update that its quorum needs are left to come. node-1: no memory; node-2: NaN; node-3: no disk',
    ]);
  });
  test('when the average cannot be made, or is not done in ten minutes', () => {
    const kit = trained(started());
    kit.feed({ kind: 'aggregation_failed', round: 2, reason: 'x' });
    assert.equal(kit.state.outcome, null, 'of another round');
    kit.feed({ kind: 'aggregation_failed', round: 1, reason: 'no memory' });
    assert.deepEqual(outcome(kit), ['failed', 'aggregation of round 1 failed: no memory']);
    const slow = trained(started());
    slow.pass(599_999);
    assert.equal(slow.state.outcome, null);
    slow.pass(1);
    assert.deepEqual(outcome(slow), ['failed', 'aggregating of round 1 did not finish']);
    const early = started();
    early.feed({ kind: 'aggregation_failed', round: 1, reason: 'x' });
    assert.equal(early.state.outcome, null, 'nothing is averaged yet');
  });
  test('with a reason that is cut where it is long, and memory of it before anybody is told', () => {
    const kit = started().clear();
    kit.feed({ kind: 'stop', reason: 's'.repeat(501) });
    assert.equal(kit.state.outcome?.reason, `${'s'.repeat(499)}…`);
    const exact = started().clear();
    exact.feed({ kind: 'stop', reason: 's'.repeat(500) });
    assert.equal(exact.state.outcome?.reason, 's'.repeat(500));
    assert.deepEqual(
      kit.effects.map(({ kind }) => kind),
      ['journal', 'send', 'send', 'send', 'report', 'end'],
    );
    assert.deepEqual([kit.state.phase, kit.state.deadlineMs], ['closing', Infinity]);
  });
  test('and after it nothing but that is told', () => {
    const kit = started();
    kit.feed({ kind: 'stop', reason: 'by hand' });
    kit.clear();
    kit.update('node-1');
    kit.feed({ kind: 'tick' });
    assert.deepEqual(kit.effects, []);
    kit.feed({ kind: 'looked', link: 99, asks: 'x' as never, kept: false });
    assert.deepEqual(kit.sent('error')[0]?.body, { code: 'run_over', reason: 'the run is over: by hand' });
    kit.clear().register('node-1');
    assert.deepEqual(kit.effect('close_link'), [
      { kind: 'close_link', link: kit.link('node-1'), code: 'run_over', reason: 'the run is over: by hand' },
    ]);
    kit.feed({ kind: 'link_closed', link: kit.link('node-1'), reason: '', clean: true });
    assert.equal(kit.state.links.has(kit.link('node-1')), false);
  });
});
