import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { encodeFrame } from '../../framing/frame.ts';
import type { QuicStream } from './quic-session.ts';
import { coalesce, StreamWriter } from './stream-writer.ts';

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

describe('what a stream begins with', () => {
  const never = new AbortController().signal;

  function recording(): { readonly written: string[]; readonly writer: StreamWriter; readonly open: () => void } {
    const written: string[] = [];
    const stream: QuicStream = {
      id: '4',
      read: () => Promise.resolve(null),
      write: (bytes) => Promise.resolve(void written.push(Buffer.from(bytes).toString())),
      finish: () => Promise.resolve(void written.push('end')),
      reset: () => undefined,
    };
    const opening = Promise.withResolvers<QuicStream>();
    const writer = new StreamWriter(() => opening.promise, Buffer.from('lane;'));
    return { written, writer, open: () => opening.resolve(stream) };
  }

  test('goes out with the first frame, once', async () => {
    const { written, writer, open } = recording();
    open();
    await writer.send([Buffer.from('one;')], never);
    await writer.send([Buffer.from('two;')], never);
    await writer.finish();
    assert.deepEqual(written, ['lane;one;', 'two;', 'end']);
  });

  test('goes out by itself when the only frame was taken back', async () => {
    const { written, writer, open } = recording();
    const stop = new AbortController();
    const sending = writer.send([Buffer.from('one;')], stop.signal);
    stop.abort(new Error('not any more'));
    await assert.rejects(sending, /not any more/);
    open();
    await writer.finish();
    assert.deepEqual(written, ['lane;', 'end']);
  });
});
