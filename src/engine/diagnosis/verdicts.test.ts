import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { limits } from '#shared/contract/limits.ts';
import { heartbeats, Story } from '#test/support/kits/diagnosis-story.ts';

/** `node-1` is lost from `at` on, and was waited for until then. */
function lost(): Story {
  const story = new Story(['node-1']);
  story.link('node-1', 'lost', 1, 'cut');
  story.pass(3000);
  return story;
}

describe('a verdict', () => {
  test('is told whole', () => {
    const story = lost();
    const [verdict] = story.raised;
    assert.deepEqual(
      { ...verdict, evidence: verdict?.evidence.map(({ text }) => text), sentence: '', explanation: '' },
      {
        verdict: 'v1-link-lost-node-1',
        rule: 'link-lost',
        layer: 'link',
        subject: 'node-1',
        sentence: '',
        explanation: '',
        since: 0,
        detectedAfterMs: 3000,
        nextAction: 'closes the round',
        nextActionAt: 20_000,
        evidence: ['register received', 'link lost: cut'],
      },
    );
  });
  test('ends with its cause, in words, and one that takes its place is named', () => {
    const story = lost();
    story.link('node-1', 'ready', 2);
    story.pass(250, heartbeats(story, 'node-1'));
    assert.deepEqual(story.cleared, [{ verdict: 'v1-link-lost-node-1', reason: 'node-1 is heard of again' }]);
    const other = lost();
    other.event('process_exited', { name: 'node-1', pid: 7, expected: false, note: 'SIGKILL' });
    other.pass(250);
    assert.deepEqual(other.cleared, [
      { verdict: 'v1-link-lost-node-1', reason: 'now: node-1 is gone: its process has ended.' },
    ]);
    assert.deepEqual(other.standing, ['participant-dead node-1']);
    assert.equal(other.raised.at(-1)?.verdict, 'v2-participant-dead-node-1');
  });
  test('goes 3 s after the wait for its subject, and not for less', () => {
    const story = lost();
    story.waits([]);
    story.pass(3000);
    assert.equal(story.cleared.length, 0);
    story.waits(['node-1']);
    story.pass(250);
    story.waits([]);
    story.pass(3000);
    assert.equal(story.cleared.length, 0, 'the time counts again');
    story.pass(250);
    assert.deepEqual(
      story.cleared.map(({ reason }) => reason),
      ['the round no longer waits for node-1'],
    );
  });
  test('comes back as the same within 2 s of its end, later as another', () => {
    const again = (ms: number): readonly string[] => {
      const story = new Story(['node-1']);
      story.event('participant_paused', { participant: 'node-1', paused: true, reason: '' });
      story.pass(250, heartbeats(story, 'node-1'));
      story.event('participant_paused', { participant: 'node-1', paused: false, reason: '' });
      story.pass(250 + ms - 250, heartbeats(story, 'node-1'));
      story.event('participant_paused', { participant: 'node-1', paused: true, reason: '' });
      story.pass(250, heartbeats(story, 'node-1'));
      assert.equal(story.cleared.length, 1);
      return story.raised.map(({ verdict }) => verdict);
    };
    assert.deepEqual(again(2000), ['v1-participant-paused-node-1', 'v1-participant-paused-node-1']);
    assert.deepEqual(again(2250), ['v1-participant-paused-node-1', 'v2-participant-paused-node-1']);
  });
  test('ends with the run, unless that stalled', () => {
    const end = { reason: '', roundsCompleted: 0, loss: null, accuracy: null };
    const story = lost();
    story.event('run_ended', { status: 'stalled', ...end });
    story.pass(5000);
    assert.deepEqual(story.cleared, [], 'why it stalled stays on the screen');
    const failed = lost();
    failed.event('run_ended', { status: 'failed', ...end });
    assert.deepEqual(
      failed.cleared.map(({ reason }) => reason),
      ['the run ended'],
    );
    failed.pass(5000);
    assert.equal(failed.raised.length, 1);
  });
  test('is not told of before the run has started', () => {
    const story = new Story(['node-1']);
    story.event('run_opened', { chair: 'coordinator', name: 'd' }, 'service');
    story.link('node-1', 'lost', 1, 'cut');
    story.pass(9000);
    assert.deepEqual(story.raised, []);
  });
  test('keeps its tag and its beginning when it is told again', () => {
    const story = new Story(['node-1']);
    story.event('fault_injected', { fault: 'blackhole', participant: 'node-1', round: 1, note: '' });
    story.link('node-1', 'lost', 1, 'cut');
    story.pass(3000);
    story.event('fault_cleared', { fault: 'blackhole', participant: 'node-1', note: '' });
    story.pass(20_000);
    story.waits(['node-1'], { round: 2 });
    story.pass(250);
    assert.deepEqual(
      story.raised.map(({ injected, since, detectedAfterMs }) => [injected, since, detectedAfterMs]),
      [
        ['blackhole', 0, 3000],
        ['blackhole', 0, 3000],
      ],
    );
  });
  test('whose wait ended is the same when its cause never did, however much later it is waited for', () => {
    const story = lost();
    story.waits([]);
    story.pass(20_000);
    assert.equal(story.cleared.length, 1);
    story.waits(['node-1'], { round: 5 });
    story.pass(250);
    assert.deepEqual(story.standing, ['link-lost node-1']);
    assert.deepEqual([...new Set(story.raised.map(({ verdict }) => verdict))], ['v1-link-lost-node-1']);
  });
  test('of one that has left says so, of another what is over', () => {
    const story = lost();
    story.event('participant_left', { participant: 'node-1', reason: 'x', clean: true });
    story.link('node-1', 'ready', 2);
    story.pass(250, heartbeats(story, 'node-1'));
    assert.deepEqual(
      story.cleared.map(({ reason }) => reason),
      ['node-1 has left'],
    );
  });
  test('that was cleared a minute ago does not come back as the same where there are very many', () => {
    const names = Array.from({ length: limits.viewVerdictsMax + 1 }, (_, i) => `p-${i}`);
    const story = new Story(names, []);
    const pause = (name: string, paused: boolean): void =>
      story.event('participant_paused', { participant: name, paused, reason: '' });
    const oneMoreEnds = (): void => {
      story.waits(['one-more']);
      pause('one-more', true);
      story.pass(250);
      pause('one-more', false);
      story.pass(250);
    };
    const firstAgain = (): string | undefined => {
      story.waits(['p-0'], { round: 2 });
      story.pass(250);
      const last = story.raised.at(-1)?.verdict;
      story.waits([]);
      story.pass(4000);
      return last;
    };
    for (const name of names) pause(name, true);
    story.pass(250);
    story.waits([]);
    story.pass(4000);
    oneMoreEnds();
    assert.equal(firstAgain(), 'v1-participant-paused-p-0', 'its pause never ended');
    story.pass(61_000);
    oneMoreEnds();
    assert.match(firstAgain() ?? '', /^v\d{2,}-participant-paused-p-0$/);
  });
});
