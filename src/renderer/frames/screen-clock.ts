/** While the service is gone the picture stands still at this wall time; null: it goes with the clock. */
let stoppedAt: number | null = null;

/** The present of what is on screen, wall ms. */
export function screenNow(): number {
  return stoppedAt ?? Date.now();
}

/** Stops the present where the last news came, or lets it go on. */
export function stopScreenClock(at: number | null): void {
  stoppedAt = at;
}
