export interface PaceOptions {
  /** Never sooner than this after the last one. */
  readonly leastMs: number;
  /** Never later, however costly one is. */
  readonly mostMs: number;
  /** Part of the time that it may take, from 0 to 1. */
  readonly share: number;
}

/** Weight of the newest cost: a machine that grows busy is noticed after two or three, one odd cost changes little. */
const newestWeight = 0.35;

/**
 * How often something may be done so that it takes no more than its share of the time: costly things are done less often.
 * What it costs is told by whoever does it, so that a slow machine and a busy one are answered alike.
 */
export class Pace {
  readonly #options: PaceOptions;
  #costMs = 0;

  constructor(options: PaceOptions) {
    this.#options = options;
  }

  /** From the start of one to the start of the next. */
  get waitMs(): number {
    const { leastMs, mostMs, share } = this.#options;
    return Math.min(mostMs, Math.max(leastMs, this.#costMs / share));
  }

  spent(costMs: number): void {
    this.#costMs += (Math.max(0, costMs) - this.#costMs) * newestWeight;
  }
}
