import { RoundscopeError } from '#shared/base/errors.ts';
import type { Clock } from '#shared/base/time/clock.ts';
import { spawn } from '#shared/base/spawn.ts';
import type { Endpoint } from '#shared/contract/app/invitation.ts';
import { carrierOf, type Stack } from '#shared/contract/protocols.ts';
import type { Identity } from '../../identity/identity.ts';
import type { DialOptions, Listener, ListenOptions, Session, Transport } from '../transport.ts';
import { formatAddress } from '../addresses.ts';
import { observed } from '../attempts.ts';
import { allFailed, noAnswer, type Failure, type Tried } from './connect-errors.ts';
import { greet } from './handshake.ts';
import { QuicTransportListener } from './quic-listener.ts';
import { quicDefaults } from './quic-options.ts';
import type { QuicOptions } from './quic-options.ts';
import type { QuicProvider } from './quic-session.ts';
import { QuinnProvider } from './quinn/quinn.ts';
import { QuicTransportSession } from './transport-session.ts';
import { WebTransportProvider } from './webtransport/webtransport.ts';

export interface QuicTransportInit {
  readonly clock: Clock;
  /** Who this process is; quinn proves it to the peer. */
  readonly identity: Identity;
  /** Providers to use, in this order when listening; default both. */
  readonly providers?: readonly QuicProvider['name'][];
  /** Times other than the contract's, for tests. */
  readonly options?: Partial<QuicOptions>;
}

/** The `quic` transport: quinn first, WebTransport where that is what the peer offers or the network lets through. */
export class QuicTransport implements Transport {
  readonly protocol = 'quic';
  readonly #clock: Clock;
  readonly #options: QuicOptions;
  readonly #providers: readonly QuicProvider[];

  constructor(init: QuicTransportInit) {
    this.#clock = init.clock;
    this.#options = { ...quicDefaults, ...init.options };
    const parts = { clock: init.clock, identity: init.identity, quic: this.#options };
    this.#providers = (init.providers ?? ['quinn', 'webtransport']).map((name) =>
      name === 'quinn' ? new QuinnProvider(parts) : new WebTransportProvider(parts),
    );
  }

  async dial(endpoints: readonly Endpoint[], options: DialOptions): Promise<Session> {
    options.signal.throwIfAborted();
    const startedMs = this.#clock.monotonicMs();
    const remainingMs = (): number => this.#options.connectTimeoutMs - (this.#clock.monotonicMs() - startedMs);
    const attempts = await this.#usable(endpoints, options.noFallback ?? false);
    const failures: Failure[] = [];
    for (const [index, attempt] of attempts.entries()) {
      const shareMs = this.#share(attempt, attempts.slice(index + 1), remainingMs());
      try {
        const beganMs = this.#clock.monotonicMs();
        const session = await this.#open(attempt, { shareMs, failures, options });
        const tookMs = this.#clock.monotonicMs() - beganMs;
        const again = tookMs > wakingMs && session.fallback !== undefined ? attempts[0] : undefined;
        const other = again === undefined ? null : await this.#againFirst(again, remainingMs(), options);
        if (other !== null) spawn('closing a session', session.close('aborted', `${other.stack} answers after all`));
        else if (session.fallback !== undefined)
          options.observer?.onFallback?.({
            from: (failures[0] as Failure).stack,
            to: attempt.stack,
            reason: session.fallback,
          });
        return other ?? session;
      } catch (error) {
        options.signal.throwIfAborted();
        const known = error instanceof RoundscopeError ? error : noAnswer(attempt, shareMs, error);
        if (final.has(known.code)) throw known;
        failures.push({ ...attempt, error: known, waitedMs: shareMs });
      }
    }
    throw allFailed(failures);
  }

