import type { Clock } from '#shared/base/time/clock.ts';

/** Sockets are read between a timer and the next one, so a turn is the shortest that a timer can be. */
const turnMs = 1;

/**
 * Work that others cause, so much of it in one turn of the event loop: what comes at once is spread over turns, between which
 * sessions, timers and other sockets have theirs. In order; what nobody could take any more is refused, not kept.
 */
export class TurnBudget implements Disposable {
  readonly #clock: Clock;
  readonly #perTurn: number;
  readonly #waitingMax: number;
  readonly #waiting: (() => void)[] = [];
  #left: number;
  #nextTurn: Disposable | null = null;
  #over = false;

  constructor({
    clock,
    perTurn,
    waitingMax,
  }: {
    readonly clock: Clock;
    readonly perTurn: number;
    readonly waitingMax: number;
  }) {
    this.#clock = clock;
    this.#perTurn = perTurn;
    this.#left = perTurn;
    this.#waitingMax = waitingMax;
  }

  /** Now where this turn has room, else in one of the next. False: too much waits already, and it is not done. */
  do(work: () => void): boolean {
    if (this.#over) return false;
    if (this.#left > 0) {
      this.#left--;
      this.#awaitTurn();
      work();
      return true;
    }
    if (this.#waiting.length >= this.#waitingMax) return false;
    this.#waiting.push(work);
    return true;
  }

  /** What waits is not done any more. */
  [Symbol.dispose](): void {
    this.#over = true;
    this.#waiting.length = 0;
    this.#nextTurn?.[Symbol.dispose]();
    this.#nextTurn = null;
  }

  #awaitTurn(): void {
    this.#nextTurn ??= this.#clock.timer(turnMs, () => {
      this.#nextTurn = null;
      const due = this.#waiting.splice(0, this.#perTurn);
      // What these cause joins the others at the end.
      this.#left = this.#perTurn - due.length;
      if (due.length > 0) this.#awaitTurn();
      for (const work of due) if (!this.#over) work();
    });
  }
}
