import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { limits } from '#shared/contract/limits.ts';
import { decodeFrame, encodeFrame, framePrefixBytes } from './frame.ts';
import { FrameDecoder } from './frame-decoder.ts';
import { checkJsonDepth } from './json-depth.ts';

const header = fc.dictionary(
  fc.string(),
  fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.array(fc.integer(), { maxLength: 5 })),
  { maxKeys: 6, noNullPrototype: true },
);
const frameParts = fc.record({ header, body: fc.uint8Array({ maxLength: 3000 }) });

function bytesOf(frame: { readonly header: object; readonly body: Uint8Array }): Buffer {
  return Buffer.concat(encodeFrame(frame.header, frame.body));
}

/** Cuts `bytes` at the given places, in any order and number. */
function cut(bytes: Uint8Array, at: readonly number[]): Uint8Array[] {
  const places = [0, ...at.map((place) => place % (bytes.length + 1)), bytes.length].toSorted((a, b) => a - b);
  return places.slice(1).map((end, i) => bytes.subarray(places[i], end));
}

function claim(headerBytes: number, bodyBytes: number): Buffer {
  const bytes = Buffer.alloc(framePrefixBytes);
  bytes.set([0x52, 0x53, 1, 0]);
  bytes.writeUInt32LE(headerBytes, 4);
  bytes.writeUInt32LE(bodyBytes, 8);
  return bytes;
}

describe('frames', () => {
  test('what is encoded is decoded', () => {
    fc.assert(
      fc.property(frameParts, (frame) => {
        const decoded = decodeFrame(bytesOf(frame));
        assert.ok(decoded.ok);
        assert.deepEqual(decoded.value.header, JSON.parse(JSON.stringify(frame.header)));
        assert.equal(Buffer.compare(decoded.value.body, frame.body), 0);
      }),
    );
  });

  test('any split of the same bytes gives the same frames', () => {
    fc.assert(
      fc.property(
        fc.array(frameParts, { maxLength: 6 }),
        fc.array(fc.nat(20_000), { maxLength: 40 }),
        (frames, cuts) => {
          const stream = Buffer.concat(frames.map(bytesOf));
          const decoder = new FrameDecoder();
          const decoded = cut(stream, cuts).flatMap((piece) => {
            const { frames: whole, error } = decoder.push(piece);
            assert.equal(error, null);
            return whole.map((bytes) => Buffer.from(bytes));
          });
          assert.equal(decoder.pendingBytes, 0);
          assert.deepEqual(decoded, frames.map(bytesOf));
        },
      ),
    );
  });

  test('byte by byte, also beyond the first allocation', () => {
    const frame = bytesOf({ header: { t: 'chunk' }, body: new Uint8Array(200_000).map((_, i) => i) });
    const decoder = new FrameDecoder();
    let whole: readonly Uint8Array[] = [];
    for (let i = 0; i < frame.length; i++) whole = decoder.push(frame.subarray(i, i + 1)).frames;
    assert.equal(Buffer.compare(whole[0] as Uint8Array, frame), 0);
  });

  test('any cut of a frame is truncated, never an exception', () => {
    fc.assert(
      fc.property(frameParts, fc.nat(), (frame, cutAt) => {
        const bytes = bytesOf(frame);
        const decoded = decodeFrame(bytes.subarray(0, cutAt % bytes.length));
        assert.ok(!decoded.ok);
        assert.equal(decoded.error.code, 'frame_truncated');
      }),
    );
  });

  test('claims beyond the limits are refused at their twelfth byte', () => {
    const claims: [number, number][] = [
      [20, 0xffff_ffff],
      [0xffff_ffff, 0],
      [limits.headerBytesMax + 1, 0],
      [2, limits.frameBytesMax],
    ];
    for (const [headerBytes, bodyBytes] of claims) {
      const decoder = new FrameDecoder();
      const bytes = claim(headerBytes, bodyBytes);
      assert.equal(decoder.push(bytes.subarray(0, 11)).error, null);
      assert.equal(decoder.push(bytes.subarray(11)).error?.code, 'frame_too_large');
      assert.equal(decoder.pendingBytes, 0);
    }
    assert.throws(() => encodeFrame({}, new Uint8Array(limits.frameBytesMax)), { code: 'frame_too_large' });
    assert.throws(() => encodeFrame({ text: 'x'.repeat(limits.headerBytesMax) }), { code: 'frame_too_large' });
  });

  test('a claim within the limits allocates little before its bytes come', () => {
    const decoders = Array.from({ length: 500 }, () => new FrameDecoder());
    const before = process.memoryUsage().arrayBuffers;
    for (const decoder of decoders) decoder.push(claim(100, limits.frameBytesMax - 1000));
    assert.ok(process.memoryUsage().arrayBuffers - before < 500 * 100_000);
  });

  test('the body is not copied on the way out', () => {
    const body = new Uint8Array(1000);
    assert.equal(encodeFrame({}, body)[1], body);
  });

  test('bad JSON, bad UTF-8, no object, too deep, trailing bytes, another version', () => {
    const raw = (text: string | Uint8Array): Buffer =>
      Buffer.concat([claim(Buffer.from(text as string).length, 0), Buffer.from(text as string)]);
    for (const bad of [
      raw('{]'),
      raw(Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x7d)),
      raw('[1,2]'),
      raw('null'),
      raw('['.repeat(5000) + ']'.repeat(5000)),
    ]) {
      const decoded = decodeFrame(bad);
      assert.ok(!decoded.ok);
      assert.equal(decoded.error.code, 'frame_malformed');
    }
    const trailing = decodeFrame(Buffer.concat([raw('{}'), Buffer.of(0)]));
    assert.ok(!trailing.ok && trailing.error.code === 'frame_malformed');
    const newer = raw('{}');
    newer[2] = 2;
    const decoded = decodeFrame(newer);
    assert.ok(!decoded.ok && decoded.error.code === 'version_unsupported');
  });

  test('good frames before a bad one are delivered, nothing after it', () => {
    const decoder = new FrameDecoder();
    const good = bytesOf({ header: { n: 1 }, body: new Uint8Array(0) });
    const first = decoder.push(Buffer.concat([good, Buffer.from('nonsense'), good]));
    assert.deepEqual([first.frames.length, first.error?.code], [1, 'frame_malformed']);
    assert.deepEqual(decoder.push(good).frames, []);
  });

  test('depth counts brackets, not those in strings', () => {
    assert.ok(checkJsonDepth(Buffer.from('{"a":"[[[[[[\\"[[[["}'), 1));
    assert.ok(checkJsonDepth(Buffer.from('[[]]'), 2));
    assert.ok(!checkJsonDepth(Buffer.from('[[[]]]'), 2));
  });
});
