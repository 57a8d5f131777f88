/** Whoever waits for a state of things looks again each time that something has happened. */
export class Bell {
  #waiting: (() => void)[] = [];

  ring(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }

  /** Resolves once `is` holds; rejects when it does not within two minutes, which is no measure of anything. */
  async until(is: () => boolean): Promise<void> {
    const limit = AbortSignal.timeout(120_000);
    while (!is()) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      limit.addEventListener('abort', () => reject(limit.reason as Error), { once: true });
      this.#waiting.push(resolve);
      await promise;
    }
  }
}
