import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { base, next, statusBody, summaryBody, ParticipantKit } from '#test/support/kits/participant-kit.ts';

describe('a participant whose user pauses it', () => {
  const pause = (kit: ParticipantKit, on: boolean) => kit.feed({ kind: 'pause', on, reason: 'battery' });

  test('stands still in its training, says so, and goes on with the same job', () => {
    const kit = new ParticipantKit().configured();
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
    const kit = new ParticipantKit().configured();
    pause(kit, true);
    kit.train(1);
    kit.model(1, base);
    assert.deepEqual(kit.of('train'), []);
    pause(kit, false);
    assert.equal(kit.of('train')[0]?.round, 1);
  });

  for (const [what, over] of Object.entries({
    'a status of a later round': (kit: ParticipantKit) => kit.hear('round_status', 3, statusBody),
    'the summary of its round': (kit: ParticipantKit) => kit.hear('round_summary', 1, summaryBody),
  })) {
    test(`gives up the work of a round that is over, as ${what} says, and waits to be asked`, () => {
      const kit = new ParticipantKit().configured();
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
    const kit = new ParticipantKit().configured();
    kit.train(1);
    kit.model(1, base);
    pause(kit, true);
    kit.trained();
    assert.equal(kit.sent('model_update').length, 1);
  });

  test('tells each life of the coordinator again, and none before it has introduced itself', () => {
    const kit = new ParticipantKit();
    pause(kit, true);
    assert.deepEqual(kit.sent('pause'), []);
    kit.configured();
    assert.equal(kit.sent('pause').length, 1);
    kit.feed({ kind: 'link_reset' });
    assert.equal(kit.sent('pause').length, 2);
    const kinds = kit.of('send').map(({ message }) => message.kind);
    assert.ok(kinds.lastIndexOf('pause') > kinds.lastIndexOf('register'), 'it is known before it pauses');
  });

  test('stands still in an evaluation as well, and goes on with it and its model', () => {
    const kit = new ParticipantKit().configured();
    kit.evaluate(2);
    kit.model(2, next, 'evaluate');
    pause(kit, true);
    pause(kit, false);
    assert.deepEqual(kit.phases.slice(-3), ['evaluate 2', 'idle 2', 'evaluate 2']);
    assert.equal(kit.events('participant_phase').at(-1)?.modelHash, next);
    assert.equal(kit.of('evaluate').length, 1, 'the same work');
  });

  test('a task that named no model goes on with the one that it began with', () => {
    const kit = new ParticipantKit().configured();
    kit.hear('start_training', 1, { deadlineMs: 1000 });
    kit.model(1, base);
    assert.equal(kit.of('train').length, 1);
    pause(kit, true);
    pause(kit, false);
    const last = kit.events('participant_phase').at(-1);
    assert.deepEqual([last?.phase, last?.round, last?.modelHash], ['train', 1, base]);
  });

  test('who waits goes on waiting: its lane stands neither still nor begins again', () => {
    const kit = new ParticipantKit().configured();
    const before = kit.phases;
    pause(kit, true);
    pause(kit, false);
    assert.deepEqual(kit.phases, before);
    assert.deepEqual(
      kit.sent('resume').map(({ round, body }) => [round, body]),
      [[0, {}]],
    );
  });

  test('sends of its pause what fits, with the round that it stands in; without a word of its own it is its user', () => {
    const kit = new ParticipantKit().configured();
    kit.train(3);
    kit.model(3, base);
    kit.feed({ kind: 'pause', on: true, reason: 'x'.repeat(501) });
    assert.deepEqual(
      kit.sent('pause').map(({ round, body }) => [round, body.reason]),
      [[3, 'x'.repeat(500)]],
    );
    assert.deepEqual(kit.events('participant_paused'), [
      { participant: 'node-1', paused: true, reason: 'x'.repeat(501) },
    ]);
    kit.feed({ kind: 'link_reset' });
    assert.equal(kit.sent('pause').at(-1)?.body.reason, 'paused by its user');
  });

  test('a resume before it has introduced itself is told to nobody', () => {
    const kit = new ParticipantKit();
    pause(kit, true);
    pause(kit, false);
    kit.configured();
    assert.deepEqual([kit.sent('pause'), kit.sent('resume')], [[], []]);
    assert.deepEqual(
      kit.of('hold_work').map(({ on }) => on),
      [true, false],
    );
  });

  test('an update that is on its way goes on its way: its lane does not stand still', () => {
    const kit = new ParticipantKit().configured();
    kit.train(1);
    kit.model(1, base);
    kit.trained();
    pause(kit, true);
    pause(kit, false);
    assert.equal(kit.phases.at(-1), 'send 1');
  });
});
