import assert from 'node:assert/strict';
import { test } from 'node:test';
import { growthOf } from './memory-slope.ts';

const megabytes = (values: readonly number[]): Parameters<typeof growthOf>[0] =>
  values.map((value, minute) => {
    const bytes = value * 1e6;
    return {
      name: 'coordinator',
      pid: 1,
      at: minute * 60_000,
      heapUsed: bytes,
      rss: bytes + 100e6,
      cpuMs: minute * 6000,
    };
  });

test('a process that warms up and stays is no leak, one that rises by 3 MB a minute is', () => {
  const warm = growthOf(megabytes([10, 20, 28, 30, 31, 29, 30, 31, 30, 29, 30]));
  assert.equal(warm.grows, false);
  assert.ok(Math.abs(warm.heapMbAnHour) < 15, String(warm.heapMbAnHour));
  const leaking = growthOf(megabytes(Array.from({ length: 20 }, (_, minute) => 20 + 3 * minute)));
  assert.equal(leaking.grows, true);
  assert.equal(Math.round(leaking.heapMbAnHour), 180);
});

test('its course is told in sixths, and what it took of the processor', () => {
  const rising = growthOf(megabytes([10, 20, 30, 40, 50, 60]));
  assert.deepEqual(rising.rssCourse, [110, 120, 130, 140, 150, 160]);
  assert.equal(rising.cpuShare, 0.1);
});

test('one sample tells of no growth', () => {
  assert.equal(growthOf(megabytes([50])).grows, false);
});
