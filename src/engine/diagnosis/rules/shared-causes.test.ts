import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { heartbeats, Story } from '#test/support/kits/diagnosis-story.ts';

const many = Array.from({ length: 20 }, (_, k) => `node-${k + 1}`);

/** Everybody's heartbeats and process clocks, but those of `except`. */
function alive(story: Story, people: readonly string[], except: readonly string[] = []): () => void {
  return () => {
    for (const name of people) if (!except.includes(name)) heartbeats(story, name)();
    if (story.at % 1000 !== 0) return;
    // In a federation of several machines only the coordinator's process is here.
    const local = people.some((name) => name.startsWith('lab')) ? ['coordinator'] : [...people, 'coordinator'];
    for (const name of local) if (!except.includes(name)) story.ticks(name);
  };
}

/** Nobody is heard and the coordinator's clock is silent; everybody else's runs. */
function clocksOnly(story: Story, people: readonly string[]): () => void {
  return () => {
    if (story.at % 1000 === 0) for (const name of people) story.ticks(name);
  };
}

describe('a coordinator that stands still', () => {
  test('is the one that is named, and nobody is blamed for the silence, during and after', () => {
    const people = ['node-1', 'node-2', 'node-3'];
    const story = new Story(people, people, 'demo');
    story.pass(3000, alive(story, people));
    story.pass(15_000, clocksOnly(story, people));
    assert.deepEqual(story.standing, ['coordinator-frozen coordinator']);
    assert.ok((story.raised[0]?.detectedAfterMs ?? 9e9) < 5000);
    story.ticks('coordinator', 15_000);
    story.pass(1000, clocksOnly(story, people));
    assert.match(story.raised.at(-1)?.sentence ?? '', /^The coordinator goes on: its process stood still for 15 s\.$/);
    // Links that were given up meanwhile are dialed again within their own time.
    for (const name of people) story.link(name, 'lost', 1, 'peer silent for 5 s');
    story.pass(2500, clocksOnly(story, people));
    for (const name of people) story.link(name, 'ready', 2);
    story.pass(6000, alive(story, people));
    assert.deepEqual(story.standing, []);
    assert.deepEqual([...new Set(story.raised.map(({ subject }) => subject))], ['coordinator']);
  });

  test('in a federation of several machines as well, where its process alone tells of itself', () => {
    const people = ['lab-1', 'lab-2'];
    const story = new Story(people, people);
    story.pass(3000, () => {
      if (story.at % 1000 === 0) story.ticks('coordinator');
      for (const name of people) heartbeats(story, name)();
    });
    story.pass(10_000);
    assert.deepEqual(story.standing, ['coordinator-frozen coordinator']);
  });

  test('that was killed on purpose carries the tag', () => {
    const story = new Story(['node-1'], ['node-1'], 'demo');
    story.at = 1000;
    story.event('fault_injected', { fault: 'kill-coordinator', participant: 'coordinator', round: 1, note: '' });
    const gone = { name: 'coordinator', pid: 7, expected: false, restarts: true, note: 'ended by SIGKILL' };
    story.event('process_exited', gone, 'service');
    story.event('fault_cleared', { fault: 'kill-coordinator', participant: 'coordinator', note: 'started again' });
    story.pass(500);
    assert.deepEqual([story.raised[0]?.subject, story.raised[0]?.injected], ['coordinator', 'kill-coordinator']);
  });
});

