import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualClock } from '#test/support/virtual-clock.ts';
import { every } from './every.ts';

test('calls each so many milliseconds until it is disposed, also from within a call', async () => {
  const clock = new VirtualClock();
  let calls = 0;
  const timer = every(clock, 100, () => {
    if (++calls === 3) timer[Symbol.dispose]();
  });
  await clock.advance(99);
  assert.equal(calls, 0);
  await clock.advance(151);
  assert.equal(calls, 2);
  await clock.advance(1000);
  assert.deepEqual([calls, clock.pendingTimers], [3, 0]);
});
