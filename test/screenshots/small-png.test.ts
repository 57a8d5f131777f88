import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decode, decodeApng, encode } from 'fast-png';
import { movingPng, smallPng } from './small-png.ts';

const width = 40;
const height = 20;

/** A picture of one color with a dot of 3 x 2 pixels. */
function dotted(left: number, top: number): Uint8Array {
  const data = new Uint8Array(width * height * 3).fill(200);
  for (let y = top; y < top + 2; y++) for (let x = left; x < left + 3; x++) data.set([10, 20, 30], (y * width + x) * 3);
  return encode({ width, height, channels: 3, depth: 8, data });
}

/** The colors of an indexed picture of one frame. */
function colorsOf(png: Uint8Array): number[] {
  const { data, palette } = decode(png);
  return [...data].flatMap((index) => palette?.[index]?.slice(0, 3) ?? []);
}

test('a picture of few colors stays as it is', () => {
  const png = dotted(5, 6);
  assert.deepEqual(colorsOf(smallPng(png)), [...decode(png).data]);
});

test('each frame of a moving picture is the frame that was given', () => {
  // The commonest color is the first of the palette, which the reader takes for what lies outside of a frame's part.
  const given = [dotted(0, 0), dotted(7, 3), dotted(37, 18)];
  const moving = movingPng(given.map((png, i) => ({ png, ms: 100 * (i + 1) })));
  const read = decodeApng(moving);
  assert.equal(read.frames.length, given.length);
  for (const [i, frame] of read.frames.entries()) {
    const colors = [...frame.data].flatMap((index) => read.palette?.[index]?.slice(0, 3) ?? []);
    assert.deepEqual(colors, [...decode(given[i] ?? new Uint8Array()).data], `frame ${i}`);
    assert.equal(frame.delayNumber, 100 * (i + 1));
  }
  // A viewer that knows nothing of frames shows the first.
  assert.deepEqual(colorsOf(moving), [...decode(dotted(0, 0)).data]);
});

test('a frame in which nothing changed has its time too', () => {
  const same = dotted(4, 4);
  assert.equal(decodeApng(movingPng([same, same].map((png) => ({ png, ms: 500 })))).frames.length, 2);
});

test('a frame that differs a little adds little', () => {
  const one = smallPng(dotted(0, 0)).length;
  const two = movingPng([0, 1].map((left) => ({ png: dotted(left, 0), ms: 1 }))).length;
  assert.ok(two - one < 180, `${two - one}`);
});
