import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { heartbeats, hungUp, Story } from '#test/support/kits/diagnosis-story.ts';

describe('why a round waits', () => {
  test('a connection per message is named within seconds, with the packets that show it', () => {
    const story = new Story(['node-1']);
    story.event('fault_injected', { fault: 'connection-per-message', participant: 'node-1', round: 1, note: '' });
    let connection = 1;
    const undeliverable = (): void =>
      story.packet('node-1', { kind: 'global_model', side: 'sent', direction: 'down', status: 'undeliverable' });
    story.pass(4000, () => {
      connection++;
      story.packet('node-1', { kind: 'connection_open', connection });
      story.packet('node-1', { kind: 'heartbeat', connection });
      story.packet('node-1', { kind: 'connection_close', connection, note: hungUp });
      undeliverable();
    });
    const [verdict] = story.raised;
    assert.equal(verdict?.rule, 'connection-per-message');
    assert.equal(verdict.subject, 'node-1');
    assert.equal(verdict.layer, 'transport');
    assert.equal(verdict.injected, 'connection-per-message');
    assert.ok(verdict.detectedAfterMs <= 3000);
    assert.ok(verdict.evidence.some((evidence) => evidence.text.includes('no open connection')));
    assert.equal(story.raised.length, 1, 'it is raised once');
  });

  test('one dropped link that is back within its time is no verdict', () => {
    const story = new Story(['node-1']);
    story.link('node-1', 'lost', 1, 'cut');
    story.pass(1000);
    story.link('node-1', 'ready', 2);
    story.packet('node-1', { kind: 'connection_open', connection: 2 });
    story.pass(5000, heartbeats(story, 'node-1'));
    assert.deepEqual(story.raised, []);
  });

  test('a lost link is named after its time, and cleared when it is ready', () => {
    const story = new Story(['node-1']);
    story.link('node-1', 'lost', 1, 'peer silent for 5 s');
    story.pass(4000);
    assert.equal(story.raised[0]?.rule, 'link-lost');
    story.link('node-1', 'ready', 2);
    story.pass(500, heartbeats(story, 'node-1'));
    assert.equal(story.cleared.length, 1);
  });

  test('a frozen trainer is told from a slow one by its own pace', () => {
    const freeze = new Story(['node-1']);
    freeze.event('participant_phase', { participant: 'node-1', round: 1, phase: 'train' });
    freeze.pass(500, heartbeats(freeze, 'node-1'));
    freeze.progress('node-1', 1);
    freeze.pass(6000, heartbeats(freeze, 'node-1'));
    assert.equal(freeze.raised[0]?.rule, 'trainer-frozen');

    const slow = new Story(['node-1']);
    slow.event('participant_phase', { participant: 'node-1', round: 1, phase: 'train' });
    for (let batch = 1; batch < 6; batch++) {
      slow.pass(3000, heartbeats(slow, 'node-1'));
      slow.progress('node-1', batch);
    }
    slow.pass(9000, heartbeats(slow, 'node-1'));
    assert.deepEqual(slow.raised, []);
  });

  test('a killed process is named at once as gone', () => {
    const story = new Story(['node-1']);
    story.event('process_exited', { name: 'node-1', pid: 7, expected: false, note: 'ended by SIGKILL' });
    story.pass(250);
    assert.equal(story.raised[0]?.rule, 'participant-dead');
  });

  test('who is not waited for stalls nothing, and a verdict goes when the wait does', () => {
    const story = new Story(['node-2']);
    story.event('process_exited', { name: 'node-1', pid: 7, expected: false, note: 'ended by SIGKILL' });
    story.pass(500, heartbeats(story, 'node-2'));
    assert.deepEqual(story.raised, []);
    story.waits(['node-1']);
    story.pass(250);
    story.waits([]);
    story.pass(2000);
    assert.deepEqual([story.raised.length, story.cleared.length], [1, 0], 'between two waits nothing flickers');
    story.pass(2000);
    assert.deepEqual([story.raised.length, story.cleared.length], [1, 1]);
  });

  test('a wait that changes updates the verdict and does not raise another', () => {
    const story = new Story(['node-1']);
    story.link('node-1', 'lost', 1, 'peer silent for 5 s');
    story.pass(4000);
    story.waits(['node-1'], { phase: 'evaluating', nextAction: 'goes on without node-1', deadlineAt: 30_000 });
    story.pass(1000);
    const [first, second] = story.raised;
    assert.equal(story.raised.length, 2, 'told once more, and only once');
    assert.equal(second?.verdict, first?.verdict);
    assert.deepEqual([first?.nextAction, second?.nextAction], ['closes the round', 'goes on without node-1']);
    assert.deepEqual([second?.since, second?.detectedAfterMs], [first?.since, first?.detectedAfterMs]);
    assert.deepEqual(second?.history, [{ at: 4250, text: 'round 1, evaluating: it goes on' }]);
    assert.deepEqual(story.cleared, []);
  });

  test('a cause that outlives its wait is the same verdict in the next one; a new cause is a new verdict', () => {
    const story = new Story(['node-1']);
    story.link('node-1', 'lost', 1, 'peer silent for 5 s');
    story.pass(4000);
    story.waits([]);
    story.pass(4000);
    assert.equal(story.cleared.length, 1, 'the wait is over');
    story.waits(['node-1'], { round: 2 });
    story.pass(500);
    assert.deepEqual(
      story.raised.map(({ verdict }) => verdict),
      ['v1-link-lost-node-1', 'v1-link-lost-node-1'],
    );
    assert.deepEqual(
      story.raised[1]?.history?.map(({ text }) => text),
      ['round 1 no longer waited for node-1', 'round 2, training: it goes on'],
    );
    story.link('node-1', 'ready', 2);
    story.pass(500, heartbeats(story, 'node-1'));
    assert.equal(story.cleared.length, 2);
    story.link('node-1', 'lost', 2, 'cut');
    story.pass(4000);
    assert.equal(story.raised.at(-1)?.verdict, 'v2-link-lost-node-1');
  });

  test('what a verdict has outlived stays bounded, however many rounds it lasts', () => {
    const story = new Story(['node-1']);
    story.link('node-1', 'lost', 1, 'peer silent for 5 s');
    story.pass(4000);
    for (let round = 2; round < 40; round++) {
      story.waits(['node-1'], { round });
      story.pass(1000);
    }
    const history = story.raised.at(-1)?.history ?? [];
    assert.equal(history.length, 16);
    assert.match(history[0]?.text ?? '', /^round 2,/);
    assert.match(history.at(-1)?.text ?? '', /^round 39,/);
    assert.equal(new Set(story.raised.map(({ verdict }) => verdict)).size, 1);
  });

  test('a cause that outlasts fast rounds is told about once a second, not with each wait', () => {
    const story = new Story(['node-1']);
    story.link('node-1', 'lost', 1, 'peer silent for 5 s');
    story.pass(4000);
    const before = story.raised.length;
    for (let step = 0; step < 40; step++) {
      story.waits(['node-1'], { round: 2 + step });
      story.pass(250);
    }
    const told = story.raised.length - before;
    assert.ok(told >= 8 && told <= 12, `${told} times in 10 s`);
  });
});

