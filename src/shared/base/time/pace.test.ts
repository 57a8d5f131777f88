import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Pace } from './pace.ts';

const options = { leastMs: 50, mostMs: 500, share: 0.05 };

function after(...costs: readonly number[]): number {
  const pace = new Pace(options);
  for (const cost of costs) pace.spent(cost);
  return pace.waitMs;
}

test('what costs little is done as often as allowed, what costs much keeps to its share', () => {
  assert.equal(after(), 50);
  assert.equal(after(...Array.from({ length: 30 }, () => 1)), 50);
  assert.ok(Math.abs(after(...Array.from({ length: 30 }, () => 10)) - 200) < 1);
  assert.equal(after(...Array.from({ length: 30 }, () => 100)), 500);
});

test('one odd cost does not decide, and what was costly may become cheap again', () => {
  const cheap = Array.from({ length: 30 }, () => 4);
  assert.ok(after(...cheap, 30) < 300);
  assert.ok(after(...Array.from({ length: 10 }, () => 100), ...cheap) < 90);
});

test('a clock that was set back costs nothing', () => {
  assert.equal(after(-5), 50);
});
