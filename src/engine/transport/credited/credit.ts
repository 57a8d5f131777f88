/** Least cost of a whole frame, however small, so that a window is a bound on the number of publishes as well. */
const frameCostMin = 64 * 1024;

/** What a piece takes from the window. Pieces of a larger frame cost their bytes, so that the frame fits any window. */
export function pieceCost(piece: { readonly first: boolean; readonly last: boolean }, bytes: number): number {
  return piece.first && piece.last ? Math.max(bytes, frameCostMin) : bytes;
}

interface Waiter {
  readonly cost: number;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * The sender's half of flow control. MQTT has none from reader to writer: a broker acknowledges what it has queued, not
 * what was read, and drops or buffers the rest. So the reader says how much it has read since the session began, and the
 * sender keeps what is under way within the window.
 */
export class CreditGate {
  #windowBytes: number;
  #sent = 0;
  #granted = 0;
  #waiters: Waiter[] = [];
  #ended: { readonly error: unknown } | null = null;
  waits = 0;

  constructor(windowBytes: number) {
    this.#windowBytes = windowBytes;
  }

  /** Resolves when `cost` fits; first come, first served. Aborted or ended: rejects, and nothing has been taken. */
  async acquire(cost: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#ended !== null) throw this.#ended.error;
    if (this.#waiters.length === 0 && this.#fits(cost)) {
      this.#sent += cost;
      return;
    }
    this.waits++;
    await this.#wait(cost, signal);
  }

  #wait(cost: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        this.#waiters = this.#waiters.filter((known) => known !== waiter);
        reject(signal.reason);
        this.#serve();
      };
      const waiter: Waiter = {
        cost,
        resolve: () => {
          signal.removeEventListener('abort', onAbort);
          resolve();
        },
        reject: (reason) => {
          signal.removeEventListener('abort', onAbort);
          reject(reason);
        },
      };
      signal.addEventListener('abort', onAbort, { once: true });
      this.#waiters.push(waiter);
    });
  }

  /** `total` is what the reader has read since the session began; an old or repeated message changes nothing. */
  grant(total: number): void {
    if (total <= this.#granted || total > this.#sent) return;
    this.#granted = total;
    this.#serve();
  }

  /** What had been taken and will not be read. */
  refund(cost: number): void {
    this.#sent -= cost;
    this.#serve();
  }

  /** From now on less is under way at once. */
  narrow(windowBytes: number): void {
    this.#windowBytes = Math.min(this.#windowBytes, windowBytes);
  }

  end(error: unknown): void {
    this.#ended = { error };
    for (const waiter of this.#waiters.splice(0)) waiter.reject(error);
  }

  #fits(cost: number): boolean {
    return this.#sent - this.#granted + cost <= this.#windowBytes;
  }

  #serve(): void {
    for (let next = this.#waiters[0]; next !== undefined && this.#fits(next.cost); next = this.#waiters[0]) {
      this.#waiters.shift();
      this.#sent += next.cost;
      next.resolve();
    }
  }
}

/** The reader's half: counts what was read and says when it is time to tell the sender. */
export class CreditMeter {
  readonly #windowBytes: number;
  readonly #stepBytes: number;
  #received = 0;
  #read = 0;
  #told = 0;

  /** @param stepBytes told as often as that has been read */
  constructor(windowBytes: number, stepBytes: number = windowBytes / 4) {
    this.#windowBytes = windowBytes;
    this.#stepBytes = stepBytes;
  }

  /** False: the peer sent more than it was allowed to. */
  received(cost: number): boolean {
    this.#received += cost;
    return this.#received - this.#read <= this.#windowBytes;
  }

  /** The total to tell the sender, when that is due; else null. */
  read(cost: number): number | null {
    this.#read += cost;
    if (this.#read - this.#told < this.#stepBytes) return null;
    this.#told = this.#read;
    return this.#read;
  }
}
