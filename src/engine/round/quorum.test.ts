import assert from 'node:assert/strict';
import { test } from 'node:test';
import { quorumOf } from './quorum.ts';

test('a quorum is a share rounded up, at least one', () => {
  const cases: readonly (readonly [number, number, number])[] = [
    [0.5, 4, 2],
    [0.5, 5, 3],
    [1, 7, 7],
    [0.01, 10, 1],
    [0.07, 100, 7],
    [0.5, 0, 1],
  ];
  for (const [share, participants, expected] of cases)
    assert.equal(quorumOf(share, participants), expected, `${share} of ${participants}`);
});
