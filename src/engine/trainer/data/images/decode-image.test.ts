import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { crc32, deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { encode as encodePng } from 'fast-png';
import { encode as encodeJpeg } from 'jpeg-js';
import type { ColorChannels } from './color.ts';
import { decodeImage } from './decode-image.ts';
import { resizeImage } from './resize.ts';

function chunk(type: string, data: Uint8Array): Uint8Array {
  const bytes = Buffer.alloc(12 + data.length);
  bytes.writeUInt32BE(data.length, 0);
  bytes.write(type, 4, 'latin1');
  bytes.set(data, 8);
  bytes.writeUInt32BE(crc32(bytes.subarray(4, 8 + data.length)), 8 + data.length);
  return bytes;
}

/** A PNG of our own making, for what the encoder does not write. */
function rawPng(
  header: { width: number; height: number; depth: number; type: number },
  rows: Uint8Array,
  more: Uint8Array[] = [],
): Uint8Array {
  const ihdr = Buffer.alloc(13);
  ihdr.writeUInt32BE(header.width, 0);
  ihdr.writeUInt32BE(header.height, 4);
  ihdr.set([header.depth, header.type, 0, 0, 0], 8);
  const signature = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
  return Buffer.concat([
    signature,
    chunk('IHDR', ihdr),
    ...more,
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', new Uint8Array(0)),
  ]);
}

function pixels(bytes: Uint8Array, channels: ColorChannels = 1): number[] {
  const image = decodeImage(bytes, channels);
  assert.ok(image.ok, image.ok ? '' : image.error);
  return [...image.value.data];
}

function problem(bytes: Uint8Array): string {
  const image = decodeImage(bytes, 1);
  assert.ok(!image.ok, 'the image was accepted');
  return image.error;
}

describe('decodeImage', () => {
  test('PNG of every kind: RGBA, 16 bits, one bit, palette', () => {
    const rgba = encodePng({ width: 2, height: 1, channels: 4, data: Uint8Array.of(255, 0, 0, 9, 0, 0, 255, 255) });
    assert.deepEqual(pixels(rgba), [249, 29]);
    assert.deepEqual(pixels(rgba, 3), [255, 246, 246, 0, 0, 255]);
    const deep = encodePng({ width: 2, height: 1, channels: 1, depth: 16, data: Uint16Array.of(0xff00, 0x1234) });
    assert.deepEqual(pixels(deep), [0xff, 0x12]);
    assert.deepEqual(
      pixels(rawPng({ width: 3, height: 2, depth: 1, type: 0 }, Uint8Array.of(0, 0xa0, 0, 0x40))),
      [255, 0, 255, 0, 255, 0],
    );
    const palette = chunk('PLTE', Uint8Array.of(1, 2, 3, 40, 50, 60));
    const indexed = rawPng({ width: 2, height: 1, depth: 8, type: 3 }, Uint8Array.of(0, 1, 0), [palette]);
    assert.deepEqual(pixels(indexed, 3), [40, 50, 60, 1, 2, 3]);
    const indexed4 = rawPng({ width: 3, height: 1, depth: 4, type: 3 }, Uint8Array.of(0, 0x10, 0x10), [palette]);
    assert.deepEqual(pixels(indexed4, 3), [40, 50, 60, 1, 2, 3, 40, 50, 60]);
  });

  test('a small file that unpacks to far more than its header says is refused before it is unpacked', () => {
    const bomb = rawPng({ width: 2, height: 2, depth: 8, type: 0 }, new Uint8Array(50_000_000));
    assert.match(problem(bomb), /damaged/);
    const before = process.memoryUsage().arrayBuffers;
    assert.match(
      problem(rawPng({ width: 60_000, height: 60_000, depth: 8, type: 0 }, new Uint8Array(10))),
      /60000x60000/,
    );
    assert.ok(process.memoryUsage().arrayBuffers - before < 10_000_000);
    // A packed profile is not looked at.
    const profile = chunk(
      'iCCP',
      Buffer.concat([Buffer.from('p\0\0', 'latin1'), deflateSync(new Uint8Array(50_000_000))]),
    );
    assert.deepEqual(pixels(rawPng({ width: 1, height: 1, depth: 8, type: 0 }, Uint8Array.of(0, 7), [profile])), [7]);
  });

  test('damage is said, never thrown', () => {
    const png = encodePng({ width: 8, height: 8, channels: 1, data: new Uint8Array(64).map((_, i) => i) });
    const jpeg = encodeJpeg({ width: 8, height: 8, data: new Uint8Array(256).map((_, i) => (i * 7) % 256) }, 90).data;
    assert.equal(problem(new Uint8Array(0)), 'is empty');
    assert.match(problem(png.subarray(0, png.length - 20)), /ends too early|damaged/);
    assert.match(problem(jpeg.subarray(0, 100)), /damaged/);
    fc.assert(
      fc.property(
        fc.constantFrom(png, jpeg),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 5 }),
        fc.nat(),
        (image, changes, cut) => {
          const bytes = Uint8Array.from(image);
          for (const [at, value] of changes) bytes[at % bytes.length] = value;
          const decoded = decodeImage(cut % 3 === 0 ? bytes.subarray(0, cut % bytes.length) : bytes, 3);
          if (decoded.ok) assert.equal(decoded.value.data.length, decoded.value.width * decoded.value.height * 3);
        },
      ),
      { numRuns: 400 },
    );
  });
});

describe('resizeImage', () => {
  test('keeps an even surface even, at any size', () => {
    const side = fc.integer({ min: 1, max: 40 });
    fc.assert(
      fc.property(side, side, side, side, fc.nat(255), (width, height, toWidth, toHeight, value) => {
        const image = { width, height, channels: 1, data: new Uint8Array(width * height).fill(value) };
        const { data } = resizeImage(image, toWidth, toHeight);
        assert.equal(data.length, toWidth * toHeight);
        assert.ok(data.every((pixel) => pixel === value));
      }),
    );
  });

  test('every pixel counts when shrinking', () => {
    const image = { width: 8, height: 1, channels: 1, data: Uint8Array.of(0, 200, 0, 200, 0, 200, 0, 200) };
    for (const pixel of resizeImage(image, 2, 1).data) assert.ok(Math.abs(pixel - 100) < 15, String(pixel));
  });
});