describe('a broker', () => {
  const address = 'mqtt://127.0.0.1:1883';
  const news = (story: Story, state: string, reason = ''): void =>
    story.event('broker_state', { protocol: 'mqtt', address, state, reason });

  test('that is out of reach is named, and its participants are not', () => {
    const people = ['lab-1', 'lab-2'];
    const story = new Story(people, people);
    story.pass(2000, alive(story, people));
    news(story, 'lost', 'read ECONNRESET');
    for (const name of people) story.link(name, 'lost', 1, 'the broker is gone');
    story.pass(12_000, () => story.at % 1000 === 0 && story.ticks('coordinator'));
    assert.deepEqual(story.standing, ['broker-lost the broker']);
    assert.match(
      story.raised[0]?.sentence ?? '',
      /MQTT broker at mqtt:\/\/127\.0\.0\.1:1883 is out of the coordinator's reach/,
    );
    news(story, 'connected');
    // The pauses between two attempts of theirs have grown meanwhile.
    story.pass(9000, () => story.at % 1000 === 0 && story.ticks('coordinator'));
    assert.match(story.raised.at(-1)?.sentence ?? '', /is back, and participants dial it again\.$/);
    for (const name of people) story.link(name, 'ready', 2);
    story.pass(5000, alive(story, people));
    assert.deepEqual(story.standing, []);
    assert.deepEqual([...new Set(story.raised.map(({ subject }) => subject))], ['the broker']);
  });

  test('that is found to be away clears what was held against its participants, and says so', () => {
    const story = new Story(['lab-1'], ['lab-1']);
    story.pass(2000, alive(story, ['lab-1']));
    story.link('lab-1', 'lost', 1, 'nothing heard for 5.0 s');
    story.pass(12_000, () => story.at % 1000 === 0 && story.ticks('coordinator'));
    assert.deepEqual(story.standing, ['link-lost lab-1']);
    news(story, 'lost', 'Keepalive timeout');
    story.pass(3000, () => story.at % 1000 === 0 && story.ticks('coordinator'));
    assert.deepEqual(story.standing, ['broker-lost the broker']);
    assert.match(story.cleared[0]?.reason ?? '', /^now: The MQTT broker at .* is out of the coordinator's reach\.$/);
  });

  test('that drops the connection again and again is named as that', () => {
    const story = new Story(['lab-1'], ['lab-1']);
    for (let k = 0; k < 4; k++) {
      news(story, 'lost', 'read ECONNRESET');
      story.pass(500, alive(story, ['lab-1']));
      news(story, 'connected');
      story.pass(1500, alive(story, ['lab-1']));
    }
    assert.deepEqual(story.standing, ['broker-drops the broker']);
    story.pass(40_000, alive(story, ['lab-1']));
    assert.deepEqual(story.standing, []);
  });

  test('that takes no messages says why', () => {
    const story = new Story(['lab-1'], ['lab-1']);
    news(story, 'blocked', 'low on memory');
    story.pass(4000, alive(story, ['lab-1']));
    assert.deepEqual(story.standing, ['broker-blocked the broker']);
    assert.match(story.raised[0]?.sentence ?? '', /blocks publishers: low on memory\.$/);
    news(story, 'connected');
    story.pass(500, alive(story, ['lab-1']));
    assert.deepEqual(story.standing, []);
  });

  test('that holds up what is large is named with its own words, and nobody whose transfer is stuck by it', () => {
    const people = ['lab-1', 'lab-2'];
    const story = new Story(people, people);
    story.event('participant_phase', { participant: 'lab-1', round: 1, phase: 'send' }, 'lab-1');
    const obstacle = 'the broker takes no packet of 4 KiB (it says: Packet too large)';
    story.link('lab-1', 'degraded', 1, obstacle, { obstacle });
    story.pass(12_000, alive(story, people));
    assert.deepEqual(story.standing, ['broker-obstacle the broker']);
    const [told] = story.raised;
    assert.ok(told);
    assert.ok(told.sentence.endsWith(`between the coordinator and lab-1: ${obstacle}.`));
    assert.ok(told.detectedAfterMs < 1000);
    // A session that is lost in between changes nothing, one that is well does.
    story.link('lab-1', 'lost', 1, 'peer silent');
    story.pass(2000, alive(story, people));
    assert.deepEqual(story.standing, ['broker-obstacle the broker']);
    story.link('lab-1', 'ready', 2);
    story.pass(1000, alive(story, people));
    assert.deepEqual(story.standing, []);
    assert.deepEqual([...new Set(story.raised.map(({ subject }) => subject))], ['the broker']);
  });

  test('that comes back within a second is no verdict', () => {
    const story = new Story(['lab-1'], ['lab-1']);
    news(story, 'lost', 'read ECONNRESET');
    story.pass(750, alive(story, ['lab-1']));
    news(story, 'connected');
    story.pass(5000, alive(story, ['lab-1']));
    assert.deepEqual(story.raised, []);
  });
});

describe('a machine that is overloaded', () => {
  /** Twenty train, two cores: steps come every few seconds, then not at all for everybody. */
  function crowd(lateMs: number): Story {
    const story = new Story(many, many, 'demo');
    for (const participant of many) {
      story.event('participant_phase', { participant, round: 1, phase: 'train' }, participant);
      story.progress(participant, 1);
    }
    story.pass(8000, () => {
      for (const name of many) heartbeats(story, name)();
      if (story.at % 1000 === 0) for (const name of [...many, 'coordinator']) story.ticks(name, lateMs);
    });
    return story;
  }

  test('is named, and none of those who wait for the processor', () => {
    const story = crowd(900);
    assert.deepEqual(story.standing, ['machine-overloaded this machine']);
    assert.equal(story.raised[0]?.sentence, 'This machine is overloaded: 21 processes on 2 cores.');
    assert.match(story.raised[0].explanation, /none of them is to blame/);
    for (const participant of many) story.progress(participant, 2);
    story.pass(500, alive(story, many));
    assert.deepEqual(story.standing, []);
  });

  test('is not blamed for one that stopped while the others go on', () => {
    const story = new Story(many, many, 'demo');
    for (const participant of many) {
      story.event('participant_phase', { participant, round: 1, phase: 'train' }, participant);
      story.progress(participant, 1);
    }
    let batch = 1;
    story.pass(8000, () => {
      alive(story, many)();
      if (story.at % 500 !== 0) return;
      batch++;
      for (const participant of many.slice(1)) story.progress(participant, batch);
    });
    assert.deepEqual(story.standing, ['trainer-frozen node-1']);
  });

  test('the last one to recover is not named instead', () => {
    const story = crowd(900);
    for (const participant of many.slice(1)) story.progress(participant, 2);
    let batch = 2;
    story.pass(3000, () => {
      for (const name of many) heartbeats(story, name)();
      batch++;
      for (const participant of many.slice(1)) story.progress(participant, batch);
      if (story.at % 1000 === 0) for (const name of [...many, 'coordinator']) story.ticks(name, 400);
    });
    assert.deepEqual([...new Set(story.raised.map(({ subject }) => subject))], ['this machine']);
  });
});

describe('several at once', () => {
  test('out of reach in the same seconds share a cause', () => {
    const people = ['lab-1', 'lab-2', 'lab-3', 'lab-4'];
    const story = new Story(people, people);
    story.pass(2000, alive(story, people));
    story.pass(9000, alive(story, people, ['lab-1', 'lab-2', 'lab-3']));
    assert.deepEqual(story.standing, ['many-out-of-reach the network']);
    story.pass(2000, alive(story, people));
    assert.deepEqual(story.standing, []);
  });

  test('one of four is its own', () => {
    const people = ['lab-1', 'lab-2', 'lab-3', 'lab-4'];
    const story = new Story(people, people);
    story.pass(2000, alive(story, people));
    story.pass(9000, alive(story, people, ['lab-3']));
    assert.deepEqual(
      story.standing.map((what) => what.split(' ')[1]),
      ['lab-3'],
    );
  });
});

test('a doctor that was away itself, and a clock that was set, are held against nobody', () => {
  const people = ['lab-1', 'lab-2'];
  for (const jumpMs of [3_600_000, -3_600_000, 20_000]) {
    const story = new Story(people, people);
    story.at = 4_000_000;
    story.pass(3000, alive(story, people));
    story.at += jumpMs;
    story.pass(1000);
    story.pass(5000, alive(story, people));
    assert.deepEqual(story.raised, [], `${jumpMs} ms`);
  }
});
