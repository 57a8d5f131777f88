import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { base, next, statusBody, summaryBody, ParticipantKit } from '#test/support/participant-kit.ts';

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
    kit.feed({ kind: 'link_anew' });
    assert.equal(kit.sent('pause').length, 2);
    const kinds = kit.of('send').map(({ message }) => message.kind);
    assert.ok(kinds.lastIndexOf('pause') > kinds.lastIndexOf('register'), 'it is known before it pauses');
  });
});
