import type { DialOptions, Session, Transport } from '#engine/transport/transport.ts';
import { spawn } from '#shared/base/spawn.ts';
import type { Clock } from '#shared/base/time/clock.ts';
import { RoundscopeError } from '#shared/base/errors.ts';
import type { Endpoint } from '#shared/contract/app/invitation.ts';
import { timing } from '#shared/contract/limits.ts';
import { dialInTime } from './dial-in-time.ts';
import { PreferredPathProbe } from './preferred-path-probe.ts';

export interface SessionDialerOptions {
  readonly clock: Clock;
  readonly transport: Transport;
  readonly endpoints: readonly Endpoint[];
  /** All that does not change from one dial to the next. */
  readonly dial: Omit<DialOptions, 'noFallback'>;
}

export interface PathProbe {
  readonly busy: () => boolean;
  /** Another session is there to be dialed in place of the one that is open, on the stack that it names. */
  readonly changeTo: (stack: string) => void;
  /** The first way does not answer, with what that means. */
  readonly onSilence: (reason: string) => void;
}

/** Longer than an answer over UDP is waited for where TCP is left to try: here nobody waits. */
const lookMs = 2 * timing.udpAnswerMs;

/** QUIC is the one transport with two ways, of which the first is over UDP. */
const udpBlocked = 'UDP blocked: TCP answers and UDP does not; over TCP, and UDP is tried again now and then';

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

  probePreferredPath({ busy, changeTo, onSilence }: PathProbe): PreferredPathProbe {
    const { clock, dial, transport } = this.#options;
    return new PreferredPathProbe({
      clock,
      busy,
      dial: (over) => {
        const { observer: _unobserved, ...rest } = dial;
        const options = { ...rest, noFallback: true, signal: AbortSignal.any([over, dial.signal]) };
        return dialInTime(transport, this.#endpoints, { clock, limitMs: lookMs, options });
      },
      found: (session) => {
        this.#prepared = session;
        spawn(
          'watching a prepared session',
          session.closed.then(() => {
            if (this.#prepared === session) this.#prepared = null;
          }),
        );
        changeTo(session.stack);
      },
      failed: (error) => {
        // Only silence beside a session that is open says so: a way that nobody has answered on may have nobody at its end.
        if (error instanceof RoundscopeError && error.code === 'connect_timeout') onSilence(udpBlocked);
      },
    });
  }

  /** What was opened beforehand is not needed. */
  letGo(): void {
    const prepared = this.#prepared;
    this.#prepared = null;
    if (prepared !== null) spawn('closing a session', prepared.close('aborted', 'not needed any more'));
  }
}
