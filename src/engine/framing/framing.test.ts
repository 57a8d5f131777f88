import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { limits } from '#shared/contract/limits.ts';
import { decodeFrame, encodeFrame, framePrefixBytes, readPrefix } from './frame.ts';
import { FrameDecoder } from './frame-decoder.ts';
import { after, bytesIn, joined, start, type Parts } from './parts.ts';
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
        const decoded = decodeFrame([bytesOf(frame)]);
        assert.ok(decoded.ok);
        assert.deepEqual(decoded.value.header, JSON.parse(JSON.stringify(frame.header)));
        assert.equal(Buffer.compare(joined(decoded.value.body), frame.body), 0);
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
            return whole.map((parts) => Buffer.concat(parts));
          });
          assert.equal(decoder.pendingBytes, 0);
          assert.deepEqual(decoded, frames.map(bytesOf));
        },
      ),
    );
  });

  test('large pieces of a body stay in their memory, and no frame holds much more than its bytes', () => {
    const sizes = fc.oneof(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 30_000 }));
    fc.assert(
      fc.property(fc.nat(90_000), fc.array(sizes, { minLength: 1, maxLength: 30 }), (bodyBytes, lengths) => {
        const frame = bytesOf({ header: { t: 'chunk' }, body: new Uint8Array(bodyBytes).map((_, i) => i * 7) });
        const headBytes = frame.length - bodyBytes;
        const decoder = new FrameDecoder();
        const pushed = new Set<ArrayBufferLike>();
        let parts: Parts = [];
        for (let at = 0, i = 0; at < frame.length; i++) {
          // Each in memory of its own, as a read gives them.
          const piece = Uint8Array.from(frame.subarray(at, at + (lengths[i % lengths.length] as number)));
          if (at >= headBytes && piece.byteLength >= 4096) pushed.add(piece.buffer);
          at += piece.byteLength;
          parts = decoder.push(piece).frames[0] ?? parts;
        }
        assert.equal(Buffer.compare(joined(parts), frame), 0);
        assert.ok((parts[0] as Uint8Array).byteLength >= headBytes, 'the header is in the first part');
        const held = new Set(parts.map(({ buffer }) => buffer));
        assert.ok(pushed.isSubsetOf(held));
        const heldBytes = [...held].reduce((sum, { byteLength }) => sum + byteLength, 0);
        assert.ok(heldBytes <= 2 * frame.length + 2048, `${heldBytes} bytes of memory for ${frame.length}`);
      }),
    );
  });

  test('a small view of a large buffer is copied out of it, so that it does not keep it alive', () => {
    const frame = bytesOf({ header: {}, body: new Uint8Array(20_000).fill(3) });
    const large = Buffer.alloc(200_000);
    frame.copy(large, 1000);
    const decoder = new FrameDecoder();
    decoder.push(large.subarray(1000, 10_000));
    const parts = decoder.push(Uint8Array.from(frame.subarray(9000))).frames[0] ?? [];
    assert.equal(Buffer.compare(joined(parts), frame), 0);
    assert.ok(parts.every(({ buffer }) => buffer !== large.buffer));
  });

  test('a header that comes in parts is put together before it is parsed', () => {
    const frame = bytesOf({ header: { text: 'x'.repeat(20_000) }, body: Uint8Array.of(1, 2, 3, 4) });
    for (const at of [[5], [12], [13], [10_000], [20_023], [6000, 12_000, 18_000], [5, 20_025]]) {
      const pieces = cut(frame, at);
      const decoder = new FrameDecoder();
      const parts = pieces.flatMap((piece) => decoder.push(Uint8Array.from(piece)).frames)[0] ?? [];
      assert.ok((parts[0] as Uint8Array).byteLength >= frame.length - 4, 'the header is in the first part');
      const decoded = decodeFrame(parts);
      for (const { header, body } of [decoded, decodeFrame(pieces)].map((one) =>
        one.ok ? one.value : assert.fail(),
      )) {
        assert.equal((header['text'] as string).length, 20_000);
        assert.deepEqual([...joined(body)], [1, 2, 3, 4]);
      }
    }
  });

  test('parts of bytes: what comes after some, the start of them, all of them', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 9 }), { maxLength: 6 }), fc.nat(60), (parts, count) => {
        const whole = Buffer.concat(parts);
        assert.equal(bytesIn(parts), whole.length);
        assert.deepEqual(Buffer.from(joined(parts)), whole);
        assert.deepEqual(Buffer.from(joined(after(parts, count))), whole.subarray(count));
        assert.deepEqual(Buffer.from(start(parts, count)), whole.subarray(0, count));
      }),
    );
    const parts = [Uint8Array.of(1, 2), Uint8Array.of(3)];
    assert.ok(
      after(parts, 1).every(({ buffer }, i) => buffer === parts[i]?.buffer),
      'views',
    );
    assert.notEqual(start(parts, 1).buffer, parts[0]?.buffer, 'a copy');
  });

  test('byte by byte, also beyond the first allocation', () => {
    const frame = bytesOf({ header: { t: 'chunk' }, body: new Uint8Array(200_000).map((_, i) => i) });
    const decoder = new FrameDecoder();
    let whole: readonly Parts[] = [];
    for (let i = 0; i < frame.length; i++) whole = decoder.push(frame.subarray(i, i + 1)).frames;
    assert.equal(Buffer.compare(joined(whole[0] ?? []), frame), 0);
    const sizes = (whole[0] ?? []).map(({ buffer }) => buffer.byteLength);
    assert.ok(Math.max(...sizes) <= 65_536, `gathered in memory of ${sizes.join(', ')} bytes`);
  });

  test('any cut of a frame is truncated, never an exception', () => {
    fc.assert(
      fc.property(frameParts, fc.nat(), (frame, cutAt) => {
        const bytes = bytesOf(frame);
        const decoded = decodeFrame([bytes.subarray(0, cutAt % bytes.length)]);
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
      const decoded = decodeFrame([bad]);
      assert.ok(!decoded.ok);
      assert.equal(decoded.error.code, 'frame_malformed');
    }
    const trailing = decodeFrame([raw('{}'), Buffer.of(0)]);
    assert.ok(!trailing.ok && trailing.error.code === 'frame_malformed');
    const newer = raw('{}');
    newer[2] = 2;
    const decoded = decodeFrame([newer]);
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

  test('depth is that of the deepest place, not the number of brackets', () => {
    for (const [wide, deepest] of [
      ['[[],[],[],{}]', 2],
      ['{"a":{},"b":{},"c":[]}', 2],
      ['[{"a":[1]},{"a":[1]}]', 3],
      ['["\\\\",[["]"]],["["]]', 3],
    ] as const) {
      assert.ok(checkJsonDepth(Buffer.from(wide), deepest), wide);
      assert.ok(!checkJsonDepth(Buffer.from(wide), deepest - 1), wide);
    }
    assert.ok(!checkJsonDepth(Buffer.from('{"a":{"b":{}}}'), 2));
  });

  test('each byte of a prefix is checked as soon as it is there', () => {
    const whole = claim(2, 0);
    const codeAfter = (place: number, value: number): string | undefined => {
      const bytes = Uint8Array.from(whole.subarray(0, place + 1));
      bytes[place] = value;
      const alone = new FrameDecoder().push(bytes).error;
      // Also where its beginning came before it.
      const decoder = new FrameDecoder();
      for (let i = 0; i < place; i++) assert.equal(decoder.push(bytes.subarray(i, i + 1)).error, null);
      const later = decoder.push(bytes.subarray(place)).error;
      assert.equal(later?.message, alone?.message);
      assert.equal(later?.layer, 'codec');
      return `${alone?.code}: ${alone?.message}`;
    };
    assert.equal(codeAfter(0, 0x51), 'frame_malformed: bytes do not begin with a frame prefix: 51');
    assert.equal(codeAfter(1, 0x54), 'frame_malformed: bytes do not begin with a frame prefix: 5254');
    assert.equal(codeAfter(2, 3), 'version_unsupported: frame layout version 3 is not supported (this side speaks 1)');
    assert.equal(codeAfter(3, 1), 'frame_malformed: reserved byte of the frame prefix is not 0');
    const garbage = new FrameDecoder().push(Buffer.from('a longer line of text')).error;
    assert.equal(garbage?.message, 'bytes do not begin with a frame prefix: 61206c6f6e676572');
  });

  test('lengths are taken up to their limits, whichever byte they stand in', () => {
    for (const headerBytes of [0, 1]) {
      const refused = new FrameDecoder().push(claim(headerBytes, 0)).error;
      assert.equal(refused?.message, `frame header of ${headerBytes} bytes cannot be a JSON object`);
    }
    const { headerBytesMax, frameBytesMax } = limits;
    const most = frameBytesMax - framePrefixBytes - 2;
    for (const [headerBytes, bodyBytes] of [
      [2, 0],
      [headerBytesMax, 0],
      [2, most],
      [2, 0x01_02_03],
    ] as const)
      assert.deepEqual(readPrefix(claim(headerBytes, bodyBytes), 0, 12), {
        ok: true,
        value: { headerBytes, bodyBytes, frameBytes: framePrefixBytes + headerBytes + bodyBytes },
      });
    const refusals: readonly (readonly [number, number, string, object])[] = [
      [
        headerBytesMax + 1,
        0,
        `frame header of ${headerBytesMax + 1} bytes exceeds the limit of ${headerBytesMax}`,
        { headerBytes: headerBytesMax + 1 },
      ],
      [
        2,
        most + 1,
        `frame of ${frameBytesMax + 1} bytes exceeds the limit of ${frameBytesMax}`,
        { frameBytes: frameBytesMax + 1 },
      ],
    ];
    for (const [headerBytes, bodyBytes, message, context] of refusals) {
      const error = new FrameDecoder().push(claim(headerBytes, bodyBytes)).error;
      assert.deepEqual([error?.message, error?.context, error?.layer], [message, context, 'codec']);
    }
  });

  test('a frame that is not whole or not JSON says in what', () => {
    const said = (bytes: Uint8Array): string => {
      const decoded = decodeFrame([bytes]);
      if (decoded.ok) return 'ok';
      assert.equal(decoded.error.layer, 'codec');
      return decoded.error.message;
    };
    const raw = (text: string): Buffer => Buffer.concat([claim(Buffer.byteLength(text), 0), Buffer.from(text)]);
    assert.equal(said(raw('{}').subarray(0, 5)), 'frame ends after 5 of at least 12 bytes');
    assert.equal(said(raw('{}').subarray(0, 13)), 'frame ends after 13 of at least 14 bytes');
    assert.equal(said(Buffer.concat([raw('{}'), Buffer.from('abc')])), '3 bytes follow the end of the frame');
    for (const text of ['[1]', 'null', '12', '"a"']) assert.equal(said(raw(text)), 'frame header is not a JSON object');
    const notJson = decodeFrame([raw('{]')]);
    assert.ok(!notJson.ok && notJson.error.message === 'frame header is not JSON in UTF-8');
    assert.ok(notJson.error.cause instanceof SyntaxError);
    const deep = (depth: number): Buffer => raw(`{"a":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`);
    assert.equal(said(deep(limits.headerDepthMax)), 'ok');
    assert.equal(said(deep(limits.headerDepthMax + 1)), `frame header is nested deeper than ${limits.headerDepthMax}`);
    const text = '{"word":"\ufeffé"}';
    const decoded = decodeFrame([raw(text)]);
    assert.ok(decoded.ok && decoded.value.headerText === text && decoded.value.body.length === 0);
  });

  test('pieces are copied once they have to be kept, and what is whole is a view', () => {
    const frame = bytesOf({ header: { n: 1 }, body: new Uint8Array(100).fill(7) });
    const whole = new FrameDecoder().push(frame).frames[0];
    assert.equal(whole?.[0]?.buffer, frame.buffer);
    const decoder = new FrameDecoder();
    const first = Uint8Array.from(frame.subarray(0, 50));
    assert.deepEqual(decoder.push(first).frames, []);
    assert.equal(decoder.pendingBytes, 50);
    first.fill(0);
    const { frames } = decoder.push(frame.subarray(50));
    assert.equal(Buffer.compare(joined(frames[0] ?? []), frame), 0);
    assert.equal(decoder.pendingBytes, 0);
    assert.equal(encodeFrame({ n: 1 }).length, 1, 'no body, no second piece');
  });
});
