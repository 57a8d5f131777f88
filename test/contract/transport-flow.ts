import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { limits } from '#shared/contract/limits.ts';
import type { IncomingFrame } from '#engine/transport/transport.ts';
import type { TransportHarness } from './harness.ts';
import { body, bytesOf, counter, never, quiet, reader, take } from './session-frames.ts';
import { patience, type Pair } from './session-pair.ts';

const { chunkBytes } = limits;

/** Lanes beside each other, and senders that wait. */
export function describeFlow(pair: () => Promise<Pair>, harness: () => TransportHarness): void {
  test('control flows beside a bulk stream of 32 MB', patience, async () => {
    await using both = await pair();
    const chunks = 64;
    let bulkDone = false;
    let echoedBeforeEnd = 0;
    const bulk = (async () => {
      for (let i = 0; i < chunks; i++) {
        await both.near.send(
          { lane: 'bulk:big', parts: [counter(i), body(i, chunkBytes - 4)], last: i === chunks - 1 },
          never(),
        );
      }
    })();
    const echo = (async () => {
      let received = 0;
      const incoming = reader(both.far);
      for (let next = await incoming.next(); next.done !== true; next = await incoming.next()) {
        const frame = next.value;
        if (frame.lane === 'control') await both.far.send({ lane: 'control', parts: frame.parts }, never());
        else assert.equal(bytesOf(frame).readUInt32BE(0), received++);
        if (received === chunks) bulkDone = true;
        if (frame.lane === 'control' && bytesOf(frame).length === 1) break;
      }
      assert.equal(received, chunks);
    })();
    const replies = reader(both.near);
    for (let i = 0; !bulkDone; i++) {
      await both.near.send({ lane: 'control', parts: [counter(i)] }, never());
      const reply = await replies.next();
      assert.equal(bytesOf(reply.value as IncomingFrame).readUInt32BE(0), i);
      if (!bulkDone) echoedBeforeEnd++;
      // In memory both ends answer without the event loop, which would starve the timers that deliver the bulk lane.
      await delay(0);
    }
    await bulk;
    await both.near.send({ lane: 'control', parts: [Uint8Array.of(0)] }, never());
    await echo;
    // One is proof enough: queued behind the bulk lane it would have come after the last chunk.
    assert.ok(echoedBeforeEnd >= 1, 'no echo came while the bulk lane was busy');
  });

  test('abort during send rejects it and leaves no torn frame and a session that goes on', patience, async (t) => {
    const reason = harness().skip?.backPressure;
    if (reason !== undefined) return void t.skip(reason);
    await using both = await pair();
    const abort = new AbortController();
    let taken = 0;
    const sending = (async () => {
      for (let i = 0; i < 512; i++) {
        await both.near.send(
          { lane: 'bulk:stop', parts: [counter(i), body(i, chunkBytes - 4)] },
          { signal: abort.signal },
        );
        taken = i + 1;
      }
    })();
    await Promise.all([
      assert.rejects(sending, /enough of it/),
      (async () => {
        await quiet(() => taken);
        abort.abort(new Error('enough of it'));
      })(),
    ]);
    await both.near.send({ lane: 'control', parts: [Uint8Array.of(42)] }, never());
    let whole = 0;
    let controlSeen = false;
    while (whole < taken || !controlSeen) {
      const [frame] = await take(both.far, 1);
      if (frame?.lane === 'control') {
        assert.equal(bytesOf(frame)[0], 42);
        controlSeen = true;
      } else {
        assert.equal(bytesOf(frame).length, chunkBytes, 'a torn frame');
        assert.equal(bytesOf(frame).readUInt32BE(0), whole++);
      }
    }
    await both.far.send({ lane: 'control', parts: [Uint8Array.of(43)] }, never());
    assert.equal(bytesOf((await take(both.near, 1))[0])[0], 43);
  });

  test('send with an aborted signal has no effect', patience, async () => {
    await using both = await pair();
    const signal = AbortSignal.abort(new Error('no longer wanted'));
    await assert.rejects(
      both.near.send({ lane: 'control', parts: [Uint8Array.of(1)] }, { signal }),
      /no longer wanted/,
    );
    await both.near.send({ lane: 'control', parts: [Uint8Array.of(2)] }, never());
    assert.equal(bytesOf((await take(both.far, 1))[0])[0], 2);
  });
}
