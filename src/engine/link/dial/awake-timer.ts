import type { Clock } from '#shared/base/time/clock.ts';

/** Longest time between two looks at the clock. */
const stepMs = 1_000;

export interface AwakeTimerOptions {
  readonly clock: Clock;
  /** Null: never over. */
  readonly limitMs: number | null;
  readonly onOver: () => void;
  /** This process, or the machine, has not run for a while and does again. */
  readonly onWoke: () => void;
}

/**
 * A time limit of which only the time counts in which this process ran. Some clocks go on while a machine sleeps or a
 * process is stopped, and others do not: a look at the clock that comes late shows either, and counts as one in time.
 * Decision 0060.
 */
export class AwakeTimer implements Disposable {
  readonly #options: AwakeTimerOptions;
  #limitMs: number | null;
  #countedMs = 0;
  #lookedMs: number;
  #timer: Disposable | null = null;

  constructor(options: AwakeTimerOptions) {
    this.#options = options;
    this.#limitMs = options.limitMs;
    this.#lookedMs = options.clock.monotonicMs();
    this.#schedule();
  }

  /** Ms awake until it is over; null: never. */
  get remainingMs(): number | null {
    if (this.#limitMs === null) return null;
    return Math.max(0, this.#limitMs - this.#countedMs - Math.min(this.#sinceLookMs(), stepMs));
  }

  /** From now on there is no limit. */
  unlimit(): void {
    this.#limitMs = null;
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = null;
  }

  #sinceLookMs(): number {
    return this.#options.clock.monotonicMs() - this.#lookedMs;
  }

  #schedule(): void {
    const nextMs = Math.min(stepMs, this.#limitMs === null ? stepMs : this.#limitMs - this.#countedMs);
    this.#timer = this.#options.clock.timer(Math.max(0, nextMs), () => this.#look(nextMs));
  }

  #look(wantedMs: number): void {
    const passedMs = this.#sinceLookMs();
    this.#lookedMs += passedMs;
    const slept = passedMs > wantedMs + stepMs;
    this.#countedMs += slept ? wantedMs : passedMs;
    this.#timer = null;
    if (this.#limitMs !== null && this.#countedMs >= this.#limitMs) return this.#options.onOver();
    this.#schedule();
    if (slept) this.#options.onWoke();
  }
}
