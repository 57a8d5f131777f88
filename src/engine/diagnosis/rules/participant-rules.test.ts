import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { heartbeats, hungUp, Story } from '#test/support/kits/diagnosis-story.ts';

/** A session that opens, carries a heartbeat and ends. */
function session(story: Story, connection: number, note: string, side: 'sent' | 'received' = 'received'): void {
  story.packet('node-1', { kind: 'connection_open', connection });
  story.packet('node-1', { kind: 'heartbeat', connection });
  story.packet('node-1', { kind: 'connection_close', connection, side, note });
  story.packet('node-1', { kind: 'update_ack', side: 'sent', direction: 'down', status: 'undeliverable' });
}

/** A heartbeat that answers one of the coordinator's: the participant hears. */
function echo(story: Story, connection: number): void {
  story.packet('node-1', { kind: 'heartbeat', connection, durationMs: 3 });
}

describe('a connection per message', () => {
  const nears: Record<string, { readonly note: string; readonly side?: 'sent' | 'received' }> = {
    'sessions that a broker resets': { note: 'closed by the other end (lost): read ECONNRESET' },
    'sessions that are given up for silence': { note: 'peer_silent: nothing heard for 5.0 s', side: 'sent' },
    'sessions that change their protocol': { note: 'closed by the other end (changed): changes to QUIC' },
    'sessions that give way to another': { note: 'replaced: the participant has opened another session', side: 'sent' },
  };
  for (const [what, { note, side }] of Object.entries(nears)) {
    test(`is not: ${what}`, () => {
      const story = new Story(['node-1']);
      let connection = 1;
      story.pass(8000, () => {
        if (story.at % 1000 === 0) session(story, ++connection, note, side);
      });
      assert.deepEqual(
        story.raised.filter(({ rule }) => rule === 'connection-per-message'),
        [],
      );
    });
  }

  test('is over as soon as one is heard to hear, and does not come back with the next rounds', () => {
    const story = new Story(['node-1']);
    let connection = 1;
    story.pass(6000, () => {
      if (story.at % 500 === 0) session(story, ++connection, hungUp);
    });
    assert.deepEqual(story.standing, ['connection-per-message node-1']);
    connection++;
    story.packet('node-1', { kind: 'connection_open', connection });
    story.pass(1500, () => echo(story, connection));
    assert.deepEqual(story.standing, []);
    for (let round = 2; round < 8; round++) {
      story.waits([]);
      story.pass(500, () => echo(story, connection));
      story.waits(['node-1'], { round });
      story.pass(1500, () => echo(story, connection));
    }
    assert.deepEqual([story.raised.length, story.cleared.length], [1, 1]);
  });

  test('began with its own connections, not with an answer that was lost long before', () => {
    const story = new Story(['node-1']);
    story.packet('node-1', { kind: 'run_plan', side: 'sent', direction: 'down', status: 'undeliverable' });
    story.pass(60_000, () => echo(story, 1));
    const beganAt = story.at;
    let connection = 1;
    story.pass(6000, () => {
      if (story.at % 500 === 0) session(story, ++connection, hungUp);
    });
    const since = story.raised[0]?.since ?? 0;
    assert.equal(story.raised[0]?.rule, 'connection-per-message');
    assert.ok(since - beganAt >= 0 && since - beganAt < 2000, `${since - beganAt} ms`);
  });

  test('is over at once when the fault that made it is switched off', () => {
    const story = new Story(['node-1']);
    let connection = 1;
    story.event('fault_injected', { fault: 'connection-per-message', participant: 'node-1', round: 1, note: '' });
    story.pass(6000, () => {
      if (story.at % 500 === 0) session(story, ++connection, hungUp);
    });
    assert.equal(story.raised[0]?.injected, 'connection-per-message');
    story.event('fault_cleared', { fault: 'connection-per-message', participant: 'node-1', note: 'switched off' });
    story.pass(250);
    assert.deepEqual(story.standing, []);
  });

  test('stands without a flicker through rounds in which nobody is waited for in between', () => {
    const story = new Story(['node-1']);
    let connection = 1;
    const talks = (): void => {
      if (story.at % 500 === 0) session(story, ++connection, hungUp);
    };
    story.pass(6000, talks);
    for (let round = 2; round < 6; round++) {
      story.waits([]);
      story.pass(1000, talks);
      story.waits(['node-1'], { round });
      story.pass(3000, talks);
    }
    assert.deepEqual(story.cleared, []);
    assert.equal(new Set(story.raised.map(({ verdict }) => verdict)).size, 1);
  });
});

