import type { Clock } from '#shared/base/time/clock.ts';
import { entropyHex, type Entropy } from '#shared/base/entropy.ts';
import { RoundscopeError } from '#shared/base/errors.ts';
import type { Endpoint } from '#shared/contract/app/invitation.ts';
import { limits, timing } from '#shared/contract/limits.ts';
import type { Identity } from '../../identity/identity.ts';
import type { TlsOwner } from '../tls/pinned-tls.ts';
import { observed } from '../attempts.ts';
import { BrokerAbsent } from '../broker-errors.ts';
import { BrokerTroubles } from '../broker-trouble.ts';
import { PieceSize } from '../credited/piece-size.ts';
import { namesNobody } from '../sealed/asking.ts';
import type { DialOptions, Listener, ListenOptions, Session, Transport } from '../transport.ts';
import { dialBroker } from './dial.ts';
import { Dialect } from './dialect.ts';
import { MqttListener } from './listener.ts';
import { outsideTrust, type BrokerTrust } from './broker/broker-socket.ts';
import { withoutSecrets } from './connect-errors.ts';
import { urlOf } from './broker/broker.ts';

export interface MqttOptions {
  readonly clock: Clock;
  readonly entropy: Entropy;
  /** A broker elsewhere, `mqtt://user:password@host:port` or `mqtts://…`; absent: the listener brings its own. */
  readonly brokerUrl?: string;
  /** File of the authority that vouches for it, where it is none that this machine knows. */
  readonly brokerCa?: string;
  /** Who this end is; the coordinator's own broker proves it, and participants prove theirs to it. */
  readonly identity: Identity;
  /** Other than a year, for tests. */
  readonly certificateForMs?: number;
  /** Body of one publish; less for brokers that limit packets further. */
  readonly publishBytes?: number;
  /** Of MQTT at a broker elsewhere; default: the newest that it speaks. */
  readonly version?: 4 | 5;
}

/** Frames over a broker: the listener's own (aedes) or any other by URL. Both ends are clients of MQTT 5 where the broker speaks it, else 3.1.1, QoS 1. */
export class MqttTransport implements Transport {
  readonly protocol = 'mqtt';
  readonly #options: MqttOptions;
  /** Of packets to a broker elsewhere. */
  readonly #size: PieceSize;
  readonly #dialect: Dialect;
  /** Ties this object's sessions together, so that its participant's name is its own while it is connected. */
  readonly #instance: string;
  readonly #owner: TlsOwner;
  readonly #troubles = new BrokerTroubles('mqtt');

  constructor(options: MqttOptions) {
    this.#options = options;
    this.#size = new PieceSize(
      Math.min(Math.max(options.publishBytes ?? limits.mqttPublishBytes, 1024), limits.mqttPublishBytes),
    );
    this.#dialect = new Dialect(options.version);
    this.#instance = entropyHex(options.entropy, 16);
    const { identity, clock, certificateForMs } = options;
    this.#owner = { identity, clock, ...(certificateForMs === undefined ? {} : { certificateForMs }) };
  }

  async dial(endpoints: readonly Endpoint[], options: DialOptions): Promise<Session> {
    options.signal.throwIfAborted();
    const { clock } = this.#options;
    const usable = endpoints.filter((endpoint) => endpoint.provider === 'mqtt');
    let failure: unknown = new RoundscopeError('transport_unavailable', {
      layer: 'transport',
      message: 'the invitation names no MQTT broker: ask for one of a run that is served over MQTT',
    });
    const endMs = clock.monotonicMs() + timing.connectTimeoutMs;
    for (const [index, endpoint] of usable.entries()) {
      const url = endpoint.url ?? urlOf(endpoint.host, endpoint.port);
      const coordinator = endpoint.identity;
      // Nobody is trusted unseen.
      if (coordinator === undefined) throw namesNobody(withoutSecrets(url));
      // Each address gets an equal share of what is left, so that one that swallows packets does not cost all of it.
      const timeoutMs = Math.max(1, (endMs - clock.monotonicMs()) / (usable.length - index));
      const trouble = this.#troubles.of(withoutSecrets(url), endpoint.url !== undefined);
      try {
        return await observed(options.observer, { stack: 'mqtt.js', endpoint: withoutSecrets(url) }, async () =>
          dialBroker(url, options, {
            clock,
            trust: this.#trust(endpoint),
            coordinator,
            timeoutMs,
            size: this.#size,
            // Our own speaks this one alone.
            dialect: endpoint.url === undefined ? new Dialect(4) : this.#dialect,
            instance: this.#instance,
            session: entropyHex(this.#options.entropy, 16),
            trouble,
          }),
        );
      } catch (error) {
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
    return await MqttListener.start(options, {
      clock: this.#options.clock,
      entropy: this.#options.entropy,
      size: this.#size,
      dialect: this.#dialect,
      instance: this.#instance,
      owner: this.#owner,
      ...(this.#options.brokerUrl === undefined ? {} : { brokerUrl: this.#options.brokerUrl }),
      ...(this.#options.brokerCa === undefined ? {} : { brokerCa: this.#options.brokerCa }),
    });
  }

  #trust(endpoint: Endpoint): BrokerTrust {
    const { url, brokerCertificate } = endpoint;
    if (url === undefined) return { by: 'identity', owner: this.#owner, endpoint };
    return outsideTrust(url, { hash: brokerCertificate, file: this.#options.brokerCa });
  }
}
