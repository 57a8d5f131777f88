import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { ColorChannels } from './color.ts';
import { decodeImage } from './decode-image.ts';

interface Expected {
  readonly width: number;
  readonly height: number;
  readonly grey: string;
  readonly rgb: string;
}

const folder = new URL('../../../../../test/fixtures/images/', import.meta.url);
const expected = JSON.parse(readFileSync(new URL('expected.json', folder), 'utf8')) as Record<string, Expected>;

/**
 * PNG has one right answer. Decoders of JPEG round their cosines differently, and libjpeg smooths halved colors where ours
 * repeats them: a few grey levels on the mean, more at sharp edges of color.
 */
const tolerances: readonly { readonly files: RegExp; readonly mean: number; readonly max: number }[] = [
  { files: /\.png$/, mean: 0, max: 0 },
  { files: /420/, mean: 4, max: 16 },
  { files: /\.jpg$/, mean: 1, max: 4 },
];

test('there is a picture for each kind that is claimed', () => {
  assert.ok(Object.keys(expected).length >= 35);
});

for (const [name, { width, height, ...modes }] of Object.entries(expected)) {
  const tolerance = tolerances.find(({ files }) => files.test(name));
  for (const [mode, channels] of [
    ['grey', 1],
    ['rgb', 3],
  ] as const) {
    test(`${name} as ${mode}: the pixels that Pillow reads`, () => {
      const image = decodeImage(readFileSync(new URL(name, folder)), channels as ColorChannels);
      assert.ok(image.ok, image.ok ? '' : image.error);
      const pixels = Buffer.from(modes[mode], 'base64');
      assert.deepEqual([image.value.width, image.value.height], [width, height]);
      assert.equal(image.value.data.length, pixels.length);
      const off = [...pixels].map((value, i) => Math.abs(value - (image.value.data[i] as number)));
      const mean = off.reduce((sum, value) => sum + value, 0) / off.length;
      const max = Math.max(...off);
      assert.ok(
        mean <= (tolerance?.mean ?? 0) && max <= (tolerance?.max ?? 0),
        `off by ${mean.toFixed(2)}, at most ${max}`,
      );
    });
  }
}

test('what the pixels no longer show is told', () => {
  const factsOf = (name: string): object => {
    const image = decodeImage(readFileSync(new URL(name, folder)), 1);
    assert.ok(image.ok);
    return image.value.facts;
  };
  const plain = { colored: false, transparent: false, deep: false, turned: false };
  assert.deepEqual(factsOf('grey.png'), plain);
  assert.deepEqual(factsOf('grey-as-color.jpg'), plain);
  assert.deepEqual(factsOf('color.jpg'), { ...plain, colored: true });
  assert.deepEqual(factsOf('turned.jpg'), { ...plain, colored: true, turned: true });
  assert.deepEqual(factsOf('grey-16bit.png'), { ...plain, deep: true });
  assert.deepEqual(factsOf('palette-alpha.png'), { ...plain, colored: true, transparent: true });
});
