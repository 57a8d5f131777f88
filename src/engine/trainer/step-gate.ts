const closed = 0;
const busy = 1;

/**
 * Keeps a thread from being ended in the middle of native work: the runtime then throws where nobody can catch it and
 * takes the whole process down (seen: `process.exit` during a step ended with SIGABRT). The two sides share two
 * numbers, since at exit nothing but a synchronous wait is left to the process.
 */
export class StepGate {
  readonly memory: SharedArrayBuffer;
  readonly #flags: Int32Array;

  constructor(memory = new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT)) {
    this.memory = memory;
    this.#flags = new Int32Array(memory);
  }

  /** In the thread: native work goes through here. After `close` it never begins, and the thread waits for its end. */
  async pass<T>(work: () => Promise<T>): Promise<T> {
    Atomics.add(this.#flags, busy, 1);
    try {
      if (Atomics.load(this.#flags, closed) === 1) await this.#leaveForGood();
      return await work();
    } finally {
      Atomics.sub(this.#flags, busy, 1);
      Atomics.notify(this.#flags, busy);
    }
  }

  /** Outside: lets no more work begin and blocks until that under way is done, a step's length at most. */
  close(timeoutMs: number): void {
    Atomics.store(this.#flags, closed, 1);
    for (;;) {
      const count = Atomics.load(this.#flags, busy);
      if (count === 0 || Atomics.wait(this.#flags, busy, count, timeoutMs) === 'timed-out') return;
    }
  }

  async #leaveForGood(): Promise<void> {
    Atomics.sub(this.#flags, busy, 1);
    Atomics.notify(this.#flags, busy);
    await new Promise(() => undefined);
  }
}
