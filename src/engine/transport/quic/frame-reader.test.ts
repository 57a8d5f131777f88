import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { encodeFrame } from '../../framing/frame.ts';
import { joined } from '../../framing/parts.ts';
import { giveBackMessage } from '../../framing/give-back.ts';
import { FrameReader } from './frame-reader.ts';
import type { QuicStream } from './quic-session.ts';

/** Gives `bytes` in reads of these lengths, each in memory of its own. */
function streamOf(bytes: Buffer, lengths: readonly number[]): QuicStream {
  let at = 0;
  let read = 0;
  return {
    id: '4',
    readsAreOwn: true,
    read() {
      if (at >= bytes.byteLength) return Promise.resolve(null);
      const part = bytes.subarray(at, at + (lengths[read++] ?? 65_536));
      at += part.byteLength;
      return Promise.resolve(Uint8Array.from(part));
    },
    write: () => Promise.resolve(),
    finish: () => Promise.resolve(),
    reset: () => undefined,
  };
}

test('who has read a frame may give its memory back: the frames after it are what was sent', async () => {
  const sizes = fc.array(fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 4000, max: 150_000 })), {
    minLength: 1,
    maxLength: 8,
  });
  const cuts = fc.array(fc.oneof(fc.integer({ min: 1, max: 500 }), fc.integer({ min: 4000, max: 65_536 })), {
    maxLength: 20,
  });
  let gone = 0;
  await fc.assert(
    fc.asyncProperty(sizes, cuts, async (bodies, lengths) => {
      const frames = bodies.map((bytes, i) => Buffer.concat(encodeFrame({ i }, Buffer.alloc(bytes, i + 1))));
      const reader = new FrameReader(streamOf(Buffer.concat(frames), lengths));
      for (const frame of frames) {
        const parts = await reader.next();
        assert.ok(parts !== null);
        assert.ok(frame.equals(joined(parts)));
        giveBackMessage(parts);
        gone += parts.filter(({ byteLength }) => byteLength === 0).length;
      }
      assert.equal(await reader.next(), null);
    }),
    { seed: 1, numRuns: 200 },
  );
  assert.ok(gone > 100, `${gone} parts went back`);
});
