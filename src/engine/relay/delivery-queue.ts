import type { Clock } from '#shared/base/time/clock.ts';

interface Due {
  readonly at: number;
  readonly serial: number;
  readonly act: () => void;
}

/** Timers fire in whole milliseconds: what is due within this is done with what is due now. */
const slackMs = 0.5;

/** Does things at their time, those of one time in the order in which they came; one timer for all (a binary heap). */
export class DeliveryQueue implements Disposable {
  readonly #clock: Clock;
  readonly #heap: Due[] = [];
  #serial = 0;
  #timer: Disposable | null = null;
  #timerAt = Number.POSITIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get length(): number {
    return this.#heap.length;
  }

  /** Acts at a time of the clock; one that is over is due now, after what was queued before. */
  at(at: number, act: () => void): void {
    const now = this.#clock.monotonicMs();
    if (at <= now + slackMs && this.#heap.length === 0) return act();
    this.#push({ at, serial: this.#serial++, act });
    this.#arm();
  }

  [Symbol.dispose](): void {
    this.#heap.length = 0;
    this.#timer?.[Symbol.dispose]();
    this.#timer = null;
  }

  #arm(): void {
    const at = this.#heap[0]?.at;
    if (at === undefined || (this.#timer !== null && at >= this.#timerAt)) return;
    this.#timer?.[Symbol.dispose]();
    this.#timerAt = at;
    this.#timer = this.#clock.timer(Math.max(0, Math.ceil(at - this.#clock.monotonicMs())), () => this.#fire());
  }

  #fire(): void {
    this.#timer = null;
    this.#timerAt = Number.POSITIVE_INFINITY;
    const until = this.#clock.monotonicMs() + slackMs;
    for (let due = this.#heap[0]; due !== undefined && due.at <= until; due = this.#heap[0]) {
      this.#pop();
      due.act();
    }
    this.#arm();
  }

  #push(due: Due): void {
    let child = this.#heap.push(due) - 1;
    while (child > 0) {
      const parent = (child - 1) >> 1;
      if (!before(due, this.#heap[parent] as Due)) break;
      this.#heap[child] = this.#heap[parent] as Due;
      child = parent;
    }
    this.#heap[child] = due;
  }

  #pop(): void {
    const last = this.#heap.pop();
    if (last === undefined || this.#heap.length === 0) return;
    let parent = 0;
    for (;;) {
      let child = 2 * parent + 1;
      if (child >= this.#heap.length) break;
      if (child + 1 < this.#heap.length && before(this.#heap[child + 1] as Due, this.#heap[child] as Due)) child++;
      if (!before(this.#heap[child] as Due, last)) break;
      this.#heap[parent] = this.#heap[child] as Due;
      parent = child;
    }
    this.#heap[parent] = last;
  }
}

function before(a: Due, b: Due): boolean {
  return a.at < b.at || (a.at === b.at && a.serial < b.serial);
}
