import type { Clock } from '#shared/base/time/clock.ts';
import type { Random } from '#shared/base/random.ts';

export interface WireBehaviour {
  readonly delayMs: number;
  readonly jitterMs: number;
  /** Of each frame, that the session dies instead of carrying it. */
  readonly breakProbability: number;
}

/** How bad the network is, for all sessions of one transport; the same seed gives the same weather. */
export class Wire {
  readonly #clock: Clock;
  readonly #random: Random;
  behaviour: WireBehaviour = { delayMs: 0, jitterMs: 0, breakProbability: 0 };
  #healed: PromiseWithResolvers<void> | null = null;

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  partition(state: 'on' | 'off'): void {
    if (state === 'on') this.#healed ??= Promise.withResolvers<void>();
    else {
      this.#healed?.resolve();
      this.#healed = null;
    }
  }

  /** Waits while there is a partition. */
  async open(signal: AbortSignal): Promise<void> {
    while (this.#healed !== null) {
      const aborted = Promise.withResolvers<never>();
      const onAbort = (): void => aborted.reject(signal.reason);
      signal.throwIfAborted();
      signal.addEventListener('abort', onAbort, { once: true });
      try {
        await Promise.race([this.#healed.promise, aborted.promise]);
      } finally {
        signal.removeEventListener('abort', onAbort);
      }
    }
  }

  /** Waits as long as a frame would take; `broken` when the session dies of it. */
  async pass(signal: AbortSignal): Promise<'passed' | 'broken'> {
    await this.open(signal);
    const { delayMs, jitterMs, breakProbability } = this.behaviour;
    const waitMs = delayMs + (jitterMs > 0 ? this.#random.next() * jitterMs : 0);
    if (waitMs > 0) await this.#clock.sleep(waitMs, { signal });
    return breakProbability > 0 && this.#random.next() < breakProbability ? 'broken' : 'passed';
  }
}
