import { setTimeout as delay } from 'node:timers/promises';

/** For each step of a busy machine. */
export const patienceMs = 60_000;
const lookMs = 10;

/** Waits for what is not announced. */
export async function within(isSo: () => boolean, otherwise: string): Promise<void> {
  for (const untilMs = performance.now() + patienceMs; !isSo(); await delay(lookMs))
    if (performance.now() > untilMs) throw new Error(otherwise);
}
