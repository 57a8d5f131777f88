import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  formatBytes,
  formatClockMs,
  formatDuration,
  formatFixed,
  formatMs,
  formatNames,
  formatSeconds,
  formatSigned,
  unbroken,
} from './format.ts';

test('bytes have three figures and a unit', () => {
  const texts = [0, 999, 1000, 9380000, 37.5e6, 502.3e6, 999.6e6, 2.1e12].map(formatBytes);
  assert.deepEqual(texts, ['0 B', '999 B', '1.00 kB', '9.38 MB', '37.5 MB', '502 MB', '1.00 GB', '2.10 TB']);
});

test('durations change their unit, and seconds never read 60', () => {
  assert.deepEqual([0, 350, 22_400, 59_960, 245_000, 7_380_000].map(formatDuration), [
    '0.00 s',
    '0.35 s',
    '22.4 s',
    '1 min 0 s',
    '4 min 5 s',
    '2 h 3 min',
  ]);
  assert.deepEqual([-5, 400, 59_400, 61_000].map(formatSeconds), ['0 s', '0 s', '59 s', '1 min 1 s']);
  assert.deepEqual([0.614, 12.34, 408.2, 2354.4].map(formatMs), ['0.61 ms', '12.3 ms', '408 ms', '2,354 ms']);
});

test('signs are as wide as figures, and nothing is neither up nor down', () => {
  assert.deepEqual(
    [formatSigned(-0.057, 3), formatSigned(2.13, 1), formatSigned(-0.0001, 3)],
    ['−0.057', '+2.1', '±0.000'],
  );
  assert.deepEqual([formatFixed(-0.0712, 2), formatFixed(-0.001, 2), formatFixed(0.5, 1)], ['−0.07', '0.00', '0.5']);
});

test('times of day keep their milliseconds, long lists their count', () => {
  assert.match(formatClockMs(1_767_528_000_024.6), /^\d\d:\d\d:\d\d\.024$/);
  assert.equal(formatNames(['a', 'b', 'c', 'd', 'e', 'f']), 'a, b, c and 3 more');
  assert.equal(formatNames(['a', 'b']), 'a, b');
});

test('a figure and its unit are not parted by the end of a line', () => {
  const words = 'Waiting for 1 of 3 updates, about 1 min 0 s; accuracy 98.6 %, 2 sent';
  assert.equal(unbroken(words), 'Waiting for 1 of 3 updates, about 1\u{a0}min 0\u{a0}s; accuracy 98.6\u{a0}%, 2 sent');
});
