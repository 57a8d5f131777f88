import type { DialOptions, Session, Transport } from '#engine/transport/transport.ts';
import type { Clock } from '#shared/base/clock.ts';
import type { Endpoint } from '#shared/contract/invitation.ts';
import { timing } from '#shared/contract/limits.ts';
import { dialInTime } from './dial-in-time.ts';
import { FirstWayLookout } from './first-way-lookout.ts';

export interface SessionDialerOptions {
  readonly clock: Clock;
  readonly transport: Transport;
  readonly endpoints: readonly Endpoint[];
  /** All that does not change from one dial to the next. */
  readonly dial: Omit<DialOptions, 'noFallback'>;
}

/** Opens the sessions of one link, one after another, and looks for a better way while one is open. */
export class SessionDialer {
  readonly #options: SessionDialerOptions;
  #endpoints: readonly Endpoint[];
  /** Opened beside the session that it is to replace. */
  #prepared: Session | null = null;

  constructor(options: SessionDialerOptions) {
    this.#options = options;
    this.#endpoints = options.endpoints;
  }

  /** From now on the coordinator is reached there. */
  moveTo(endpoints: readonly Endpoint[]): void {
    this.#endpoints = endpoints;
    this.letGo();
  }

  /** @throws what `dialInTime` does */
  async dial(limitMs: number): Promise<Session> {
    const { clock, dial, transport } = this.#options;
    const ready = this.#prepared;
    this.#prepared = null;
    return ready ?? (await dialInTime(transport, this.#endpoints, { clock, limitMs, options: dial }));
  }

  /** `changeTo`: another session is there to be dialled in place of the one that is open, on the stack that it names. */
  lookForFirstWay(busy: () => boolean, changeTo: (stack: string) => void): FirstWayLookout {
    const { clock, dial, transport } = this.#options;
    return new FirstWayLookout({
      clock,
      busy,
      dial: (over) => {
        const { observer: _unobserved, ...rest } = dial;
        const options = { ...rest, noFallback: true, signal: AbortSignal.any([over, dial.signal]) };
        return dialInTime(transport, this.#endpoints, { clock, limitMs: timing.connectTimeoutMs, options });
      },
      found: (session) => {
        this.#prepared = session;
        void session.closed.then(() => {
          if (this.#prepared === session) this.#prepared = null;
        });
        changeTo(session.stack);
      },
    });
  }

  /** What was opened beforehand is not needed. */
  letGo(): void {
    void this.#prepared?.close('aborted', 'not needed any more');
    this.#prepared = null;
  }
}
