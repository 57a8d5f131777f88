import type { Clock } from '#shared/base/time/clock.ts';
import type { Instant, Step } from './machine.ts';

export interface MachineParts<S, I, E> {
  readonly clock: Clock;
  readonly start: (now: Instant) => Step<S, E>;
  readonly advance: (state: S, input: I, now: Instant) => Step<S, E>;
  /** Looks at what a step has made of the state before it; null: the first step. @throws InvariantError */
  readonly check: (before: S | null, step: Step<S, E>, now: Instant) => void;
  /** Ends the run from the last state that held, for want of a next one. */
  readonly fail: (state: S, error: unknown, now: Instant) => Step<S, E>;
  /** Does what the machine wants; input that follows from it comes later, by `feed`. */
  readonly perform: (effect: E) => void;
  /** Input by which the machine learns that time has passed. */
  readonly tick: I;
  /** Input by which it learns that this process stood still for so long; a machine without deadlines has none. */
  readonly eventLoopStall?: (ms: number) => I;
}

/** How often a machine with deadlines looks at the clock, and how much time between two looks means a standstill. */
const lookMs = 1000;
const standstillMs = 3000;

/**
 * Gives a machine its input, one after another, does its effects and wakes it when it asked for that. A step that throws,
 * breaks a rule of the machine or has an effect that cannot be done ends the run, once; what fails after that is thrown.
 * Decision 0066.
 */
export class MachineRunner<S, I, E> implements Disposable {
  readonly #parts: MachineParts<S, I, E>;
  readonly #inputs: I[] = [];
  #state: S | undefined;
  #timer: Disposable | null = null;
  #lookTimer: Disposable | null = null;
  #lookedMs = 0;
  #busy = false;
  #disposed = false;
  #failed = false;

  constructor(parts: MachineParts<S, I, E>) {
    this.#parts = parts;
  }

  get state(): S | undefined {
    return this.#state;
  }

  start(): void {
    this.#busy = true;
    const now = this.#now();
    const step = this.#parts.start(now);
    this.#parts.check(null, step, now);
    this.#state = step.state;
    this.#tryTo(() => this.#apply(step));
    this.#drain();
    this.#lookedMs = now.monotonicMs;
    if (this.#parts.eventLoopStall !== undefined) this.#lookAgain();
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
    this.#lookTimer?.[Symbol.dispose]();
    this.#lookTimer = null;
  }

  #lookAgain(): void {
    this.#lookTimer = this.#parts.clock.timer(lookMs, () => {
      if (this.#disposed) return;
      this.#look();
      if (!this.#busy) {
        this.#busy = true;
        this.#drain();
      }
      this.#lookAgain();
    });
  }

  /** Before anything else is told: after a standstill the timer of a deadline may come before all messages that wait. */
  #look(): void {
    const { clock, eventLoopStall } = this.#parts;
    if (eventLoopStall === undefined) return;
    const passedMs = clock.monotonicMs() - this.#lookedMs;
    this.#lookedMs += passedMs;
    if (passedMs > standstillMs) this.#inputs.unshift(eventLoopStall(passedMs));
  }

  #drain(): void {
    try {
      for (;;) {
        this.#look();
        const input = this.#inputs.shift();
        if (input === undefined) break;
        const next = input;
        this.#tryTo(() => this.#apply(this.#advance(this.#state as S, next)));
      }
    } finally {
      this.#busy = false;
    }
  }

  #advance(state: S, input: I): Step<S, E> {
    const now = this.#now();
    const step = this.#parts.advance(state, input, now);
    this.#parts.check(state, step, now);
    return step;
  }

  #tryTo(act: () => void): void {
    try {
      act();
    } catch (error) {
      if (this.#failed) throw error;
      this.#failed = true;
      this.#apply(this.#parts.fail(this.#state as S, error, this.#now()));
    }
  }

  /** Something that the machine had wanted done has failed: the run cannot go on. */
  failed(error: unknown): void {
    if (this.#disposed) return;
    // In the middle of a step: that one has failed, then.
    if (this.#busy) throw error;
    this.#tryTo(() => {
      throw error;
    });
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
