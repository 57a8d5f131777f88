import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limits } from '#shared/contract/limits.ts';
import type { Lane } from '#engine/transport/transport.ts';
import type { TransportHarness } from './harness.ts';
import { body, bytesOf, counter, expectFrames, never, sendAll, take } from './session-frames.ts';
import { patience, type Pair } from './session-pair.ts';

/** What is sent on a lane comes out of it: once, whole, in order. */
export function describeFrames(pair: () => Promise<Pair>, harness: () => TransportHarness): void {
  test('frames arrive once, whole and in order, both ways', patience, async () => {
    await using both = await pair();
    const sizes = Array.from({ length: 60 }, (_, i) => (i * 977) % 5000);
    await Promise.all([
      sendAll(both.near, 'control', sizes),
      sendAll(both.far, 'control', sizes.toReversed()),
      expectFrames(both.far, 'control', sizes),
      expectFrames(both.near, 'control', sizes.toReversed()),
    ]);
  });

  test('bodies of 0 bytes up to the largest frame, on control and bulk lanes', patience, async () => {
    await using both = await pair();
    const sizes = [0, 1, 255, 65_535, 65_536, 300_000, harness().bodyBytesMax ?? limits.frameBytesMax];
    for (const lane of ['control', 'bulk:sizes'] as const) {
      await Promise.all([sendAll(both.near, lane, sizes), expectFrames(both.far, lane, sizes)]);
      await Promise.all([sendAll(both.far, lane, sizes), expectFrames(both.near, lane, sizes)]);
    }
  });

  test('the parts of a frame are joined', patience, async () => {
    await using both = await pair();
    const parts = [new Uint8Array(0), Uint8Array.of(1, 2), new Uint8Array(0), Uint8Array.of(3), body(7, 70_000)];
    const sent = await both.near.send({ lane: 'control', parts }, never());
    const [frame] = await take(both.far, 1);
    assert.deepEqual(bytesOf(frame), Buffer.concat(parts));
    assert.equal(typeof sent.stream, 'string');
    assert.notEqual(frame?.stream, '');
  });

  test('ten thousand small frames in order', patience, async () => {
    await using both = await pair();
    const count = 10_000;
    const sending = (async () => {
      const window: Promise<unknown>[] = [];
      for (let i = 0; i < count; i++) {
        window.push(both.near.send({ lane: 'control', parts: [counter(i)] }, never()));
        if (window.length === 100) await Promise.all(window.splice(0));
      }
      await Promise.all(window);
    })();
    const frames = await take(both.far, count);
    await sending;
    frames.forEach((frame, i) => assert.equal(bytesOf(frame).readUInt32BE(0), i));
  });

  test('each lane keeps its own order while lanes interleave', patience, async () => {
    await using both = await pair();
    const lanes: Lane[] = ['control', 'bulk:a', 'bulk:b', 'bulk:c'];
    const each = 40;
    const sending = Promise.all(
      lanes.map(async (lane) => {
        for (let i = 0; i < each; i++) {
          await both.near.send(
            { lane, parts: [counter(i), body(i, 20_000)], last: lane !== 'control' && i === each - 1 },
            never(),
          );
        }
      }),
    );
    const next = new Map<Lane, number>();
    for (const frame of await take(both.far, lanes.length * each)) {
      const expected = next.get(frame.lane) ?? 0;
      assert.equal(bytesOf(frame).readUInt32BE(0), expected, `order in ${frame.lane}`);
      next.set(frame.lane, expected + 1);
    }
    assert.deepEqual([...next.keys()].toSorted(), lanes.toSorted());
    await sending;
  });

  test('a lane that ended can be used again', patience, async () => {
    await using both = await pair();
    for (let i = 0; i < 3; i++) {
      const sent = both.near.send({ lane: 'bulk:again', parts: [counter(i), body(i, 1000)], last: true }, never());
      const [frame] = await take(both.far, 1);
      await sent;
      assert.equal(bytesOf(frame).readUInt32BE(0), i);
    }
  });
}
