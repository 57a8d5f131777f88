import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MemoryFederation } from '#test/support/kits/memory-federation.ts';
import { VirtualClock } from '#test/support/virtual-clock.ts';
import type { EventData } from '#shared/contract/events.ts';
import { AwakeTimer } from './awake-timer.ts';

const minuteMs = 60_000;

function attempts(federation: MemoryFederation): readonly EventData<'link_attempt'>[] {
  return federation.participantReports.ofType('link_attempt');
}

function states(federation: MemoryFederation): string[] {
  return federation.participantReports.ofType('link_state').map(({ state, reason }) => `${state}: ${reason}`);
}

describe('attempts to reach the coordinator', () => {
  test('each is told when it begins and when it has ended, with what came of it and when the next one begins', async () => {
    await using federation = new MemoryFederation();
    const dialing = federation.dial('node-1', { patienceMs: 20_000 });
    await federation.clock.advance(3000);
    await federation.listen();
    await federation.within(20_000, dialing);
    const told = attempts(federation);
    const [begun, refused] = told;
    assert.deepEqual(
      { ...begun, givesUpAt: 0 },
      {
        participant: 'node-1',
        number: 1,
        protocol: 'memory',
        stack: 'memory',
        address: 'coordinator:4433',
        result: 'trying',
        reason: 'dialing',
        lastHeardAt: 0,
        nextAt: 0,
        givesUpAt: 0,
      },
    );
    assert.deepEqual([refused?.number, refused?.result], [1, 'refused']);
    assert.equal(refused?.reason, 'nobody listens at coordinator:4433');
    const beganAt = federation.clock.wallMs() - federation.clock.monotonicMs();
    const pauseMs = (refused?.nextAt ?? 0) - beganAt;
    assert.ok(pauseMs >= 125 && pauseMs <= 260, `the next one begins after ${pauseMs} ms`);
    assert.ok(Math.abs((refused?.givesUpAt ?? 0) - (beganAt + 20_000)) < 100);
    const last = told.at(-1);
    assert.deepEqual([last?.result, last?.number], ['connected', told.at(-2)?.number]);
    for (let i = 0; i < told.length; i += 2) assert.equal(told[i]?.number, 1 + i / 2, 'numbered without a gap');
  });

  test('a lost link counts from 1 again, says when the coordinator was last heard, and one reason once', async () => {
    await using federation = await new MemoryFederation().listen();
    const { participant } = await federation.pair('node-1');
    await federation.clock.advance(2500);
    await federation.killCoordinator();
    await federation.clock.advance(minuteMs);
    const lost = attempts(federation).filter(({ result }) => result === 'refused');
    assert.equal(lost[0]?.number, 1);
    assert.ok(lost.length >= 7 && lost.length <= 14, `${lost.length} attempts in a minute`);
    const heard = new Set(lost.map(({ lastHeardAt }) => Math.round(lastHeardAt)));
    assert.equal(heard.size, 1, 'one moment, however often it is told');
    assert.ok(Math.abs(([...heard][0] ?? 0) - (federation.clock.wallMs() - minuteMs)) < 1500);
    assert.equal(participant.status.state, 'lost');
    const same = states(federation).filter((state) => state === 'lost: nobody listens at coordinator:4433');
    assert.equal(same.length, 1, 'not at every attempt');
    assert.equal(lost.at(-1)?.givesUpAt, 0, 'for ever unless told otherwise');
  });

  test('a silent coordinator is lost within 5 s of its last sign of life', async () => {
    // What is heard comes between two heartbeats of our own.
    let delayMs = 1;
    await using federation = await new MemoryFederation({ wire: { delayMs: () => delayMs } }).listen();
    const { participant } = await federation.pair('node-1');
    delayMs = 400;
    await federation.clock.advance(3600);
    const heardMs = participant.status.lastHeardMs;
    const hold = federation.network.hold({ participant: 'node-1' });
    await federation.clock.advance(heardMs + 5000 - federation.clock.monotonicMs());
    assert.equal(participant.status.state, 'lost');
    assert.match(participant.status.reason, /^peer_silent: nothing heard for 5\.0 s$/);
    hold[Symbol.dispose]();
  });

  test('a session that is opened and says no to hello is no connection', async () => {
    await using federation = await new MemoryFederation().listen();
    const dialing = federation.dial('node-1', { token: 'another-token-of-sixteen' });
    await assert.rejects(dialing, { code: 'link_rejected' });
    assert.deepEqual(
      attempts(federation).map(({ result }) => result),
      ['trying'],
      'the link is over: its end says the rest',
    );
  });

  test('many attempts in a short time are not all told, and the numbers show it', async () => {
    await using federation = await new MemoryFederation().listen();
    const { participant } = await federation.pair('node-1');
    await federation.killCoordinator();
    for (let i = 0; i < 500; i++) {
      participant.tryNow();
      await federation.clock.advance(10);
    }
    const told = attempts(federation);
    assert.ok(told.length < 100, `${told.length} events in 5 s`);
    assert.ok((told.at(-1)?.number ?? 0) > told.length);
  });
});

