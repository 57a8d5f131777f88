import type { Clock } from '#shared/base/time/clock.ts';
import { RoundscopeError } from '#shared/base/errors.ts';
import type { Lane } from '#engine/transport/transport.ts';
import type { Call } from './call.ts';
import { encodeLane, encodeOffer } from './messages.ts';

/** How bulk lanes come about, which differs by end: a participant can call, a coordinator can only offer. */
export interface BulkWays {
  /** A call to write the lane's frames to; `tell` sends a message on the control lane. */
  open(lane: Lane, tell: (message: Buffer) => Promise<void>): Promise<Call>;
  /** The call that brings an offered lane; null at the end that nobody offers anything. */
  fetch(number: number): Call | null;
  /** The session has ended. */
  end(): void;
}

/** The participant's: both kinds of lane are calls of its own. */
export class CallingWays implements BulkWays {
  readonly #upload: (name: string) => Call;
  readonly #download: (name: string, number: number) => Call;
  #uploads = 0;

  constructor(calls: {
    readonly upload: (name: string) => Call;
    readonly download: (name: string, number: number) => Call;
  }) {
    this.#upload = calls.upload;
    this.#download = calls.download;
  }

  async open(lane: Lane): Promise<Call> {
    const call = this.#upload(`Upload ${++this.#uploads}`);
    await call.write(encodeLane(lane));
    return call;
  }

  fetch(number: number): Call {
    return this.#download(`Download ${number}`, number);
  }

  end(): void {
    // The session cuts the calls.
  }
}

/** The coordinator's: it offers a lane by number and waits until the participant fetches it. */
export class OfferingWays implements BulkWays {
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #offers = new Map<number, (call: Call) => void>();
  readonly #over = new AbortController();
  #numbers = 0;

  constructor(options: { readonly clock: Clock; readonly timeoutMs: number }) {
    this.#clock = options.clock;
    this.#timeoutMs = options.timeoutMs;
  }

  async open(lane: Lane, tell: (message: Buffer) => Promise<void>): Promise<Call> {
    const number = ++this.#numbers;
    const { promise, resolve, reject } = Promise.withResolvers<Call>();
    using limit = this.#clock.deadline(this.#timeoutMs, this.#over.signal);
    limit.addEventListener('abort', () => reject(notFetched(this.#timeoutMs)), { once: true });
    if (limit.aborted) reject(notFetched(this.#timeoutMs));
    this.#offers.set(number, resolve);
    try {
      await Promise.all([tell(encodeOffer(number, lane)), promise]);
      return await promise;
    } finally {
      this.#offers.delete(number);
    }
  }

  fetch(): null {
    return null;
  }

  /** The participant has come for a lane; false when none of that number waits for it. */
  taken(number: number, call: Call): boolean {
    const resolve = this.#offers.get(number);
    this.#offers.delete(number);
    resolve?.(call);
    return resolve !== undefined;
  }

  end(): void {
    this.#over.abort();
  }
}

function notFetched(timeoutMs: number): RoundscopeError {
  return new RoundscopeError('send_timeout', {
    layer: 'transport',
    message: `the participant did not fetch what it was offered within ${timeoutMs / 1000} s`,
    retryable: true,
  });
}
