import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { systemClock } from '#engine/host/system-clock.ts';
import type { Session } from '#engine/transport/transport.ts';
import { describeTransport } from '#test/contract/transport.ts';
import { settle, VirtualClock } from '#test/support/virtual-clock.ts';
import { MemoryNetwork, type WireBehaviour } from './memory-network.ts';

const nobodyElse = { missing: 'both ends are in one process, where nobody else is' };

describeTransport('memory', async () => {
  // Without any delay 32 MB pass before a single timer fires, and nothing can be seen to flow beside them.
  const network = new MemoryNetwork(systemClock, {
    delayMs: ({ lane, sizeBytes }) => (lane === 'control' || sizeBytes < 500_000 ? 0 : 20),
  });
  return {
    dialer: network,
    listener: network,
    security: { token: nobodyElse, identity: nobodyElse, dialer: nobodyElse, foreign: nobodyElse },
    nobody: async () => [{ protocol: 'memory', provider: 'memory', host: 'nowhere', port: 1 }],
    [Symbol.asyncDispose]: async () => undefined,
  };
});

const never = { signal: new AbortController().signal };

async function pair(
  behaviour: WireBehaviour = {},
): Promise<{ clock: VirtualClock; network: MemoryNetwork; near: Session; far: Session }> {
  const clock = new VirtualClock();
  const network = new MemoryNetwork(clock, behaviour);
  const sessions: Session[] = [];
  const listener = await network.listen({
    ...never,
    run: 'r',
    host: 'c',
    port: 1,
    onSession: (session) => sessions.push(session),
    onRefused: () => undefined,
  });
  const near = await network.dial(listener.endpoints, { ...never, run: 'r', participant: 'node-1' });
  return { clock, network, near, far: sessions[0] as Session };
}

function collect(session: Session): number[] {
  const seen: number[] = [];
  void (async () => {
    for await (const { parts } of session.frames()) seen.push(parts[0]?.[0] as number);
  })();
  return seen;
}

describe('memory network on virtual time', () => {
  test('delayed frames keep the order of their lane, whatever each one was delayed by', async () => {
    const delays = [300, 10, 200, 0, 150];
    const { clock, near, far } = await pair({ delayMs: () => delays.shift() ?? 0 });
    const seen = collect(far);
    for (let i = 0; i < 5; i++) await near.send({ lane: 'control', parts: [Uint8Array.of(i)] }, never);
    await clock.advance(299);
    assert.deepEqual(seen, []);
    await clock.advance(1);
    assert.deepEqual(seen, [0, 1, 2, 3, 4]);
  });

  test('a held direction carries nothing until it is released; the other goes on', async () => {
    const { network, near, far } = await pair();
    const [up, down] = [collect(far), collect(near)];
    const hold = network.hold({ direction: 'up' });
    await near.send({ lane: 'control', parts: [Uint8Array.of(1)] }, never);
    await far.send({ lane: 'control', parts: [Uint8Array.of(2)] }, never);
    await settle();
    assert.deepEqual([up, down], [[], [2]]);
    hold[Symbol.dispose]();
    await settle();
    assert.deepEqual(up, [1]);
  });

  test('a clog of bulk lets control pass', async () => {
    const { network, near, far } = await pair();
    const seen = collect(far);
    using _clog = network.hold({ lanes: 'bulk' });
    await near.send({ lane: 'bulk:a', parts: [Uint8Array.of(1)] }, never);
    await near.send({ lane: 'control', parts: [Uint8Array.of(2)] }, never);
    await settle();
    assert.deepEqual(seen, [2]);
  });

  test('a cut session ends at both ends as lost and leaves no timer', async () => {
    const { clock, network, near, far } = await pair({ delayMs: () => 50 });
    const seen = collect(far);
    await near.send({ lane: 'control', parts: [Uint8Array.of(1)] }, never);
    assert.equal(network.cut('node-1'), 1);
    assert.deepEqual([(await near.closed).code, (await far.closed).code], ['lost', 'lost']);
    await settle();
    assert.deepEqual([seen, clock.pendingTimers, network.openSessions], [[], 0, 0]);
  });

  test('dialing through a partition gives up within the connect limit', async () => {
    const { clock, network } = await pair();
    using _hold = network.hold({ participant: 'node-2' });
    const endpoints = [{ protocol: 'memory', provider: 'memory', host: 'c', port: 1 }] as const;
    const dialing = assert.rejects(network.dial(endpoints, { ...never, run: 'r', participant: 'node-2' }), {
      code: 'connect_timeout',
    });
    await clock.advance(10_000);
    await dialing;
  });
});
