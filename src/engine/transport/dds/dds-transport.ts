import { assert } from '#shared/base/assert.ts';
import type { Clock } from '#shared/base/time/clock.ts';
import { entropyHex, type Entropy } from '#shared/base/entropy.ts';
import { RoundscopeError } from '#shared/base/errors.ts';
import type { Endpoint } from '#shared/contract/app/invitation.ts';
import { timing } from '#shared/contract/limits.ts';
import type { Identity } from '../../identity/identity.ts';
import { formatAddress } from '../addresses.ts';
import { observed } from '../attempts.ts';
import type { DialOptions, Listener, ListenOptions, Session, Transport } from '../transport.ts';
import { dialCoordinator } from './dial.ts';
import { libraryVariable } from './library.ts';
import { DdsListener } from './listener.ts';
import { DdsRuntime } from './runtime.ts';

export interface DdsOptions {
  readonly clock: Clock;
  readonly entropy: Entropy;
  /** Who this end is: a coordinator signs for its sessions. */
  readonly identity: Identity;
  /** Entry of the thread that calls Cyclone DDS. */
  readonly worker: string;
  /** Path of libddsc; absent: as the environment says, else where systems have it. */
  readonly library?: string;
  readonly domain?: number;
  /** A relay makes the network worse than the address tells: small datagrams even on loopback. */
  readonly impaired?: boolean;
  readonly connectTimeoutMs?: number;
  /** For tests: see `DomainPlace`. */
  readonly lossPerMille?: number;
}

/** Frames over DDS topics, by Eclipse Cyclone DDS: RTPS on the wire, peers found by the coordinator's address alone. */
export class DdsTransport implements Transport {
  readonly protocol = 'dds';
  readonly #options: DdsOptions;

  constructor(options: DdsOptions) {
    this.#options = options;
  }

  async dial(endpoints: readonly Endpoint[], options: DialOptions): Promise<Session> {
    options.signal.throwIfAborted();
    const { clock, entropy, connectTimeoutMs = timing.connectTimeoutMs, lossPerMille = 0 } = this.#options;
    const usable = endpoints.filter(({ provider }) => provider === 'dds');
    let failure: unknown = new RoundscopeError('transport_unavailable', {
      layer: 'transport',
      message: 'the invitation names no DDS coordinator: ask for one of a run that is served over DDS',
    });
    const endMs = clock.monotonicMs() + connectTimeoutMs;
    for (const [index, endpoint] of usable.entries()) {
      const runtime = await this.#acquire();
      const attempt = { stack: 'cyclonedds', endpoint: formatAddress(endpoint.host, endpoint.port) } as const;
      let released: Promise<void> | null = null;
      // A session that ends while it is being opened lets go of it, and the attempt that failed by this does.
      const release = (): Promise<void> => (released ??= runtime.release());
      try {
        options.signal.throwIfAborted();
        const timeoutMs = Math.max(1, (endMs - clock.monotonicMs()) / (usable.length - index));
        return await observed(options.observer, attempt, () =>
          dialCoordinator(endpoint, options, {
            runtime,
            clock,
            session: entropyHex(entropy, 12),
            timeoutMs,
            impaired: this.#options.impaired ?? false,
            lossPerMille,
            release,
          }),
        );
      } catch (error) {
        await release();
        options.signal.throwIfAborted();
        failure = error;
      }
    }
    throw failure;
  }

  async listen(options: ListenOptions): Promise<Listener> {
    options.signal.throwIfAborted();
    const runtime = await this.#acquire();
    const release = (): Promise<void> => runtime.release();
    try {
      const { clock, identity, domain = 0, impaired = false, lossPerMille = 0 } = this.#options;
      return await DdsListener.start(options, { runtime, clock, identity, domain, impaired, lossPerMille, release });
    } catch (error) {
      await release();
      throw error;
    }
  }

  #acquire(): Promise<DdsRuntime> {
    assert(this.#options.worker !== '', 'DDS is given the entry of its thread');
    const { worker, library = process.env[libraryVariable] } = this.#options;
    return DdsRuntime.acquire({ worker, library });
  }
}
