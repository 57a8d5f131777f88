import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MemoryFederation } from '#test/support/kits/memory-federation.ts';
import { batchOf, modelMessage, progressMessage, take } from '#test/support/kits/messages.ts';
import { findDeath, findTrouble, type LifeSigns } from './health/link-health.ts';

const never = new AbortController().signal;

/** States that one side told, with their reasons. */
function states(reports: MemoryFederation['coordinatorReports']): string[] {
  return reports.ofType('link_state').map(({ state, reason }) => `${state}: ${reason}`);
}

describe('states of a link', () => {
  test('silence degrades it before it is lost, and a sign of life makes it ready again', async () => {
    await using federation = await new MemoryFederation().listen();
    const { participant, coordinator } = await federation.pair('node-1');
    await federation.clock.advance(2000);
    const hold = federation.network.hold({ participant: 'node-1', direction: 'up' });
    await federation.clock.advance(4000);
    assert.equal(coordinator.status.state, 'degraded');
    assert.match(coordinator.status.reason, /^nothing heard for [234]\.\d s$/);
    hold[Symbol.dispose]();
    await federation.clock.advance(2000);
    assert.deepEqual([coordinator.status.state, coordinator.status.reason], ['ready', 'well again']);
    assert.equal(participant.status.connections, 1, 'slow is not dead');
    const told = states(federation.coordinatorReports).filter((state) => state.startsWith('degraded'));
    assert.equal(told.length, 1, 'told once, not at every heartbeat');
  });

  test('a peer that is heard again after a silence, and hears nothing since, is dialed again and not waited for', async () => {
    await using federation = await new MemoryFederation().listen();
    const { participant, coordinator } = await federation.pair('node-1');
    await federation.clock.advance(2000);
    const standstill = federation.network.hold({ participant: 'node-1' });
    await federation.clock.advance(3900);
    standstill[Symbol.dispose]();
    await federation.clock.advance(10);
    // What the peer's socket still took has been read; what came after that was lost, and is not sent again for long.
    const lost = federation.network.hold({ participant: 'node-1', direction: 'up' });
    assert.ok(await federation.clock.advanceUntil(() => participant.status.state === 'lost', 3200));
    lost[Symbol.dispose]();
    assert.ok(await federation.clock.advanceUntil(() => participant.status.connections === 2, 1000));
    const [why] = states(federation.participantReports).filter((state) => state.startsWith('lost'));
    assert.equal(why, 'lost: send_timeout: heard again after a silence, but nothing of ours arrives there since');
    assert.equal(coordinator.status.state, 'ready');
  });

  test('one that hears us again, or late, is not', async () => {
    let delayMs = 5;
    await using federation = await new MemoryFederation({ wire: { delayMs: () => delayMs } }).listen();
    const { participant } = await federation.pair('node-1');
    await federation.clock.advance(2000);
    for (const slowMs of [5, 1500]) {
      const hold = federation.network.hold({ participant: 'node-1' });
      await federation.clock.advance(4000);
      delayMs = slowMs;
      hold[Symbol.dispose]();
      await federation.clock.advance(15_000);
    }
    assert.deepEqual([participant.status.state, participant.status.connections], ['degraded', 1]);
  });

  test('a session that is changed on purpose is no loss: both ends are resuming, with the reason', async () => {
    await using federation = await new MemoryFederation().listen();
    const { participant, coordinator } = await federation.pair('node-1');
    await federation.clock.advance(2000);
    const marks = [federation.participantReports, federation.coordinatorReports].map((reports) => ({
      reports,
      from: states(reports).length,
    }));
    participant.changeSession('changes to QUIC: loss 2 %');
    await participant.send(progressMessage(1), { signal: never });
    await federation.clock.advance(3000);
    for (const { reports, from } of marks)
      assert.deepEqual(states(reports).slice(from), [
        'resuming: changes to QUIC: loss 2 %',
        'ready: resumed on connection 2',
      ]);
    const [message] = await take(coordinator.messages()[Symbol.asyncIterator](), 1);
    assert.equal(batchOf(message as never), 1);
    assert.equal(coordinator.status.reconnects, 1);
    const packets = [...federation.participantReports.packets, ...federation.coordinatorReports.packets];
    assert.deepEqual(
      packets.filter(({ status }) => status === 'undeliverable'),
      [],
      'what waits for the change is late, not undeliverable',
    );
  });

  test('a change after which nobody comes is a loss after all', async () => {
    await using federation = await new MemoryFederation().listen();
    const { participant, coordinator } = await federation.pair('node-1');
    await federation.clock.advance(2000);
    participant.changeSession('changes to QUIC: loss 2 %');
    await federation.clock.advance(1);
    assert.equal(coordinator.status.state, 'resuming');
    using _held = federation.network.hold({ participant: 'node-1' });
    await federation.clock.advance(20_000);
    assert.equal(coordinator.status.state, 'lost');
    assert.equal(coordinator.status.reason, 'no other session for 5 s: changes to QUIC: loss 2 %');
  });

  test('slow round trips degrade it, and only they say so', async () => {
    let delayMs = 5;
    await using federation = await new MemoryFederation({ wire: { delayMs: () => delayMs } }).listen();
    const { participant } = await federation.pair('node-1');
    await federation.clock.advance(3000);
    delayMs = 700;
    await federation.clock.advance(6000);
    assert.equal(participant.status.state, 'degraded');
    assert.match(participant.status.reason, /^round trips of 1\.4 s$/);
    delayMs = 5;
    await federation.clock.advance(6000);
    assert.equal(participant.status.state, 'ready');
    assert.equal(participant.status.connections, 1);
  });

  test('a transfer that moves no byte while heartbeats pass is stuck, says so at both ends, and goes on over a new session', async () => {
    const wire = { delayMs: ({ sizeBytes }: { sizeBytes: number }) => (sizeBytes > 100_000 ? 100 : 1) };
    await using federation = await new MemoryFederation({ wire }).listen();
    const { participant, coordinator } = await federation.pair('node-1');
    // Until a heartbeat has told how far away the peer is, chunks are small.
    await federation.clock.advance(2000);
    const model = modelMessage(60 * 512 * 1024);
    await coordinator.send(model, { signal: never });
    await federation.clock.advance(150);
    const hold = federation.network.hold({ participant: 'node-1', lanes: 'bulk' });
    await federation.clock.advance(6000);
    for (const link of [participant, coordinator]) {
      assert.equal(link.status.state, 'degraded');
      assert.match(
        link.status.reason,
        /^heartbeats pass, but global_model is stuck at \d+\.\d of 31\.5 MB for \d\.\d s$/,
      );
    }
    await federation.clock.advance(13_000);
    assert.ok(states(federation.coordinatorReports).some((state) => state.startsWith('lost: ')));
    hold[Symbol.dispose]();
    const [message] = await federation.within(30_000, take(participant.messages()[Symbol.asyncIterator](), 1));
    assert.equal(Buffer.compare(message?.payload as Uint8Array, model.payload?.bytes as Uint8Array), 0);
    assert.equal(participant.status.connections, 2);
  });

  test('acknowledged control messages do not hide a transfer that is stuck', async () => {
    await using federation = await new MemoryFederation().listen();
    const { coordinator } = await federation.pair('node-1');
    const hold = federation.network.hold({ participant: 'node-1', lanes: 'bulk' });
    await coordinator.send(modelMessage(4 * 512 * 1024), { signal: never });
    for (let i = 0; i < 17; i++) {
      await coordinator.send(progressMessage(i), { signal: never });
      await federation.clock.advance(1000);
    }
    const told = states(federation.coordinatorReports);
    assert.ok(
      told.some((state) => state.startsWith('lost: transfer_stuck: global_model has not moved for 15000 ms')),
      told.join('\n'),
    );
    hold[Symbol.dispose]();
  });

  test('a transfer that crawls is neither stuck nor dead', async () => {
    const wire = { delayMs: ({ sizeBytes }: { sizeBytes: number }) => (sizeBytes > 100_000 ? 1900 : 1) };
    await using federation = await new MemoryFederation({ wire }).listen();
    const { participant, coordinator } = await federation.pair('node-1');
    await coordinator.send(modelMessage(40 * 512 * 1024), { signal: never });
    await federation.within(200_000, take(participant.messages()[Symbol.asyncIterator](), 1));
    assert.equal(participant.status.connections, 1);
    const told = [...states(federation.coordinatorReports), ...states(federation.participantReports)];
    assert.deepEqual(
      told.filter((state) => /degraded|lost/.test(state)),
      [],
    );
  });

  const well: LifeSigns = {
    nowMs: 100_000,
    blocked: '',
    oldestSentMs: null,
    obstacle: null,
    peerFull: false,
    lastHeardMs: 99_500,
    rttMs: 20,
    slowInARow: 0,
    unheard: false,
    oldestControlMs: null,
    ackedMs: 99_000,
    stuck: null,
  };
  test('each sign has its words, and the surest one wins', () => {
    assert.equal(findTrouble(well), null);
    const stuck = { kind: 'model_update', direction: 'sent', bytes: 3.14e6, totalBytes: 8e6, sinceMs: 96_000 } as const;
    assert.equal(findTrouble({ ...well, oldestControlMs: 90_000 }), null, 'acknowledged lately');
    assert.equal(
      findTrouble({ ...well, oldestControlMs: 90_000, ackedMs: 96_000 })?.reason,
      'nothing acknowledged for 4.0 s',
    );
    assert.equal(
      findTrouble({ ...well, stuck })?.reason,
      'heartbeats pass, but model_update is stuck at 3.1 of 8.0 MB for 4.0 s',
    );
    assert.equal(findTrouble({ ...well, stuck, lastHeardMs: 96_000 })?.kind, 'silent');
    assert.equal(findTrouble({ ...well, rttMs: 1500, slowInARow: 1 }), null, 'once is a mishap');
    const obstacle = 'the broker takes no packet of 4 KiB';
    assert.deepEqual(findTrouble({ ...well, stuck, obstacle }), { kind: 'obstacle', reason: obstacle });
  });

  test('a transfer that a broker holds up, and is known to, ends no session; silence and other messages do', () => {
    const stuck = { kind: 'model_update', direction: 'sent', bytes: 0, totalBytes: 8e6, sinceMs: 80_000 } as const;
    const held = { ...well, stuck, oldestSentMs: 80_000, ackedMs: 80_000 };
    assert.equal(findDeath(held)?.code, 'send_timeout');
    assert.equal(findDeath({ ...held, ackedMs: 99_000 })?.code, 'transfer_stuck');
    const obstacle = 'the broker takes no packet of 4 KiB';
    assert.equal(findDeath({ ...held, obstacle }), null);
    assert.equal(findDeath({ ...held, obstacle, lastHeardMs: 95_000 })?.code, 'peer_silent');
    assert.equal(findDeath({ ...held, obstacle, oldestControlMs: 84_000 })?.code, 'send_timeout');
  });
});

