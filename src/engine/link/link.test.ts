import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MemoryFederation } from '#test/support/kits/memory-federation.ts';
import { batchOf, modelMessage, progressMessage, take } from '#test/support/kits/messages.ts';

const never = new AbortController().signal;

describe('link over memory', () => {
  test('carries messages both ways, in order, once, and acknowledges them', async () => {
    await using federation = await new MemoryFederation().listen();
    const { participant, coordinator } = await federation.pair('node-1');
    const up = coordinator.messages()[Symbol.asyncIterator]();
    const down = participant.messages()[Symbol.asyncIterator]();
    const sent = [];
    for (let i = 0; i < 100; i++) sent.push(await participant.send(progressMessage(i), { signal: never }));
    await coordinator.send(progressMessage(7), { signal: never });
    const received = await federation.within(1000, take(up, 100));
    assert.deepEqual(received.map(batchOf), [...Array(100).keys()]);
    assert.deepEqual((await take(down, 1)).map(batchOf), [7]);
    await federation.within(1000, Promise.all(sent.map(({ acknowledged }) => acknowledged)));
    assert.equal(participant.status.unacknowledged, 0);
    assert.equal(participant.status.state, 'ready');
    assert.deepEqual([participant.status.connections, participant.status.reconnects], [1, 0]);
  });

  test('carries payloads of every size, verified, and control does not wait for them', async () => {
    await using federation = await new MemoryFederation({
      wire: { delayMs: ({ sizeBytes }) => sizeBytes / 10_000 },
    }).listen();
    const { participant, coordinator } = await federation.pair('node-1');
    const down = participant.messages()[Symbol.asyncIterator]();
    const sizes = [1, 1000, 512 * 1024, 512 * 1024 + 1, 9_000_000, 3];
    for (const size of sizes) await coordinator.send(modelMessage(size), { signal: never });
    await coordinator.send(progressMessage(1), { signal: never });
    const received = await federation.within(60_000, take(down, sizes.length + 1));
    assert.equal(received.findIndex(({ header }) => header.kind === 'training_progress') < sizes.length, true);
    const payloads = received.flatMap(({ payload }) => (payload === undefined ? [] : [payload]));
    assert.deepEqual(
      payloads.map((payload) => payload.byteLength).toSorted((a, b) => a - b),
      sizes.toSorted((a, b) => a - b),
    );
    for (const payload of payloads)
      assert.equal(Buffer.compare(payload, modelMessage(payload.byteLength).payload?.bytes as Uint8Array), 0);
  });

  test('closing says goodbye with code and reason at the other end and leaves nothing behind', async () => {
    const federation = await new MemoryFederation().listen();
    const { participant, coordinator } = await federation.pair('node-1');
    await federation.clock.advance(3000);
    await participant.send(progressMessage(1), { signal: never });
    await federation.within(5000, participant.close('clean', 'done here'));
    assert.deepEqual(await coordinator.closed, { code: 'clean', reason: 'done here', local: false });
    assert.deepEqual((await take(coordinator.messages()[Symbol.asyncIterator](), 1)).map(batchOf), [1]);
    await assert.rejects(participant.send(progressMessage(2), { signal: never }), { code: 'session_closed' });
    await federation[Symbol.asyncDispose]();
    assert.equal(federation.clock.pendingTimers, 0);
    assert.equal(federation.network.openSessions, 0);
  });

  test('an idle link stays up on heartbeats and knows its round-trip time', async () => {
    await using federation = await new MemoryFederation({ wire: { delayMs: () => 10 } }).listen();
    const { participant } = await federation.pair('node-1');
    await federation.clock.advance(120_000);
    assert.equal(participant.status.connections, 1);
    const rtt = federation.participantReports.ofType('link_stats').at(-1)?.rttMs ?? 0;
    assert.ok(Math.abs(rtt - 20) < 1, `round trip ${rtt} ms`);
  });
});
