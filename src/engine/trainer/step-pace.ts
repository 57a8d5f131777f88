import type { Clock } from '#shared/base/time/clock.ts';

/**
 * Spreads the steps of a training evenly over a time, as a slower machine would: no step begins before its share of the
 * time has passed. The steps are what they are; a machine that needs longer is not held back at all.
 * @param trainingMs how long the whole takes at least, ms; 0: nothing is held back
 * @param steps how many there are
 * @returns to be awaited before each step, once for each
 */
export function stepPace(
  clock: Pick<Clock, 'monotonicMs' | 'sleep'>,
  trainingMs: number,
  steps: number,
): (signal: AbortSignal) => Promise<void> {
  const startedMs = clock.monotonicMs();
  let step = 0;
  return async (signal) => {
    const dueMs = startedMs + (trainingMs * ++step) / Math.max(1, steps);
    const leftMs = dueMs - clock.monotonicMs();
    // Who is aborted is told so before the step itself.
    if (leftMs > 0) await clock.sleep(leftMs, { signal }).catch(() => undefined);
  };
}
