import type { Clock } from '#shared/base/time/clock.ts';

/** Waits for work that may never be done, such as a broker's answer, and no longer than `ms`; what it throws in time is passed on. */
export async function within(ms: number, clock: Clock, work: Promise<unknown>): Promise<void> {
  const late = Promise.withResolvers<void>();
  using _timer = clock.timer(ms, () => late.resolve());
  await Promise.race([work, late.promise]);
}
