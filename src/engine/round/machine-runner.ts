import type { Clock } from '#shared/base/clock.ts';
import type { Instant, Step } from './machine.ts';

export interface MachineParts<S, I, E> {
  readonly clock: Clock;
  readonly start: (now: Instant) => Step<S, E>;
  readonly advance: (state: S, input: I, now: Instant) => Step<S, E>;
  /** Does what the machine wants; input that follows from it comes later, by `feed`. */
  readonly perform: (effect: E) => void;
  /** Input by which the machine learns that time has passed. */
  readonly tick: I;
}

/** Gives a machine its input, one after another, does its effects and wakes it when it asked for that. */
export class MachineRunner<S, I, E> implements Disposable {
  readonly #parts: MachineParts<S, I, E>;
  readonly #inputs: I[] = [];
  #state: S | undefined;
  #timer: Disposable | null = null;
  #busy = false;
  #disposed = false;

  constructor(parts: MachineParts<S, I, E>) {
    this.#parts = parts;
  }

  get state(): S | undefined {
    return this.#state;
  }

  start(): void {
    this.#busy = true;
    this.#apply(this.#parts.start(this.#now()));
    this.#drain();
  }

  feed(input: I): void {
    if (this.#disposed) return;
    // Only effects that answer at once make this longer than one.
    this.#inputs.push(input);
    if (this.#busy) return;
    this.#busy = true;
    this.#drain();
  }

  [Symbol.dispose](): void {
    this.#disposed = true;
    this.#timer?.[Symbol.dispose]();
    this.#timer = null;
  }

  #drain(): void {
    try {
      for (let input = this.#inputs.shift(); input !== undefined; input = this.#inputs.shift()) {
        this.#apply(this.#parts.advance(this.#state as S, input, this.#now()));
      }
    } finally {
      this.#busy = false;
    }
  }

  #apply({ state, effects, wakeAtMs }: Step<S, E>): void {
    this.#state = state;
    this.#timer?.[Symbol.dispose]();
    this.#timer = null;
    if (wakeAtMs !== Infinity && !this.#disposed) {
      // At least a millisecond: a machine that wants to be woken in the past must not hold the event loop.
      const delayMs = Math.max(1, Math.ceil(wakeAtMs - this.#parts.clock.monotonicMs()));
      this.#timer = this.#parts.clock.timer(delayMs, () => this.feed(this.#parts.tick));
    }
    for (const effect of effects) this.#parts.perform(effect);
  }

  #now(): Instant {
    return { monotonicMs: this.#parts.clock.monotonicMs(), wallMs: this.#parts.clock.wallMs() };
  }
}
