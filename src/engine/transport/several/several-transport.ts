import type { Clock } from '#shared/base/time/clock.ts';
import { RoundscopeError, type ErrorCode } from '#shared/base/errors.ts';
import type { Endpoint } from '#shared/contract/app/invitation.ts';
import { timing } from '#shared/contract/limits.ts';
import { usualStack, type Protocol } from '#shared/contract/protocols.ts';
import type { DialOptions, Listener, ListenOptions, Session, Transport } from '../transport.ts';
import type { Route } from './route.ts';

export interface SeveralParts {
  /** In the order in which they are offered. */
  readonly transports: readonly Transport[];
  readonly clock: Clock;
  /** Dialing: which one, and which next when it fails. */
  readonly route: Route;
  /**
   * Listening: told of a transport that this machine cannot offer, which is then left out. Absent: one that cannot be
   * offered is an error.
   */
  readonly onUnavailable?: (protocol: Protocol, error: RoundscopeError) => void;
}

/** Answers that are no matter of the way taken: the failure of another one, tried after it, would hide them. */
const whicheverWay: ReadonlySet<ErrorCode> = new Set(['identity_mismatch', 'link_rejected', 'run_over']);

/** Ports from one listener to the next where the port is given: DDS takes two. */
const portStep = 2;

/** Several transports as one: the coordinator listens on all, a participant dials the one that its route names. */
export class SeveralTransports implements Transport {
  /** That of the first, for want of a session that tells its own. */
  readonly protocol: Protocol;
  readonly #parts: SeveralParts;

  constructor(parts: SeveralParts) {
    const [first] = parts.transports;
    if (first === undefined) throw nothingOffered([]);
    this.protocol = first.protocol;
    this.#parts = parts;
  }

  async dial(endpoints: readonly Endpoint[], options: DialOptions): Promise<Session> {
    options.signal.throwIfAborted();
    const { clock, route } = this.#parts;
    const endMs = clock.monotonicMs() + timing.connectTimeoutMs;
    const ways = this.#ways(endpoints);
    let failure: { readonly error: RoundscopeError; readonly protocol: Protocol } | null = null;
    for (const [index, { protocol, transport }] of ways.entries()) {
      // Each but the last gets an equal share of what is left: one that swallows packets must leave time for the others.
      using limit = clock.deadline(Math.max(1, (endMs - clock.monotonicMs()) / (ways.length - index)), options.signal);
      try {
        const session = await transport.dial(
          endpoints.filter((endpoint) => endpoint.protocol === protocol),
          { ...options, signal: limit },
        );
        route.opened(protocol);
        if (failure !== null) {
          const [from, to] = [usualStack[failure.protocol], usualStack[protocol]];
          options.observer?.onFallback?.({ from, to, reason: failure.error.message });
        }
        return session;
      } catch (error) {
        options.signal.throwIfAborted();
        failure = { error: known(error, protocol), protocol };
        route.failed(protocol, failure.error.message);
        if (whicheverWay.has(failure.error.code)) break;
      }
    }
    throw failure?.error ?? nothingOffered(this.#parts.transports);
  }

  async listen(options: ListenOptions): Promise<Listener> {
    const { transports, onUnavailable } = this.#parts;
    const listening = await Promise.allSettled(
      transports.map(
        async (transport, index) =>
          await transport.listen({ ...options, port: options.port === 0 ? 0 : options.port + portStep * index }),
      ),
    );
    const listeners = listening.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    const close = async (): Promise<void> => {
      await Promise.allSettled(listeners.map((listener) => listener[Symbol.asyncDispose]()));
    };
    for (const [index, result] of listening.entries()) {
      if (result.status === 'fulfilled') continue;
      const error: unknown = result.reason;
      const { protocol } = transports[index] as Transport;
      const canDoWithout = onUnavailable !== undefined && listeners.length > 0 && !options.signal.aborted;
      if (!canDoWithout || !(error instanceof RoundscopeError)) {
        await close();
        throw error;
      }
      onUnavailable(protocol, error);
    }
    return {
      endpoints: listeners.flatMap(({ endpoints }) => endpoints),
      leaveWord: (end) => {
        for (const listener of listeners) listener.leaveWord?.(end);
      },
      [Symbol.asyncDispose]: close,
    };
  }

  /** The transports to try, in order: those that are both offered and here. */
  #ways(endpoints: readonly Endpoint[]): readonly { readonly protocol: Protocol; readonly transport: Transport }[] {
    const offered = offeredProtocols(endpoints);
    return this.#parts.route.order(offered).flatMap((protocol) => {
      const transport = this.#parts.transports.find((candidate) => candidate.protocol === protocol);
      return transport === undefined || !offered.includes(protocol) ? [] : [{ protocol, transport }];
    });
  }
}

/** The protocols that a coordinator offers, once each, in its order. */
export function offeredProtocols(endpoints: readonly Endpoint[]): readonly Protocol[] {
  return [...new Set(endpoints.map(({ protocol }) => protocol))];
}

function known(error: unknown, protocol: Protocol): RoundscopeError {
  if (error instanceof RoundscopeError) return error;
  return new RoundscopeError('connect_timeout', {
    layer: 'transport',
    message: `no answer over ${protocol} in its share of the time`,
    retryable: true,
    cause: error,
  });
}

function nothingOffered(transports: readonly Transport[]): RoundscopeError {
  const names = transports.map(({ protocol }) => protocol).join(', ');
  return new RoundscopeError('transport_unavailable', {
    layer: 'transport',
    message: `The invitation offers ${names === '' ? 'nothing that this version speaks' : `none of ${names}`}. Choose a transport that it names, or auto.`,
  });
}
