import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Story } from '#test/support/kits/diagnosis-story.ts';

function asks(story: Story, participant: string, state = 'waiting'): void {
  story.event('admission', { participant, key: `key-${participant}`, address: '10.0.4.18:1', state, reason: '' });
}

function registering(quorum: number, reported: readonly string[] = []): Story {
  const story = new Story([], []);
  story.waits([], { phase: 'registering', round: 0, quorum, reported: reported as never });
  return story;
}

test('a run that cannot begin before somebody has answered says whose question that is, and since when', () => {
  const story = registering(1);
  asks(story, 'lab-4');
  story.pass(9_000);
  assert.deepEqual(story.standing, []);
  story.pass(32_000);
  assert.deepEqual(story.standing, ['answer-awaited lab-4']);
  assert.match(
    story.raised.at(-1)?.sentence ?? '',
    /^lab-4 waits for your answer since 4\d s: the run cannot begin before\.$/,
  );
  asks(story, 'lab-4', 'admitted');
  story.pass(2_000);
  assert.deepEqual(story.standing, []);
});

test('where more are missing than ask, no more is claimed; and a run that has begun waits for nobody at the door', () => {
  const story = registering(3);
  asks(story, 'lab-4');
  asks(story, 'lab-5');
  story.pass(20_000);
  assert.match(
    story.raised.at(-1)?.sentence ?? '',
    /^lab-4 and 1 more wait for your answer since .*: the run waits for 3 more/,
  );
  story.waits(['node-1'], { phase: 'training', round: 1 });
  story.pass(20_000);
  assert.deepEqual(story.standing, []);
});

test('who asks is told that it waits for the coordinator, until there is an answer', () => {
  const seat = new Story([], [], 'participant');
  seat.event('run_opened', { chair: 'participant', name: 'pilot', self: 'lab-1' }, 'service');
  const link = {
    participant: 'lab-1',
    side: 'participant',
    state: 'ready',
    reason: '',
    protocol: 'quic',
    stack: 'quinn',
  };
  seat.event('link_state', { ...link, connections: 1, reconnects: 0 }, 'lab-1');
  seat.event('admission', { participant: 'lab-1', key: 'k', address: '', state: 'waiting', reason: '' }, 'lab-1');
  const hears = { source: 'lab-1', peer: 'coordinator', direction: 'down', kind: 'heartbeat', durationMs: 2 } as const;
  seat.pass(20_000, () => seat.packet('lab-1', hears));
  assert.deepEqual(seat.standing, ['waits-to-be-let-in coordinator']);
  assert.match(seat.raised.at(-1)?.sentence ?? '', /^You wait to be let in by the coordinator since \d+ s\.$/);
  seat.event('admission', { participant: 'lab-1', key: 'k', address: '', state: 'admitted', reason: '' }, 'lab-1');
  seat.pass(2_000, () => seat.packet('lab-1', hears));
  assert.deepEqual(seat.standing, []);
});
