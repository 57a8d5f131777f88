import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { onScreenClock, screenNow, stopScreenClock } from './screen-clock.ts';

describe('screen clock', () => {
  test('whoever draws from it is told when it stops and when it goes on, with the new present', () => {
    const presents: number[] = [];
    onScreenClock(() => void presents.push(screenNow()));
    stopScreenClock(1000);
    stopScreenClock(1000);
    assert.deepEqual(presents, [1000]);
    stopScreenClock(null);
    assert.equal(presents.length, 2);
    assert.ok((presents[1] ?? 0) > 1000, 'goes with the clock again');
  });
});
