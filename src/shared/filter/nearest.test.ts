import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nearest } from './nearest.ts';

test('a typing mistake finds what it meant: one letter more, less, other or swapped', () => {
  for (const typed of ['roundd', 'rund', 'raund', 'roudn', 'ROUND', 'ro'])
    assert.equal(nearest(typed, ['size', 'round']), 'round', typed);
});

test('a third of the letters may differ, and of a short word one', () => {
  assert.equal(nearest('abcdef', ['abcdxx']), 'abcdxx');
  assert.equal(nearest('abcdef', ['abcxxx']), null);
  assert.equal(nearest('abcd', ['abcx']), 'abcx');
  assert.equal(nearest('abcd', ['abxx']), null);
  assert.equal(nearest('ab', ['ax']), 'ax');
  assert.equal(nearest('ab', ['xy']), null);
  assert.equal(nearest('kitten', ['sitting']), null, 'three mistakes in seven letters');
  assert.equal(nearest('kittens', ['sittinx']), null);
  assert.equal(nearest('abcdefghi', ['xbcdxfghx']), 'xbcdxfghx', 'three in nine');
  assert.equal(nearest('ba', ['ab']), 'ab', 'a swap is one mistake');
  assert.equal(nearest('badc', ['abcd']), null, 'two swaps are two');
});

test('the fewest mistakes win, of as many the first; a beginning of two letters is half a mistake', () => {
  assert.equal(nearest('mqtx', ['quic', 'mqtt', 'mqty']), 'mqtt');
  assert.equal(nearest('amqp', ['amq', 'amqp']), 'amqp');
  assert.equal(nearest('co', ['do', 'connection']), 'connection');
  assert.equal(nearest('c', ['connection', 'd']), 'd', 'one letter is no beginning');
  assert.equal(nearest('side', ['side', 'sidereal']), 'side');
});

test('nothing is like what is very much longer, or very long', () => {
  assert.equal(nearest('a'.repeat(64), ['a'.repeat(63)]), 'a'.repeat(63));
  assert.equal(nearest('a'.repeat(65), ['a'.repeat(64)]), null);
  assert.equal(nearest('b'.repeat(24) + 'a', ['b'.repeat(17)]), 'b'.repeat(17), 'eight letters of 25');
  assert.equal(nearest('b'.repeat(29) + 'a', ['b'.repeat(21)]), null, 'nine letters of 30');
});
