import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { encodeFrame } from '../../framing/frame.ts';
import { coalesce } from './stream-writer.ts';

describe('pieces of a write', () => {
  test('are the same bytes, whatever the sizes', () => {
    const sizes = [0, 1, 30, 16_384, 65_535, 65_536, 65_537, 200_000];
    for (const a of sizes)
      for (const b of sizes)
        for (const c of sizes) {
          const parts = [a, b, c].map((size, n) => Buffer.alloc(size, n + 1));
          const pieces = coalesce(parts);
          assert.ok(pieces.every(({ byteLength }) => byteLength > 0));
          assert.ok(Buffer.concat(pieces).equals(Buffer.concat(parts)), `${a}, ${b}, ${c}`);
        }
  });

  test('a chunk costs two writes, its header none of its own, its end no copy', () => {
    const body = new Uint8Array(512 * 1024);
    const pieces = coalesce(encodeFrame({ t: 'chunk' }, body));
    assert.equal(pieces.length, 2);
    assert.ok((pieces[0] as Uint8Array).byteLength > 16_000);
    assert.equal((pieces[1] as Uint8Array).buffer, body.buffer);
  });

  test('many small frames are one write', () => {
    assert.equal(coalesce(Array.from({ length: 100 }, () => new Uint8Array(50))).length, 1);
  });
});
