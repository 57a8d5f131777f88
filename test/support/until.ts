import { setTimeout as delay } from 'node:timers/promises';

/** Waits for what is not announced; fails after ten seconds. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (const untilMs = performance.now() + 10_000; !(await condition()); await delay(20)) {
    if (performance.now() > untilMs) throw new Error(`it did not come to ${condition.toString()}`);
  }
}