describe('giving up', () => {
  test('after its time the link is over, with words and a code of its own', async () => {
    await using federation = await new MemoryFederation().listen();
    const participant = await federation.dial('node-1', { giveUpAfterMs: 10 * minuteMs });
    await federation.clock.advance(2000);
    await federation.killCoordinator();
    await federation.clock.advance(9.9 * minuteMs);
    assert.equal(participant.status.state, 'lost');
    const planned = attempts(federation).at(-1);
    assert.ok(Math.abs((planned?.givesUpAt ?? 0) - (federation.clock.wallMs() + 0.1 * minuteMs)) < 11_000);
    await federation.clock.advance(0.2 * minuteMs);
    assert.deepEqual(await participant.closed, {
      code: 'coordinator_gone',
      reason: 'the coordinator has not answered for 10 min; the run may have ended',
      local: true,
    });
  });

  test('time asleep does not count, and waking tries at once', async () => {
    await using federation = await new MemoryFederation().listen();
    const participant = await federation.dial('node-1', { giveUpAfterMs: 10 * minuteMs });
    await federation.killCoordinator();
    await federation.clock.advance(minuteMs);
    federation.clock.sleepThrough(8 * 60 * minuteMs);
    const before = attempts(federation).length;
    await federation.clock.advance(1500);
    assert.equal(participant.status.state, 'lost', 'not given up');
    assert.ok(attempts(federation).length > before, 'tried after waking');
    await federation.clock.advance(8.8 * minuteMs);
    assert.equal(participant.status.state, 'lost');
    await federation.clock.advance(0.3 * minuteMs);
    assert.equal(participant.status.state, 'closed');
  });

  test('a link that came back has all its time again', async () => {
    await using federation = await new MemoryFederation().listen();
    const participant = await federation.dial('node-1', { giveUpAfterMs: minuteMs });
    for (let i = 0; i < 3; i++) {
      await federation.killCoordinator();
      await federation.clock.advance(0.7 * minuteMs);
      await federation.listen();
      await federation.clock.advanceUntil(() => participant.status.state === 'ready', 20_000);
      assert.equal(participant.status.state, 'ready');
    }
  });

  test('whoever wants to keep trying does, and is told so', async () => {
    await using federation = await new MemoryFederation().listen();
    const participant = await federation.dial('node-1', { giveUpAfterMs: minuteMs });
    await federation.killCoordinator();
    await federation.clock.advance(0.9 * minuteMs);
    assert.notEqual(attempts(federation).at(-1)?.givesUpAt, 0);
    participant.keepTrying();
    assert.equal(attempts(federation).at(-1)?.givesUpAt, 0);
    await federation.clock.advance(60 * minuteMs);
    assert.equal(participant.status.state, 'lost');
    await federation.listen();
    await federation.clock.advanceUntil(() => participant.status.state === 'ready', 20_000);
    assert.equal(participant.status.state, 'ready');
  });

  test('a wall clock that jumps by an hour either way changes no limit, and what is told stays near now', async () => {
    await using federation = await new MemoryFederation().listen();
    const participant = await federation.dial('node-1', { giveUpAfterMs: 10 * minuteMs });
    await federation.clock.advance(2000);
    await federation.killCoordinator();
    for (const jumpMs of [60 * minuteMs, -120 * minuteMs]) {
      federation.clock.jumpWall(jumpMs);
      await federation.clock.advance(2 * minuteMs);
      const nowMs = federation.clock.wallMs();
      const last = attempts(federation).findLast(({ result }) => result === 'refused');
      assert.ok(Math.abs((last?.nextAt ?? 0) - nowMs) < 11_000);
      assert.ok((last?.givesUpAt ?? 0) - nowMs < 9 * minuteMs && (last?.givesUpAt ?? 0) > nowMs);
      assert.ok(nowMs - (last?.lastHeardAt ?? 0) < 5 * minuteMs && (last?.lastHeardAt ?? 0) < nowMs);
    }
    assert.equal(participant.status.state, 'lost');
    await federation.clock.advance(5.9 * minuteMs);
    assert.equal(participant.status.state, 'lost');
    await federation.clock.advance(0.3 * minuteMs);
    assert.equal(participant.status.state, 'closed');
  });

  test('the first connection is tried for its time and no longer, then the last failure is told', async () => {
    await using federation = new MemoryFederation();
    const dialing = federation.dial('node-1', { patienceMs: 20_000 });
    await assert.rejects(dialing, { code: 'connect_refused' });
    const tookMs = federation.clock.monotonicMs();
    assert.ok(tookMs >= 19_000 && tookMs <= 20_500, `${tookMs} ms`);
  });

  test('closing ends the dialing at any moment and leaves nothing behind', async () => {
    await using federation = await new MemoryFederation().listen();
    const participant = await federation.dial('node-1', { giveUpAfterMs: 10 * minuteMs });
    await federation.killCoordinator();
    for (const ms of [0, 100, 3000]) {
      await federation.clock.advance(ms);
      if (ms === 3000) await federation.within(1000, participant.close('interrupted', 'stopped by the user'));
    }
    await federation.clock.advance(10);
    assert.equal(participant.status.state, 'closed');
    assert.equal(federation.clock.pendingTimers, 1, 'only the window in which the coordinator keeps its place');
  });
});

test('an awake timer counts no step longer than its own', async () => {
  const clock = new VirtualClock();
  let over = false;
  let woken = 0;
  using timer = new AwakeTimer({ clock, limitMs: 5000, onOver: () => (over = true), onWoke: () => woken++ });
  await clock.advance(1500);
  assert.equal(timer.remainingMs, 3500);
  clock.sleepThrough(3_600_000);
  assert.equal(timer.remainingMs, 3000, 'what has passed since the last look, at most one step');
  await clock.advance(0);
  assert.deepEqual([over, woken, timer.remainingMs], [false, 1, 3000]);
  await clock.advance(3000);
  assert.equal(over, true);
});
