import type { Clock } from '#shared/base/time/clock.ts';
import { entropyHex, type Entropy } from '#shared/base/entropy.ts';
import { RoundscopeError } from '#shared/base/errors.ts';
import type { Endpoint } from '#shared/contract/app/invitation.ts';
import type { Identity } from '../../identity/identity.ts';
import { formatAddress } from '../addresses.ts';
import type { TlsOwner } from '../tls/pinned-tls.ts';
import { observed } from '../attempts.ts';
import type { DialOptions, Listener, ListenOptions, Session, Transport } from '../transport.ts';
import { dialEndpoint } from './dial.ts';
import { loadGrpc } from './grpc-library.ts';
import { grpcDefaults, type GrpcOptions } from './grpc-options.ts';
import { GrpcListener, mustBeLoopback } from './listener.ts';
import { proxyFor, type HttpProxy } from './proxy.ts';

export interface GrpcTransportInit {
  readonly clock: Clock;
  readonly entropy: Entropy;
  /** What this end's certificate proves. */
  readonly identity: Identity;
  /** The HTTP proxy to a host; default: as the environment says, and none to this machine. */
  readonly proxyFor?: (host: string) => HttpProxy | null;
  /** Other than a year, for tests. */
  readonly certificateForMs?: number;
  /** `plaintext` on loopback only, for tests and for a proxy on the same machine that brings its own TLS. */
  readonly security?: 'tls' | 'plaintext';
  /** Times other than the contract's, for tests. */
  readonly options?: Partial<GrpcOptions>;
}

/** Frames over gRPC (`resources/proto/roundscope.proto`): the coordinator serves, participants call, TLS 1.3, pinned. */
export class GrpcTransport implements Transport {
  readonly protocol = 'grpc';
  readonly #init: GrpcTransportInit;
  readonly #options: GrpcOptions;
  readonly #security: 'tls' | 'plaintext';
  /** Ties this object's sessions together, so that its participant's name is its own while it has one. */
  readonly #instance: string;
  readonly #owner: TlsOwner;
  readonly #proxyFor: (host: string) => HttpProxy | null;

  constructor(init: GrpcTransportInit) {
    this.#init = init;
    this.#options = { ...grpcDefaults, ...init.options };
    this.#security = init.security ?? 'tls';
    this.#instance = entropyHex(init.entropy, 16);
    const { identity, clock, certificateForMs } = init;
    this.#owner = { identity, clock, ...(certificateForMs === undefined ? {} : { certificateForMs }) };
    this.#proxyFor = init.proxyFor ?? ((host) => proxyFor(host, process.env));
  }

  async dial(endpoints: readonly Endpoint[], options: DialOptions): Promise<Session> {
    options.signal.throwIfAborted();
    const { clock } = this.#init;
    const usable = endpoints.filter((endpoint) => endpoint.provider === 'grpc');
    let failure: unknown = new RoundscopeError('transport_unavailable', {
      layer: 'transport',
      message: 'The invitation names no gRPC coordinator: ask for one of a run that is served over gRPC.',
    });
    const endMs = clock.monotonicMs() + this.#options.connectTimeoutMs;
    for (const [index, endpoint] of usable.entries()) {
      // Each gets an equal share of what is left, so that one that swallows packets does not cost all of it.
      const shareMs = Math.max(1, (endMs - clock.monotonicMs()) / (usable.length - index));
      const attempt = { stack: 'grpc-js', endpoint: formatAddress(endpoint.host, endpoint.port) } as const;
      try {
        return await observed(options.observer, attempt, () => this.#attempt(endpoint, shareMs, options));
      } catch (error) {
        options.signal.throwIfAborted();
        // Not a matter of the way taken: another one would hide it.
        if (error instanceof RoundscopeError && !error.retryable) throw error;
        failure = error;
      }
    }
    throw failure;
  }

  async listen(options: ListenOptions): Promise<Listener> {
    options.signal.throwIfAborted();
    if (this.#security === 'plaintext') mustBeLoopback(options.host);
    const grpc = await loadGrpc();
    options.signal.throwIfAborted();
    return await GrpcListener.start(options, {
      grpc,
      clock: this.#init.clock,
      options: this.#options,
      security: this.#security,
      owner: this.#owner,
    });
  }

  async #attempt(endpoint: Endpoint, shareMs: number, options: DialOptions): Promise<Session> {
    this.#checkSecurity(endpoint);
    const { clock, entropy } = this.#init;
    const grpc = await loadGrpc();
    using limit = clock.deadline(shareMs, options.signal);
    const { run, participant, token = '' } = options;
    const claim = { run, participant, session: entropyHex(entropy, 16), instance: this.#instance };
    try {
      const [owner, proxies, times] = [this.#owner, this.#proxyFor, this.#options];
      const setup = { grpc, clock, options: times, claim, token, owner, proxyFor: proxies };
      return await dialEndpoint(endpoint, setup, limit);
    } catch (error) {
      if (!limit.aborted || options.signal.aborted) throw error;
      throw noAnswer(endpoint, shareMs, error);
    }
  }

  /** Nobody is trusted unseen: an endpoint without a certificate is used where plain text was asked for, and nowhere else. */
  #checkSecurity(endpoint: Endpoint): void {
    if (endpoint.identity !== undefined) return;
    if (this.#security === 'plaintext') return mustBeLoopback(endpoint.host);
    throw new RoundscopeError('identity_mismatch', {
      layer: 'transport',
      message: `The invitation does not say which certificate ${formatAddress(endpoint.host, endpoint.port)} must show. Ask for a new invitation.`,
      context: { host: endpoint.host, port: endpoint.port },
    });
  }
}

function noAnswer(endpoint: Endpoint, timeoutMs: number, cause: unknown): RoundscopeError {
  const at = formatAddress(endpoint.host, endpoint.port);
  return new RoundscopeError('connect_timeout', {
    layer: 'transport',
    message: `No coordinator answered at ${at} (TCP) within ${Math.round(timeoutMs / 100) / 10} s. Check that it is running, that host and port are those it printed, and that no firewall blocks TCP to that port.`,
    retryable: true,
    cause,
    context: { host: endpoint.host, port: endpoint.port },
  });
}
