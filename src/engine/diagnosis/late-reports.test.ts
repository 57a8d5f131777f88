import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { heartbeats, Story } from '#test/support/kits/diagnosis-story.ts';

const people = ['node-1', 'node-2'];

/** A coordinator that is well and reports what it saw so much later: a flood of others' messages goes before. */
function behind(story: Story, ms: number, heard: readonly string[] = people): () => void {
  return () =>
    story.late(ms, () => {
      if (story.at % 1000 === 0) story.ticks('coordinator');
      for (const name of heard) heartbeats(story, name)();
    });
}

describe('a coordinator whose reports are behind', () => {
  test('runs, as long as they come', () => {
    const story = new Story(people, people);
    for (const ms of [0, 2000, 4000, 6000]) story.pass(10_000, behind(story, ms));
    assert.deepEqual(story.raised, []);
    story.pass(5000);
    assert.deepEqual(story.standing, ['coordinator-frozen coordinator'], 'none come any more');
  });

  test('makes nobody silent: who was heard since is not known yet', () => {
    const story = new Story(people, people);
    story.pass(10_000, behind(story, 0));
    for (const ms of [2000, 4000, 6000, 8000]) story.pass(5000, behind(story, ms));
    assert.deepEqual(story.raised, []);
    // What is reported then is that one of them was not heard for long.
    story.pass(8000, behind(story, 8000, ['node-1']));
    assert.deepEqual(story.standing, ['participant-silent node-2']);
  });
});

test('a process whose messages come does not stand still, whatever became of its clock', () => {
  const story = new Story(['node-1'], people, 'demo');
  const clocks = (...names: readonly string[]): void => {
    for (const name of story.at % 1000 === 0 ? names : []) story.ticks(name);
    for (const name of people) heartbeats(story, name)();
  };
  story.pass(3000, () => clocks('coordinator', 'node-1', 'node-2'));
  story.pass(6000, () => {
    clocks('coordinator', 'node-2');
    story.packet('node-1', { source: 'node-1', direction: 'down' });
  });
  assert.deepEqual(story.raised, []);
  story.pass(5000, () => clocks('coordinator', 'node-2'));
  assert.deepEqual(story.standing, ['process-frozen node-1']);
});

test('whoever checks late reads what was reported meanwhile before it says anything', () => {
  const story = new Story(['node-1'], people);
  story.pass(3000, behind(story, 0));
  story.pass(2500);
  for (let times = 0; times < 5; times++) {
    story.away(2000);
    story.late(1000, () => story.ticks('coordinator'));
    heartbeats(story, 'node-1')();
  }
  assert.deepEqual(story.raised, []);
  story.away(2000);
  story.away(2400);
  story.away(2400);
  assert.deepEqual(story.standing, ['coordinator-frozen coordinator'], 'late each time, it checks all the same');
});

test('a coordinator that this end cannot have heard, since it stood still itself, is not silent', () => {
  const seat = new Story([], [], 'participant');
  seat.event('run_opened', { chair: 'participant', name: 'pilot', self: 'node-1' }, 'service');
  seat.link('node-1', 'ready', 1, '', { side: 'participant' });
  const heard = { source: 'node-1', peer: 'coordinator', direction: 'down' } as const;
  seat.pass(3000, () => {
    if (seat.at % 1000 === 0) seat.ticks('node-1');
    seat.packet('node-1', heard);
  });
  // What it told of its clock came late, and what it has heard later still.
  seat.pass(3500);
  seat.pass(2000, () => {
    if (seat.at % 1000 === 0) seat.late(3000, () => seat.ticks('node-1'));
  });
  seat.pass(2000, () => seat.late(2500, () => seat.packet('node-1', heard)));
  assert.deepEqual(seat.raised, []);
});

test('a coordinator that goes on tells of links before it has read what was sent to it: nobody was silent meanwhile', () => {
  const story = new Story(people, people, 'demo');
  const clocks = (...names: readonly string[]): void => {
    for (const name of story.at % 1000 === 0 ? names : []) story.ticks(name);
  };
  story.pass(5000, () => {
    clocks('coordinator', ...people);
    for (const name of people) heartbeats(story, name)();
  });
  story.pass(9000, () => clocks(...people));
  assert.deepEqual(story.standing, ['coordinator-frozen coordinator']);
  story.pass(750, () => story.waits(people));
  story.ticks('coordinator', 9750);
  story.pass(2000, () => {
    clocks('coordinator', ...people);
    for (const name of people) heartbeats(story, name)();
  });
  assert.equal(story.cleared.length, 0, 'it is one verdict until everybody is back');
  assert.deepEqual(new Set(story.raised.map(({ subject }) => subject)), new Set(['coordinator']));
  story.pass(20_000, () => {
    clocks('coordinator', ...people);
    heartbeats(story, 'node-1')();
  });
  assert.deepEqual(story.standing, ['participant-silent node-2'], 'who is silent after that is');
});

test('a participant that was away itself does not find the coordinator silent when it tells of its own work first', () => {
  const seat = new Story([], [], 'participant');
  seat.event('run_opened', { chair: 'participant', name: 'pilot', self: 'node-1' }, 'service');
  seat.link('node-1', 'ready', 1, '', { side: 'participant' });
  seat.pass(3000, () => {
    if (seat.at % 1000 === 0) seat.ticks('node-1');
    seat.packet('node-1', { source: 'node-1', peer: 'coordinator', direction: 'down' });
  });
  seat.pass(6000);
  seat.pass(750, () => seat.progress('node-1', seat.at));
  assert.deepEqual(new Set(seat.raised.map(({ rule }) => rule)), new Set(['process-frozen']));
  assert.equal(seat.raised[0]?.nextAction, 'goes on by itself once it gets the processor');
});

for (const [stoodMs, grantMs] of [
  [4000, 2000],
  [7000, 7000],
  [30_000, 15_000],
] as const) {
  test(`an update that a coordinator did not take while it stood still for ${stoodMs / 1000} s may come ${grantMs / 1000} s later`, () => {
    const story = new Story(['node-1'], people);
    const alive = (): void => {
      if (story.at % 1000 === 0) story.ticks('coordinator');
      for (const name of people) heartbeats(story, name)();
    };
    story.pass(3000, alive);
    story.event('participant_phase', { participant: 'node-1', phase: 'send', round: 1 }, 'node-1');
    story.pass(stoodMs);
    story.ticks('coordinator', stoodMs);
    const before = story.raised.length;
    story.pass(grantMs + 4750, alive);
    assert.deepEqual(
      story.raised.slice(before).filter(({ rule }) => rule !== 'coordinator-frozen'),
      [],
    );
    story.pass(1500, alive);
    assert.deepEqual(story.standing, ['transfer-stuck node-1']);
  });
}

test('a participant whose link is not read for want of room is not silent; who says nothing once it is, is', () => {
  const story = new Story(people, people);
  const beat = (): void => heartbeats(story, 'node-1')();
  const both = (): void => people.forEach((name) => heartbeats(story, name)());
  const ticks = (): void => void (story.at % 1000 === 0 && story.ticks('coordinator'));
  story.pass(3000, () => (both(), ticks()));
  story.link('node-2', 'degraded', 1, 'no room in memory for what this sends', { unread: true });
  story.pass(60_000, () => (beat(), ticks()));
  assert.deepEqual(story.raised, []);
  story.link('node-2', 'ready', 1, 'well again');
  story.pass(4000, () => (beat(), ticks()));
  assert.deepEqual(story.raised, []);
  story.pass(8000, () => (beat(), ticks()));
  assert.deepEqual(story.standing, ['participant-silent node-2']);
});
