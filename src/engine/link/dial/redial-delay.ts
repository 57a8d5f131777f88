import type { Random } from '#shared/base/random.ts';
import { timing } from '#shared/contract/limits.ts';

/** Codes with which either end gives up a session over which nothing comes through any more. */
const silentEnds: ReadonlySet<string> = new Set(['peer_silent', 'send_timeout', 'transfer_stuck', 'idle']);

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

  /**
   * A session has ended. Pauses go on growing while sessions die young in silence, as on a network that takes each and then
   * swallows what is sent; one that is cut off is dialed again at once.
   */
  served(livedMs: number, code: string): void {
    if (livedMs >= timing.sessionLivedMs || !silentEnds.has(code)) this.reset();
  }

  /** Somebody wants to try at once. */
  reset(): void {
    this.#attempts = 0;
  }
}
