import type { Random } from '#shared/base/random.ts';
import { timing } from '#shared/contract/limits.ts';

/** Doubling pauses between attempts, each shortened by up to a half at random: participants that lost one coordinator together must not return together. */
export class RedialDelay {
  readonly #random: Random;
  #attempts = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  next(): number {
    const fullMs = Math.min(timing.redialMaxMs, timing.redialFirstMs * 2 ** Math.min(this.#attempts, 20));
    this.#attempts++;
    return fullMs * (0.5 + this.#random.next() / 2);
  }

  /** After a session that lived. */
  reset(): void {
    this.#attempts = 0;
  }
}