describe('a link outlives processes and clocks', () => {
  test('a restarted coordinator begins again with a link that was open, and nothing of before arrives', async () => {
    await using federation = await new MemoryFederation().listen();
    const { participant } = await federation.pair('node-1');
    let again = 0;
    using _listening = participant.onReset(() => {
      again++;
      void participant.send(progressMessage(1000), { signal: never });
    });
    for (let i = 0; i < 5; i++) await participant.send(progressMessage(i), { signal: never });
    await federation.clock.advance(100);
    federation.restartCoordinator();
    const lost = await participant.send(progressMessage(5), { signal: never });
    const rejected = assert.rejects(lost.acknowledged, { code: 'session_lost' });
    await federation.clock.advanceUntil(() => federation.accepted.has('node-1'), 10_000);
    const coordinator = federation.accepted.get('node-1');
    assert.ok(coordinator);
    const [first] = await federation.within(5000, take(coordinator.messages()[Symbol.asyncIterator](), 1));
    assert.equal(batchOf(first as never), 1000, 'what was under way is void, what is said again comes first');
    await rejected;
    await coordinator.send(progressMessage(7), { signal: never });
    const [down] = await federation.within(5000, take(participant.messages()[Symbol.asyncIterator](), 1));
    assert.equal(batchOf(down as never), 7);
    assert.equal(again, 1);
    federation.network.cut();
    await federation.clock.advance(3000);
    await participant.send(progressMessage(8), { signal: never });
    await federation.clock.advanceUntil(() => participant.status.unacknowledged === 0, 10_000);
    assert.equal(again, 1, 'a lost session is no restart');
  });

  test('an answer to hello that gets lost leaves no doubt about which life is meant', async () => {
    let breakAnswer = false;
    const breaks = ({ direction, sizeBytes }: { direction: string; sizeBytes: number }): boolean => {
      // The answer that accepts is the first large frame down of a session.
      if (!breakAnswer || direction !== 'down' || sizeBytes < 150) return false;
      breakAnswer = false;
      return true;
    };
    await using federation = await new MemoryFederation({ wire: { breaks } }).listen();
    const { participant } = await federation.pair('node-1');
    let again = 0;
    using _listening = participant.onReset(() => void again++);
    for (let i = 0; i < 5; i++) await participant.send(progressMessage(i), { signal: never });
    await federation.clock.advance(100);
    federation.restartCoordinator();
    breakAnswer = true;
    await federation.clock.advance(10_000);
    assert.equal(breakAnswer, false, 'the answer was broken');
    assert.deepEqual([participant.status.state, again], ['ready', 1]);
    await participant.send(progressMessage(9), { signal: never });
    const [up] = await federation.within(
      5000,
      take((federation.accepted.get('node-1') as never as typeof participant).messages()[Symbol.asyncIterator](), 1),
    );
    assert.equal(batchOf(up as never), 9);
  });

  test('a machine that slept for an hour goes on with the session that it had', async () => {
    await using federation = await new MemoryFederation().listen();
    const { participant, coordinator } = await federation.pair('node-1');
    await federation.clock.advance(2500);
    federation.clock.sleepThrough(3_600_000);
    await federation.clock.advance(3000);
    await participant.send(progressMessage(1), { signal: never });
    const [message] = await federation.within(20_000, take(coordinator.messages()[Symbol.asyncIterator](), 1));
    assert.equal(batchOf(message as never), 1);
    assert.equal(participant.status.connections, 1, 'its own sleep is no silence of the peer');
  });

  test('wall time that goes back an hour and forward a day changes nothing', async () => {
    await using federation = await new MemoryFederation().listen();
    const { participant, coordinator } = await federation.pair('node-1');
    for (const jumpMs of [-3_600_000, 86_400_000]) {
      await federation.clock.advance(1500);
      federation.clock.jumpWall(jumpMs);
      await federation.clock.advance(20_000);
    }
    assert.deepEqual([participant.status.connections, coordinator.status.state], [1, 'ready']);
  });
});
