import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { withoutLeaks } from '#test/support/leak-tracker.ts';
import { VirtualClock } from '#test/support/virtual-clock.ts';
import { systemClock } from './system-clock.ts';

const never = new AbortController().signal;

describe('system clock', () => {
  test('sleeps, gives up on abort, and leaves no timer either way', async () => {
    await withoutLeaks(async () => {
      const startedMs = systemClock.monotonicMs();
      await systemClock.sleep(10, { signal: never });
      assert.ok(systemClock.monotonicMs() - startedMs >= 9);
      const abort = new AbortController();
      const sleeping = assert.rejects(systemClock.sleep(60_000, { signal: abort.signal }), /woken/);
      abort.abort(new Error('woken'));
      await sleeping;
      await assert.rejects(
        systemClock.sleep(60_000, { signal: AbortSignal.abort(new Error('never slept')) }),
        /never slept/,
      );
      systemClock.timer(60_000, assert.fail)[Symbol.dispose]();
    });
  });

  test('a deadline aborts with a TimeoutError, with its parent, or never once disposed', async () => {
    await withoutLeaks(async () => {
      using short = systemClock.deadline(5);
      await systemClock.sleep(20, { signal: never });
      assert.equal((short.reason as Error).name, 'TimeoutError');
      const parent = new AbortController();
      using child = systemClock.deadline(60_000, parent.signal);
      parent.abort(new Error('parent'));
      assert.equal((child.reason as Error).message, 'parent');
      const disposed = systemClock.deadline(5);
      disposed[Symbol.dispose]();
      await systemClock.sleep(20, { signal: never });
      assert.equal(disposed.aborted, false);
    });
  });

  test('wall time is the machine’s', () => {
    const before = Date.now();
    const wallMs = systemClock.wallMs();
    // It may differ from the coarse one by its tolerance of 20 ms.
    assert.ok(wallMs > before - 25 && wallMs < Date.now() + 25, `${wallMs} after ${before}`);
  });
});

describe('virtual clock', () => {
  test('timers fire in order of time, then of setting; disposed ones do not', async () => {
    const clock = new VirtualClock();
    const fired: number[] = [];
    clock.timer(20, () => fired.push(3));
    clock.timer(10, () => fired.push(1));
    clock.timer(10, () => fired.push(2));
    clock.timer(15, () => fired.push(9))[Symbol.dispose]();
    await clock.advance(19);
    assert.deepEqual([fired, clock.pendingTimers], [[1, 2], 1]);
    await clock.advance(1);
    assert.deepEqual([fired, clock.pendingTimers, clock.monotonicMs()], [[1, 2, 3], 0, 20]);
  });

  test('what a timer starts may end within the same advance', async () => {
    const clock = new VirtualClock();
    let woken = 0;
    void (async () => {
      for (let i = 0; i < 10; i++) {
        await clock.sleep(5, { signal: never });
        woken++;
      }
    })();
    await clock.advance(50);
    assert.equal(woken, 10);
  });
});
