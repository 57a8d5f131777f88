/** Restarts within a minute; what crashes more often would only crash again. */
export const restartsPerMinuteMax = 3;

/** Whether something that has crashed may be started again. */
export class CrashLimit {
  #crashes: number[] = [];

  get hasCrashed(): boolean {
    return this.#crashes.length > 0;
  }

  /** Counts a crash that happened now. */
  mayRestart(now: number): boolean {
    this.#crashes = [...this.#crashes.filter((at) => now - at < 60_000), now];
    return this.#crashes.length <= restartsPerMinuteMax;
  }
}
