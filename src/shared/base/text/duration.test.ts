import assert from 'node:assert/strict';
import { test } from 'node:test';
import { durationText, parseDuration, roughDuration } from './duration.ts';

test('lengths of time as people write them', () => {
  const written = ['90s', '10m', '10 min', '2h', '500ms', '1.5h', ' 3 s '];
  assert.deepEqual(written.map(parseDuration), [90_000, 600_000, 600_000, 7_200_000, 500, 5_400_000, 3000]);
  for (const wrong of ['', '10', 'ten minutes', '-5s', '5 s s', '1e9s', '12345678s', '5d', 'never'])
    assert.equal(parseDuration(wrong), null, wrong);
});

test('lengths of time as they are told', () => {
  assert.deepEqual([90_000, 600_000, 7_200_000, 60_000, 5_400_000, 2500].map(durationText), [
    '90 s',
    '10 min',
    '2 h',
    '60 s',
    '90 min',
    '2.5 s',
  ]);
  assert.deepEqual([1234, 12_345, 100_000, 135_000, 3_600_000, 11_100_000].map(roughDuration), [
    '1.2 s',
    '12 s',
    '100 s',
    '2 min',
    '1 h',
    '3 h 5 min',
  ]);
});
