import assert from 'node:assert/strict';
import { test } from 'node:test';
import { trainingMsOf } from './demo-pace.ts';

test('machines differ, none is slower than its part of the round, and without a pace none is held back', () => {
  const times = [0, 1, 2, 3, 4].map((index) => trainingMsOf({ paceMs: 5000, deadlineMs: 20_000 }, index));
  assert.equal(Math.max(...times), 4400);
  assert.ok(Math.min(...times) > 1000 && new Set(times.slice(0, 4)).size === 4, times.join());
  assert.equal(times[0], times[4]);
  assert.equal(trainingMsOf({ paceMs: 0, deadlineMs: 20_000 }, 2), 0);
});

test('a pace never makes a deadline fail', () => {
  assert.equal(trainingMsOf({ paceMs: 60_000, deadlineMs: 4000 }, 2), 2000);
});