  /** One attempt, told to the observer; a session on another way than the first knows why. */
  async #open(
    attempt: Attempt,
    { shareMs, failures, options }: { shareMs: number; failures: readonly Failure[]; options: DialOptions },
  ): Promise<Session> {
    const { endpoint, stack } = attempt;
    const told = { stack, endpoint: formatAddress(endpoint.host, endpoint.port) };
    const [first] = failures;
    // What was tried first, at another address of the coordinator, is no other way.
    const fallback = first === undefined || first.stack === stack ? undefined : wordsOf(first, stack);
    return await observed(options.observer, told, async () => {
      try {
        return await this.#attempt(attempt, shareMs, options, fallback);
      } catch (error) {
        if (error instanceof RoundscopeError || options.signal.aborted) throw error;
        throw noAnswer(attempt, shareMs, error);
      }
    });
  }

  /** The other way took long to answer, as it does while a coordinator wakes: then the first may answer by now too. */
  async #againFirst(first: Attempt, remainingMs: number, options: DialOptions): Promise<Session | null> {
    const shareMs = Math.min(this.#options.udpAnswerMs, remainingMs - marginMs);
    if (shareMs < marginMs) return null;
    return await this.#open(first, { shareMs, failures: [], options }).catch(() => null);
  }

  async listen(options: ListenOptions): Promise<Listener> {
    options.signal.throwIfAborted();
    const listener = new QuicTransportListener(options, { clock: this.#clock, quic: this.#options });
    const unavailable: RoundscopeError[] = [];
    try {
      for (const provider of this.#providers) {
        try {
          await provider.load();
        } catch (error) {
          if (!(error instanceof RoundscopeError)) throw error;
          unavailable.push(error);
          continue;
        }
        await listener.add(provider);
        options.signal.throwIfAborted();
      }
      if (unavailable.length === this.#providers.length) throw noProvider(unavailable);
    } catch (error) {
      await listener[Symbol.asyncDispose]();
      throw error;
    }
    return listener;
  }

  /** The endpoints that this machine has a provider for, in the coordinator's order. */
  async #usable(endpoints: readonly Endpoint[], firstWayOnly: boolean): Promise<readonly Attempt[]> {
    const unavailable: RoundscopeError[] = [];
    const attempts: Attempt[] = [];
    for (const endpoint of endpoints) {
      const provider = this.#providers.find(({ name }) => endpoint.protocol === 'quic' && name === endpoint.provider);
      if (provider === undefined) continue;
      try {
        attempts.push({ endpoint, provider, stack: await provider.load() });
      } catch (error) {
        if (!(error instanceof RoundscopeError)) throw error;
        unavailable.push(error);
      }
    }
    const [first] = attempts;
    if (first === undefined) throw noProvider(unavailable);
    return firstWayOnly ? attempts.filter(({ stack }) => stack === first.stack) : attempts;
  }

  /** Each but the last gets an equal share of what is left, and UDP no more than `udpAnswerMs` where TCP can still be tried. */
  #share({ stack }: Attempt, later: readonly Attempt[], remainingMs: number): number {
    const equalMs = Math.max(1, remainingMs / (later.length + 1));
    const tcpIsLeft = !isTcp(stack) && later.some((attempt) => isTcp(attempt.stack));
    return tcpIsLeft ? Math.min(equalMs, this.#options.udpAnswerMs) : equalMs;
  }

  async #attempt(
    { endpoint, provider }: Attempt,
    shareMs: number,
    options: DialOptions,
    fallback: string | undefined,
  ): Promise<Session> {
    using limit = this.#clock.deadline(shareMs, options.signal);
    const quic = await provider.dial(endpoint, { signal: limit });
    const { run, participant, token = '' } = options;
    try {
      const control = await greet(quic, { run, participant, token }, limit);
      const told = fallback === undefined ? {} : { fallback };
      return new QuicTransportSession({ quic, control, clock: this.#clock, options: this.#options, ...told });
    } catch (error) {
      quic.abort('aborted', 'the hello did not succeed');
      if (error instanceof RoundscopeError || limit.aborted) throw error;
      throw new RoundscopeError('connect_failed', {
        layer: 'transport',
        message: `The session with ${quic.remote} broke off before the coordinator had accepted it. Check that it still runs, and try again.`,
        retryable: true,
        cause: error,
      });
    }
  }
}

/** Not a matter of the way taken: another one would hide it. */
const final: ReadonlySet<string> = new Set(['identity_mismatch', 'certificate_expired', 'link_rejected']);

/** A way that answers later than this says little about one that did not answer before. */
const wakingMs = 1_000;
/** What is left of the dial's limit after the last attempt, and the least that is worth an attempt. */
const marginMs = 300;

interface Attempt extends Tried {
  readonly provider: QuicProvider;
}

function isTcp(stack: Stack): boolean {
  return carrierOf(stack) === 'TCP';
}

/**
 * Why `to` is used now instead of what failed: short, since it stands on a badge. Whether UDP is blocked or nobody listened yet
 * shows when it is asked again, beside the session that is open by then.
 */
function wordsOf({ error, stack, waitedMs }: Failure, to: Stack): string {
  const now = isTcp(to) ? 'over TCP now' : `over ${to} now`;
  if (error.code === 'connect_timeout' && !isTcp(stack)) {
    return `No answer over UDP: none in ${Math.round(waitedMs / 100) / 10} s; ${now}, and UDP is tried again`;
  }
  return `${stack} failed (${error.message.slice(0, 200)}); ${now}`;
}

function noProvider(unavailable: readonly RoundscopeError[]): RoundscopeError {
  const [first] = unavailable;
  return new RoundscopeError('transport_unavailable', {
    layer: 'transport',
    message:
      first?.message ??
      'None of the ways to reach this coordinator is QUIC. Choose the transport that its invitation names.',
    ...(first === undefined ? {} : { cause: first }),
  });
}
