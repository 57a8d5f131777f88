import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decode, encode } from './clone-text.ts';

describe('clones as text', () => {
  const values: readonly unknown[] = [
    null,
    undefined,
    0,
    -0,
    NaN,
    -Infinity,
    12n,
    '',
    'ü𝄞',
    true,
    [1, undefined, [null]],
    { a: { b: undefined } },
    { $: 'number', value: 1 },
    new Date(0),
    new Map<unknown, unknown>([['a', new Set([1])]]),
    new Uint8Array([0, 255, 128]),
    new Float32Array([1.5, -2]),
    new Uint8Array(100_000).fill(7),
  ];
  for (const value of values) {
    test(`come back as they were: ${String(Object.prototype.toString.call(value))}`, () => {
      assert.deepEqual(decode(JSON.parse(JSON.stringify(encode(value)))), value);
    });
  }

  test('a view that is part of a buffer takes its part alone', () => {
    const view = new Uint8Array([1, 2, 3, 4]).subarray(1, 3);
    assert.deepEqual(decode(encode(view)), new Uint8Array([2, 3]));
  });

  test('functions cannot be cloned', () => {
    assert.throws(() => encode({ f: () => undefined }), { name: 'DataCloneError' });
  });
});