test('a link that opens and breaks again has its own verdict, which lets go once the link holds', () => {
  const story = new Story(['node-1']);
  let connection = 1;
  story.pass(30_000, () => {
    if (story.at % 6000 !== 0) return heartbeats(story, 'node-1')();
    session(story, ++connection, 'peer_silent: nothing heard for 5.0 s', 'sent');
  });
  assert.deepEqual(story.standing, ['link-flapping node-1']);
  assert.match(story.raised.at(-1)?.sentence ?? '', /^node-1's link opens and breaks again: \d times in \d+ s\.$/);
  story.packet('node-1', { kind: 'connection_open', connection: ++connection });
  story.pass(25_000, () => echo(story, connection));
  assert.deepEqual(story.standing, []);
});

test('a link that broke again after it had held for long does not flap for what was before', () => {
  const story = new Story(['node-1']);
  for (const connection of [2, 3]) session(story, connection, 'peer_silent: nothing heard for 5.0 s', 'sent');
  story.packet('node-1', { kind: 'connection_open', connection: 4 });
  story.pass(30_000, () => echo(story, 4));
  story.packet('node-1', {
    kind: 'connection_close',
    connection: 4,
    side: 'sent',
    note: 'peer_silent: nothing heard for 5.0 s',
  });
  story.pass(1000);
  assert.ok(!story.standing.includes('link-flapping node-1'), story.standing.join());
});

test('silence that is followed by the end of the session is one verdict', () => {
  const story = new Story(['node-1']);
  story.pass(7000);
  assert.deepEqual(story.standing, ['participant-silent node-1']);
  story.link('node-1', 'lost', 1, 'peer silent for 5 s');
  story.pass(7000);
  assert.deepEqual([story.raised.length, story.cleared.length], [1, 0]);
});

test('a participant of whom nothing tells that it dials is not said to dial', () => {
  const story = new Story(['node-1']);
  story.link('node-1', 'lost', 1, 'peer silent for 5 s');
  story.pass(4000);
  const { sentence = '', explanation = '' } = story.raised[0] ?? {};
  assert.equal(sentence, 'node-1 is out of reach: its QUIC link is down.');
  assert.match(explanation, /Nothing has been heard of a new connection/);
});

test('a participant whose link has just come back, or whose process was started again, has not stopped training', () => {
  const story = new Story(['node-1']);
  story.event('participant_phase', { participant: 'node-1', round: 1, phase: 'train' });
  for (let batch = 1; batch <= 3; batch++) {
    story.pass(250, heartbeats(story, 'node-1'));
    story.progress('node-1', batch);
  }
  story.link('node-1', 'lost', 1, 'cut');
  story.pass(6000);
  story.link('node-1', 'ready', 2);
  story.pass(2000, heartbeats(story, 'node-1'));
  assert.deepEqual(story.standing, []);
  story.pass(4000, heartbeats(story, 'node-1'));
  assert.deepEqual(story.standing, ['trainer-frozen node-1'], 'by then a step would have come');
});

describe('a first gradient step', () => {
  function training(): Story {
    const story = new Story(['node-1']);
    story.event('participant_phase', { participant: 'node-1', round: 1, phase: 'train' });
    return story;
  }

  test('that takes 9 s is no frozen trainer', () => {
    const story = training();
    story.pass(9000, heartbeats(story, 'node-1'));
    story.progress('node-1', 1);
    story.pass(2000, heartbeats(story, 'node-1'));
    assert.deepEqual(story.raised, []);
  });

  test('that is not done after 40 s is told as that, and no more', () => {
    const story = training();
    story.pass(42_000, heartbeats(story, 'node-1'));
    assert.deepEqual(story.standing, ['first-step-slow node-1']);
    assert.match(story.raised[0]?.sentence ?? '', /^node-1's first gradient step is not done after 40 s\.$/);
    story.progress('node-1', 1);
    story.pass(500, heartbeats(story, 'node-1'));
    assert.deepEqual(story.standing, []);
  });

  test('that never comes since the trainer was frozen on purpose is named like any other', () => {
    const story = training();
    story.event('fault_injected', { fault: 'freeze-trainer', participant: 'node-1', round: 1, note: '' });
    story.pass(6000, heartbeats(story, 'node-1'));
    assert.equal(story.raised[0]?.rule, 'trainer-frozen');
    assert.equal(story.raised[0].injected, 'freeze-trainer');
  });
});

describe('a transfer', () => {
  function sending(sentBytes: number): Story {
    const story = new Story(['node-1']);
    story.event('participant_phase', { participant: 'node-1', round: 1, phase: 'send' });
    const transfer = { participant: 'node-1', round: 1, kind: 'model_update', direction: 'up', totalBytes: 10_500_000 };
    story.event('transfer_progress', { ...transfer, sentBytes });
    return story;
  }

  test('that moves no byte while heartbeats pass is stuck, and at what', () => {
    const story = sending(2_900_000);
    story.pass(6000, heartbeats(story, 'node-1'));
    assert.equal(story.raised[0]?.sentence, "node-1's model update is stuck at 2.9 of 10.5 MB; heartbeats pass.");
    story.event('transfer_progress', {
      participant: 'node-1',
      round: 1,
      kind: 'model_update',
      direction: 'up',
      sentBytes: 3_400_000,
      totalBytes: 10_500_000,
    });
    story.pass(250, heartbeats(story, 'node-1'));
    assert.deepEqual(story.standing, []);
  });

  test('that moves is alive, however slow', () => {
    const story = sending(1000);
    let sentBytes = 1000;
    story.pass(30_000, () => {
      heartbeats(story, 'node-1')();
      if (story.at % 4000 !== 0) return;
      sentBytes += 1000;
      const transfer = { participant: 'node-1', round: 1, kind: 'model_update', direction: 'up', totalBytes: 9e6 };
      story.event('transfer_progress', { ...transfer, sentBytes });
    });
    assert.deepEqual(story.raised, []);
  });

  test('of which nothing arrives after training is named, not the training', () => {
    const story = new Story(['node-1']);
    story.event('participant_phase', { participant: 'node-1', round: 1, phase: 'train' });
    story.progress('node-1', 1);
    story.progress('node-1', 40);
    story.pass(14_000, heartbeats(story, 'node-1'));
    assert.deepEqual(story.standing, ['transfer-stuck node-1']);
    assert.match(story.raised[0]?.sentence ?? '', /^node-1 has trained, but nothing of the model update arrives/);
  });
});

test('a fault that was over before it could be named still explains what it did', () => {
  const story = new Story(['node-1']);
  story.at = 1000;
  story.event('fault_injected', { fault: 'crash-participant', participant: 'node-1', round: 1, note: '' });
  story.event('process_exited', { name: 'node-1', pid: 7, expected: false, restarts: true, note: 'ended by SIGKILL' });
  story.event('fault_cleared', { fault: 'crash-participant', participant: 'node-1', note: 'started again' });
  story.pass(500);
  assert.equal(story.raised[0]?.injected, 'crash-participant');
});

test('one that pauses is said to pause and nothing else, and trains on where it was', () => {
  const story = new Story(['node-1']);
  story.event('participant_phase', { participant: 'node-1', round: 1, phase: 'train' });
  story.progress('node-1', 3);
  story.event('participant_paused', { participant: 'node-1', paused: true, reason: 'battery' });
  story.pass(20_000, heartbeats(story, 'node-1'));
  assert.deepEqual(story.standing, ['participant-paused node-1']);
  story.event('participant_paused', { participant: 'node-1', paused: false, reason: '' });
  story.pass(2000, heartbeats(story, 'node-1'));
  assert.deepEqual(story.standing, []);
  assert.equal(story.raised.length, 1);
});

test('a process of this machine that stands still is told from a silent participant', () => {
  const story = new Story(['node-1']);
  const people = ['node-1', 'node-2', 'coordinator'];
  const tick = (names: readonly string[]): void => {
    if (story.at % 1000 === 0) for (const name of names) story.ticks(name);
    heartbeats(story, 'node-2')();
  };
  story.pass(3000, () => {
    tick(people);
    heartbeats(story, 'node-1')();
  });
  story.pass(8000, () => tick(people.slice(1)));
  assert.deepEqual(story.standing, ['process-frozen node-1']);
  story.link('node-1', 'lost', 1, 'peer silent for 5 s');
  story.ticks('node-1', 8000);
  story.pass(2000, () => tick(people));
  assert.deepEqual(story.standing, [], 'its link is dialed again within its own time');
  story.link('node-1', 'ready', 2);
  story.pass(2000, () => {
    tick(people);
    heartbeats(story, 'node-1')();
  });
  assert.equal(story.raised.length, 1);
});

test('one that leaves is not said to train again', () => {
  const story = new Story(['node-1']);
  story.event('participant_phase', { participant: 'node-1', round: 1, phase: 'train' });
  story.progress('node-1', 1);
  story.progress('node-1', 2);
  story.pass(8000, heartbeats(story, 'node-1'));
  assert.deepEqual(story.standing, ['trainer-frozen node-1']);
  story.event('participant_left', { participant: 'node-1', reason: 'interrupted by the user', clean: true });
  story.link('node-1', 'closed', 1, 'interrupted by the user');
  story.waits(['node-2']);
  story.pass(1000, heartbeats(story, 'node-2'));
  assert.deepEqual(
    story.cleared.map(({ reason }) => reason),
    ['node-1 has left'],
  );
});
