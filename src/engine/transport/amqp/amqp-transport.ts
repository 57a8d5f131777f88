import { readFile } from 'node:fs/promises';
import type { Clock } from '#shared/base/time/clock.ts';
import { entropyHex, type Entropy } from '#shared/base/entropy.ts';
import { RoundscopeError } from '#shared/base/errors.ts';
import type { Endpoint } from '#shared/contract/app/invitation.ts';
import { limits, timing } from '#shared/contract/limits.ts';
import type { Identity } from '#engine/identity/identity.ts';
import { observed } from '../attempts.ts';
import { BrokerAbsent } from '../broker-errors.ts';
import { BrokerTroubles } from '../broker-trouble.ts';
import type { DialOptions, Listener, ListenOptions, Session, Transport } from '../transport.ts';
import { urlOf, withoutSecrets } from './amqp-url.ts';
import type { BrokerTrust } from './broker/broker-trust.ts';
import { namesNobody } from '../sealed/asking.ts';
import { dialBroker, isBlocked } from './dial.ts';
import { AmqpListener } from './listener.ts';
import { MessageLimits } from './message-limits.ts';
import { namedCertificate } from './broker/named-certificate.ts';
import { provedCertificate } from './broker/proved-certificate.ts';
import { authoritiesVariable } from './broker/environment.ts';

export interface AmqpOptions {
  readonly clock: Clock;
  readonly entropy: Entropy;
  /** The coordinator's: its broker proves it, and it signs for its sessions' keys. */
  readonly identity: Identity;
  /** A broker elsewhere, `amqp://user:password@host:port/vhost` or `amqps://…`; absent: the listener starts its own. */
  readonly brokerUrl?: string;
  /** PEM file of certificate authorities beside the system's, for `amqps://`. */
  readonly caFile?: string;
  /** The program `rabbitmq-server`, where it is not where its packages put it. */
  readonly rabbitmq?: string;
  /** Body of one publish; less for brokers that limit messages further. */
  readonly publishBytes?: number;
  /** How long queues that nobody reads stay. */
  readonly queueExpiryMs?: number;
}

/** Frames over RabbitMQ: one that the listener starts, or any other by URL. Both ends are AMQP 0-9-1 clients. */
export class AmqpTransport implements Transport {
  readonly protocol = 'amqp';
  readonly #options: AmqpOptions;
  readonly #publishBytes: number;
  readonly #queueExpiryMs: number;
  readonly #limits = new MessageLimits();
  readonly #troubles = new BrokerTroubles('amqp');
  /** Certificate of a broker elsewhere that was looked at last. */
  #named: { readonly hash: string; readonly pem: string } | null = null;

  constructor(options: AmqpOptions) {
    this.#options = options;
    const wanted = options.publishBytes ?? limits.amqpFrameBytes;
    this.#publishBytes = Math.min(Math.max(wanted, 1024), limits.amqpFrameBytes);
    this.#queueExpiryMs = options.queueExpiryMs ?? timing.amqpQueueExpiryMs;
  }

  async dial(endpoints: readonly Endpoint[], options: DialOptions): Promise<Session> {
    options.signal.throwIfAborted();
    const { clock, entropy } = this.#options;
    const usable = endpoints.filter((endpoint) => endpoint.provider === 'amqp');
    let failure: unknown = new RoundscopeError('transport_unavailable', {
      layer: 'transport',
      message: 'the invitation names no AMQP broker: ask for one of a run that is served over AMQP',
    });
    const endMs = clock.monotonicMs() + timing.connectTimeoutMs;
    for (const [index, endpoint] of usable.entries()) {
      const url = endpoint.url ?? urlOf(endpoint.host, endpoint.port);
      const { identity } = endpoint;
      // Each address gets an equal share of what is left, so that one that swallows packets does not cost all of it.
      const shareEndMs = clock.monotonicMs() + (endMs - clock.monotonicMs()) / (usable.length - index);
      const left = (): number => Math.max(1, shareEndMs - clock.monotonicMs());
      const trouble = this.#troubles.of(withoutSecrets(url), endpoint.url !== undefined);
      try {
        if (identity === undefined) throw namesNobody(withoutSecrets(url));
        return await observed(options.observer, { stack: 'amqplib', endpoint: withoutSecrets(url) }, async () =>
          dialBroker(url, options, {
            clock,
            trust: await this.#trustIn(endpoint, url, left(), options.signal),
            coordinator: identity,
            timeoutMs: left(),
            publishBytes: this.#publishBytes,
            queueExpiryMs: this.#queueExpiryMs,
            session: entropyHex(entropy, 16),
            trouble,
            ...(endpoint.url === undefined ? {} : { limits: this.#limits }),
          }),
        );
      } catch (error) {
        if (isBlocked(error)) throw error;
        options.signal.throwIfAborted();
        // Not a matter of the way taken: another one would hide it.
        if (error instanceof RoundscopeError && error.code === 'identity_mismatch') throw error;
        failure = error;
        if (error instanceof BrokerAbsent) trouble.gone(error.message, options.observer?.onBroker);
      }
    }
    throw failure;
  }

  async listen(options: ListenOptions): Promise<Listener> {
    options.signal.throwIfAborted();
    const { clock, entropy, identity, brokerUrl, rabbitmq } = this.#options;
    return await AmqpListener.start(options, {
      clock,
      entropy,
      identity,
      publishBytes: this.#publishBytes,
      queueExpiryMs: this.#queueExpiryMs,
      trust: await this.#authorities(),
      limits: this.#limits,
      ...(brokerUrl === undefined ? {} : { brokerUrl }),
      ...(rabbitmq === undefined ? {} : { rabbitmq }),
    });
  }

  /** What the broker is held to: the coordinator's own proves to be the coordinator's, one elsewhere may be named by its certificate. */
  async #trustIn(endpoint: Endpoint, url: string, timeoutMs: number, signal: AbortSignal): Promise<BrokerTrust> {
    const { clock, identity, caFile } = this.#options;
    const { brokerCertificate: hash } = endpoint;
    if (endpoint.url === undefined) {
      const pem = await provedCertificate(endpoint, { owner: { identity, clock }, timeoutMs, signal });
      return { by: 'certificate', pem };
    }
    // Whoever has the authority's file trusts what it vouches for, also a certificate that was renewed meanwhile.
    if (hash === undefined || caFile !== undefined || !url.startsWith('amqps:')) return await this.#authorities();
    const known = this.#named?.hash === hash ? this.#named : null;
    const pem = known?.pem ?? (await namedCertificate(url, hash, { clock, timeoutMs, signal }));
    this.#named = { hash, pem };
    return { by: 'invitation', pem };
  }

  async #authorities(): Promise<BrokerTrust> {
    const { caFile } = this.#options;
    if (caFile === undefined) return { by: 'authorities' };
    try {
      return { by: 'authorities', ca: await readFile(caFile, 'utf8') };
    } catch (error) {
      throw new RoundscopeError('settings_invalid', {
        layer: 'settings',
        message: `the file of certificate authorities ${caFile} cannot be read: correct ${authoritiesVariable}`,
        cause: error,
        context: { path: caFile },
      });
    }
  }
}