test('a coordinator that is started again is the one verdict, and nobody is blamed for silence until it is back', () => {
  const story = new Story(['node-1', 'node-2']);
  story.at = 1000;
  story.event('process_exited', {
    name: 'coordinator',
    pid: 7,
    expected: false,
    restarts: true,
    note: 'ended by SIGKILL',
  });
  story.pass(20_000);
  assert.deepEqual(
    story.raised.map(({ rule, layer }) => [rule, layer]),
    [['coordinator-restarting', 'application']],
  );
  assert.match(story.raised[0]?.sentence ?? '', /is gone and is being started again/);
  story.event('run_resumed', {});
  story.pass(1000);
  assert.equal(story.cleared.length, 1);
  assert.equal(story.raised.length, 1, 'the silence of before is not held against anybody');
});

test('a participant that is started again is told from a dead one', () => {
  const story = new Story(['node-1']);
  story.event('process_exited', { name: 'node-1', pid: 7, expected: false, restarts: true, note: 'ended by SIGKILL' });
  story.pass(1000);
  assert.deepEqual(
    story.raised.map(({ rule }) => rule),
    ['participant-restarting'],
  );
  story.event('participant_joined', { participant: 'node-1', protocol: 'quic' });
  story.pass(1000);
  assert.equal(story.cleared.length, 1);
});
