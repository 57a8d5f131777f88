import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stepPace } from './step-pace.ts';

/** Time that passes by sleeping alone. */
function sleeper(): { readonly clock: Parameters<typeof stepPace>[0]; readonly slept: number[]; nowMs: number } {
  const state = {
    nowMs: 1000,
    slept: [] as number[],
    clock: {
      monotonicMs: () => state.nowMs,
      sleep: async (ms: number, { signal }: { readonly signal: AbortSignal }) => {
        signal.throwIfAborted();
        state.slept.push(ms);
        state.nowMs += ms;
      },
    },
  };
  return state;
}

const { signal } = new AbortController();

test('steps are spread evenly over the time, and the work in them counts', async () => {
  const time = sleeper();
  const pace = stepPace(time.clock, 4000, 4);
  for (const workMs of [0, 400, 0, 0]) {
    await pace(signal);
    time.nowMs += workMs;
  }
  assert.deepEqual(time.slept, [1000, 1000, 600, 1000]);
  assert.equal(time.nowMs, 5000);
});

test('a machine that is slower than the pace is not held back', async () => {
  const time = sleeper();
  const pace = stepPace(time.clock, 100, 10);
  for (let step = 0; step < 10; step++) {
    time.nowMs += 50;
    await pace(signal);
  }
  assert.deepEqual(time.slept, []);
});

test('no pace, no wait; an aborted one ends at once and leaves the telling to the step', async () => {
  const time = sleeper();
  await stepPace(time.clock, 0, 8)(signal);
  assert.deepEqual(time.slept, []);
  await stepPace(time.clock, 9000, 1)(AbortSignal.abort(new Error('stop')));
  assert.equal(time.nowMs, 1000);
});
