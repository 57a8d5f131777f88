import type { Random } from '#shared/base/random.ts';
import { timing } from '#shared/contract/limits.ts';
import { changedCode } from '#engine/transport/transport.ts';

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

  /** A session has ended: pauses go on growing while they die young, as on a network that takes each and then swallows it. */
  served(livedMs: number, code: string): void {
    if (livedMs >= timing.sessionLivedMs || code === changedCode) this.reset();
  }

  /** Somebody wants to try at once. */
  reset(): void {
    this.#attempts = 0;
  }
}
