import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MemoryFederation } from '#test/support/kits/memory-federation.ts';
import { batchOf, modelMessage, progressMessage, take } from '#test/support/kits/messages.ts';
import { seededRandom } from '#shared/base/random.ts';

const never = new AbortController().signal;

describe('a link outlives its sessions', () => {
  test('messages sent while the session is lost arrive once, in order, after it is dialed again', async () => {
    await using federation = await new MemoryFederation().listen();
    const { participant, coordinator } = await federation.pair('node-1');
    const up = coordinator.messages()[Symbol.asyncIterator]();
    const down = participant.messages()[Symbol.asyncIterator]();
    for (let i = 0; i < 5; i++) await participant.send(progressMessage(i), { signal: never });
    federation.network.cut();
    for (let i = 5; i < 10; i++) await participant.send(progressMessage(i), { signal: never });
    await coordinator.send(progressMessage(99), { signal: never });
    assert.deepEqual((await federation.within(30_000, take(up, 10))).map(batchOf), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    assert.deepEqual((await federation.within(30_000, take(down, 1))).map(batchOf), [99]);
    assert.deepEqual([participant.status.connections, participant.status.reconnects], [2, 1]);
    assert.deepEqual([coordinator.status.connections, coordinator.status.reconnects], [2, 1]);
  });

  test('a transfer goes on where it was, and costs at most the frames on the way', async () => {
    const wire = { delayMs: ({ sizeBytes }: { sizeBytes: number }) => (sizeBytes > 100_000 ? 100 : 1) };
    await using federation = await new MemoryFederation({ wire }).listen();
    const { participant, coordinator } = await federation.pair('node-1');
    const down = participant.messages()[Symbol.asyncIterator]();
    // Until a heartbeat has told how far away the peer is, chunks are small.
    await federation.clock.advance(2000);
    const model = modelMessage(60 * 512 * 1024);
    await coordinator.send(model, { signal: never });
    await federation.clock.advance(150);
    federation.network.cut();
    const [message] = await federation.within(60_000, take(down, 1));
    assert.equal(Buffer.compare(message?.payload as Uint8Array, model.payload?.bytes as Uint8Array), 0);
    const announcements = federation.coordinatorReports.packets.filter(
      ({ kind, status }) => kind === 'global_model' && status === 'ok',
    );
    assert.match(announcements.at(-1)?.note ?? '', /resumed at byte \d{7}/);
    const chunks = federation.participantReports.ofKind('chunk').filter(({ side }) => side === 'received');
    // Chunks are of other sizes before and after; each byte came once.
    assert.equal(
      chunks.reduce((sum, { bodyBytes }) => sum + bodyBytes, 0),
      model.payload?.bytes.byteLength,
    );
  });

  test('a silent peer is noticed within seconds, and the link comes back when the network does', async () => {
    await using federation = await new MemoryFederation().listen();
    const { participant, coordinator } = await federation.pair('node-1');
    await federation.clock.advance(2000);
    const hold = federation.network.hold({ participant: 'node-1', direction: 'up' });
    await federation.clock.advance(6500);
    assert.equal(coordinator.status.state, 'lost');
    assert.match(coordinator.status.reason, /peer_silent: nothing heard for/);
    hold[Symbol.dispose]();
    await participant.send(progressMessage(1), { signal: never });
    const [message] = await federation.within(30_000, take(coordinator.messages()[Symbol.asyncIterator](), 1));
    assert.equal(batchOf(message as never), 1);
    assert.equal(participant.status.state, 'ready');
  });

  test('a coordinator that comes up late is waited for as long as patience lasts', async () => {
    await using federation = new MemoryFederation();
    const dialing = federation.dial('node-1', { patienceMs: 20_000 });
    await federation.clock.advance(3000);
    await federation.listen();
    assert.equal((await federation.within(20_000, dialing)).status.state, 'ready');
  });

  test('without patience an unreachable coordinator is an error at once', async () => {
    await using federation = new MemoryFederation();
    await assert.rejects(federation.dial('node-1'), { code: 'connect_refused', layer: 'transport' });
    assert.equal(federation.clock.pendingTimers, 0);
  });

  test('opening aborted before it began has no effect', async () => {
    await using federation = await new MemoryFederation().listen();
    await assert.rejects(federation.dial('node-1', { signal: AbortSignal.abort(new Error('not today')) }), /not today/);
    assert.deepEqual([federation.network.openSessions, federation.participantReports.events.length], [0, 0]);
  });

  test('a full outbox makes senders wait, and an abort ends the wait', async () => {
    await using federation = await new MemoryFederation().listen();
    const { participant } = await federation.pair('node-1');
    using _hold = federation.network.hold({ participant: 'node-1' });
    for (let i = 0; i < 1024; i++) await participant.send(progressMessage(i), { signal: never });
    const abort = new AbortController();
    const waiting = assert.rejects(participant.send(progressMessage(1024), { signal: abort.signal }), /enough/);
    await federation.clock.advance(100);
    abort.abort(new Error('enough'));
    await waiting;
    assert.equal(participant.status.unacknowledged, 1024);
  });

  test('through a network that loses a session every few frames everything arrives exactly once', async () => {
    for (const seed of [1, 2, 3, 4, 5, 6, 7, 8]) {
      const random = seededRandom(seed).fork('network');
      let harsh = true;
      const wire = { delayMs: () => random.int(40), breaks: () => harsh && random.next() < 0.02 };
      await using federation = await new MemoryFederation({ seed, wire }).listen();
      const participant = await federation.dial('node-1', { patienceMs: 600_000 });
      const coordinator = federation.accepted.get('node-1');
      assert.ok(coordinator);
      const received: { batches: number[]; models: number[] } = { batches: [], models: [] };
      void (async () => {
        for await (const message of coordinator.messages()) {
          if (message.payload === undefined) received.batches.push(batchOf(message));
          else received.models.push(message.payload.byteLength);
        }
      })();
      for (let i = 0; i < 200; i++)
        await federation.within(600_000, participant.send(progressMessage(i), { signal: never }));
      const sizes = Array.from({ length: 8 }, (_, i) => 400_000 * (i + 1));
      for (const size of sizes)
        await federation.within(600_000, participant.send(modelMessage(size), { signal: never }));
      await federation.clock.advance(60_000);
      harsh = false;
      await federation.clock.advanceUntil(() => participant.status.unacknowledged === 0, 600_000);
      await federation.clock.advance(100);
      assert.deepEqual(received.batches, [...Array(200).keys()], `seed ${seed}`);
      assert.deepEqual(
        received.models.toSorted((a, b) => a - b),
        sizes,
        `seed ${seed}`,
      );
    }
  });
});
