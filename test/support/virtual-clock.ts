import type { Clock } from '#shared/base/time/clock.ts';
import { makeDeadline } from '#engine/host/system-clock.ts';

interface Timer {
  readonly dueMs: number;
  readonly order: number;
  readonly callback: () => void;
}

/** Time that moves only when it is told to. Timers of one instant fire in the order in which they were set. */
export class VirtualClock implements Clock {
  #nowMs = 0;
  #order = 0;
  #wallOriginMs: number;
  /** Binary heap by due time, then order. */
  readonly #heap: Timer[] = [];
  readonly #dead = new Set<Timer>();

  constructor(wallOriginMs = Date.UTC(2026, 0, 1)) {
    this.#wallOriginMs = wallOriginMs;
  }

  /** Timers that have neither fired nor been disposed: a test that ends with some leaks them. */
  get pendingTimers(): number {
    return this.#heap.length - this.#dead.size;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    return this.#wallOriginMs + this.#nowMs;
  }

  /** Lets wall time jump, as clocks of real machines do. */
  jumpWall(ms: number): void {
    this.#wallOriginMs += ms;
  }

  /** Lets monotonic time jump while nothing runs, as it does for whoever slept: timers of the time between are all late. */
  sleepThrough(ms: number): void {
    this.#nowMs += ms;
  }

  timer(ms: number, callback: () => void): Disposable {
    const timer: Timer = { dueMs: this.#nowMs + Math.max(0, ms), order: this.#order++, callback };
    this.#insert(timer);
    let live = true;
    const fireOnce = timer.callback;
    Object.assign(timer, {
      callback: () => {
        live = false;
        fireOnce();
      },
    });
    return {
      [Symbol.dispose]: () => {
        if (!live) return;
        live = false;
        this.#dead.add(timer);
      },
    };
  }

  sleep(ms: number, { signal }: { readonly signal: AbortSignal }): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const onAbort = (): void => {
        timer[Symbol.dispose]();
        reject(signal.reason);
      };
      const timer = this.timer(ms, () => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      });
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }

  deadline(ms: number, parent?: AbortSignal): AbortSignal & Disposable {
    return makeDeadline(this, ms, parent);
  }

  /** Runs what is due within `ms`, timer by timer, and lets every promise settle in between. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms;
    await settle();
    while (this.#fireNext(untilMs)) await settle();
    this.#nowMs = untilMs;
  }

  /** Moves from timer to timer until `done` holds; false when `limitMs` have passed or nothing is left to wait for. */
  async advanceUntil(done: () => boolean, limitMs: number): Promise<boolean> {
    const untilMs = this.#nowMs + limitMs;
    await settle();
    while (!done()) {
      if (!this.#fireNext(untilMs)) return done();
      await settle();
    }
    return true;
  }

  #fireNext(untilMs: number): boolean {
    for (;;) {
      const next = this.#heap[0];
      if (next === undefined || next.dueMs > untilMs) return false;
      this.#removeFirst();
      if (this.#dead.delete(next)) continue;
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      next.callback();
      return true;
    }
  }

  #insert(timer: Timer): void {
    const heap = this.#heap;
    let at = heap.push(timer) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!before(timer, heap[parent] as Timer)) break;
      heap[at] = heap[parent] as Timer;
      at = parent;
    }
    heap[at] = timer;
  }

  #removeFirst(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1] as Timer, heap[child] as Timer)) child++;
      if (!before(heap[child] as Timer, last)) break;
      heap[at] = heap[child] as Timer;
      at = child;
    }
    heap[at] = last;
  }
}

function before(a: Timer, b: Timer): boolean {
  return a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.order < b.order);
}

/** One turn of the event loop: all promises that can settle without time or input have. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
