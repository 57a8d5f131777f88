import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rowsOf } from './evaluation-rows.ts';

const by = (participant: string, accuracy: number, examples = 100) => ({
  participant,
  at: 0,
  loss: 1,
  accuracy,
  examples,
  claimed: examples,
  share: null,
});

test('who reports an accuracy far from the others comes first and is named; two cannot be told apart', () => {
  const rows = rowsOf([by('a', 0.9), by('b', 0.88), by('liar', 0.1), by('c', 0.91)]);
  assert.deepEqual(
    rows.map(({ one, median }) => [one.participant, median]),
    [
      ['liar', 0.9],
      ['b', null],
      ['a', null],
      ['c', null],
    ],
  );
  assert.deepEqual(
    rowsOf([by('a', 0.9), by('liar', 0.1)]).map(({ median }) => median),
    [null, null],
  );
  assert.equal(rowsOf([by('a', 0.9), by('b', 0.9), by('few', 0, 3)])[0]?.median, null, 'of few examples it is chance');
  assert.equal(rowsOf(Array.from({ length: 100 }, (_, i) => by(`n-${i}`, 0.9))).length, 24);
});
