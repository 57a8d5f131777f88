import assert from 'node:assert/strict';
import { test } from 'node:test';
import { quietRounds } from './missing-rounds.ts';

test('a round counts as quiet only as a whole, and names who is not in it', () => {
  const round = (number: number, from: number, to: number, contributions: readonly string[]) => [
    { event: 'round_started', round: number, at: from },
    { event: 'round_ended', round: number, at: to, contributions },
  ];
  const all = ['lab-1', 'lab-2', 'lab-3'];
  const lines = [
    ...round(1, 0, 5000, all),
    ...round(2, 5000, 9000, ['lab-1', 'lab-3']),
    ...round(3, 9000, 14_000, ['lab-1']),
    // Begun again after the coordinator's return: its second beginning counts.
    { event: 'round_started', round: 4, at: 14_000 },
    ...round(4, 21_000, 25_000, all),
  ];
  const { rounds, missing } = quietRounds(lines, [
    { from: 0, to: 10_000 },
    { from: 20_000, to: 30_000 },
  ]);
  assert.equal(rounds, 3);
  assert.deepEqual(missing, [{ window: 'lab-2', round: 2, at: 9000 }]);
});
