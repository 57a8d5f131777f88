import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ColorTheme, TransportDescriptor } from './descriptor.ts';
import { descriptors, spoken } from './registry.ts';

const all: readonly (readonly [string, TransportDescriptor])[] = Object.entries(descriptors);
/** Those that a screen shows beside each other. */
const shown: readonly (readonly [string, TransportDescriptor])[] = Object.entries(spoken);

/** `--surface` of each theme, on which marks and charts lie. */
const grounds: Readonly<Record<ColorTheme, string>> = { light: '#ffffff', dark: '#151a20', projector: '#ffffff' };

type Rgb = readonly [number, number, number];
type Matrix = readonly [Rgb, Rgb, Rgb];

/** How colors look to protan, deutan and tritan sight, in linear RGB: Machado et al. 2009, severity 1. */
const sights: Readonly<Record<string, Matrix>> = {
  normal: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protan: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deutan: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritan: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};

function linear(hex: string): Rgb {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return [r, g, b];
}

function times(matrix: Matrix, [x, y, z]: Rgb): Rgb {
  const [a, b, c] = matrix.map(([p, q, r]) => p * x + q * y + r * z) as [number, number, number];
  return [a, b, c];
}

function contrast(a: string, b: string): number {
  const [low = 0, high = 0] = [a, b]
    .map(
      (hex) =>
        times(
          [
            [0.2126, 0.7152, 0.0722],
            [0, 0, 0],
            [0, 0, 0],
          ],
          linear(hex),
        )[0],
    )
    .toSorted((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}

/** Ottosson 2020. */
function oklab(rgb: Rgb): Rgb {
  const lms = times(
    [
      [0.4122214708, 0.5363325363, 0.0514459929],
      [0.2119034982, 0.6806995451, 0.1073969566],
      [0.0883024619, 0.2817188376, 0.6299787005],
    ],
    rgb,
  );
  return times(
    [
      [0.2104542553, 0.793617785, -0.0040720468],
      [1.9779984951, -2.428592205, 0.4505937099],
      [0.0259040371, 0.7827717662, -0.808675766],
    ],
    [Math.cbrt(lms[0]), Math.cbrt(lms[1]), Math.cbrt(lms[2])],
  );
}

function apart(a: string, b: string, sight: Matrix): number {
  const [p, q] = [a, b].map((hex) => oklab(times(sight, linear(hex)))) as [Rgb, Rgb];
  return Math.hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2]);
}

test('each color is seen on the ground of its theme', () => {
  for (const [key, { colors }] of shown)
    for (const theme of Object.keys(grounds) as ColorTheme[]) {
      const ratio = contrast(colors[theme], grounds[theme]);
      assert.ok(ratio >= 3, `${key} in ${theme}: ${ratio}`);
    }
});

test('two colors of a theme are told apart, whatever colors somebody sees', () => {
  for (const theme of Object.keys(grounds) as ColorTheme[])
    for (const [sight, matrix] of Object.entries(sights))
      for (const [key, one] of shown)
        for (const [other, two] of shown)
          if (key < other) {
            const distance = apart(one.colors[theme], two.colors[theme], matrix);
            assert.ok(distance >= 0.1, `${key} and ${other}, ${theme}, ${sight}: ${distance}`);
          }
});

test('no two have the same name, mark, stack or provider', () => {
  const once = (what: string, values: readonly string[]): void =>
    assert.equal(new Set(values).size, values.length, `${what}: ${values.join(' ')}`);
  once(
    'names',
    all.map(([, { name }]) => name),
  );
  once(
    'marks',
    all.map(([, { mark }]) => mark),
  );
  once(
    'stacks',
    all.flatMap(([, { stacks }]) => Object.keys(stacks)),
  );
  once(
    'providers',
    all.flatMap(([, { providers }]) => Object.keys(providers)),
  );
});

test('a key is what one can write in a command and in an invitation', () => {
  for (const [key] of all) assert.match(key, /^[a-z][a-z0-9]{1,11}$/);
});
