/** While the service is gone the picture stands still at this wall time; null: it goes with the clock. */
let stoppedAt: number | null = null;
const listeners = new Set<() => void>();

/** The present of what is on screen, wall ms. */
export function screenNow(): number {
  return stoppedAt ?? Date.now();
}

/** Stops the present where the last news came, or lets it go on. Everything drawn from it is drawn again at once. */
export function stopScreenClock(at: number | null): void {
  if (at === stoppedAt) return;
  stoppedAt = at;
  for (const listener of listeners) listener();
}

/** Called whenever the present stops or goes on, so that no part of the picture keeps an older one until its next tick. */
export function onScreenClock(listener: () => void): void {
  listeners.add(listener);
}
