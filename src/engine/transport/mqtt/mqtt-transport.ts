import type { Clock } from '#shared/base/clock.ts';
import { entropyHex, type Entropy } from '#shared/base/entropy.ts';
import { RoundscopeError } from '#shared/base/errors.ts';
import type { Endpoint } from '#shared/contract/invitation.ts';
import { limits, timing } from '#shared/contract/limits.ts';
import type { DialOptions, Listener, ListenOptions, Session, Transport } from '../transport.ts';
import { dialBroker } from './dial.ts';
import { MqttListener } from './listener.ts';
import { withoutSecrets } from './connection.ts';
import { urlOf } from './broker.ts';

export interface MqttOptions {
  readonly clock: Clock;
  readonly entropy: Entropy;
  /** A broker elsewhere, `mqtt://user:password@host:port` or `mqtts://…`; absent: the listener brings its own. */
  readonly brokerUrl?: string;
  /** Body of one publish; less for brokers that limit packets further. */
  readonly publishBytes?: number;
}

/** Frames over a broker: the listener's own (aedes) or any other by URL. Both ends are MQTT 3.1.1 clients, QoS 1. */
export class MqttTransport implements Transport {
  readonly protocol = 'mqtt';
  readonly #options: MqttOptions;
  readonly #publishBytes: number;
  /** Ties this object's sessions together, so that its participant's name is its own while it is connected. */
  readonly #instance: string;

  constructor(options: MqttOptions) {
    this.#options = options;
    this.#publishBytes = Math.min(
      Math.max(options.publishBytes ?? limits.mqttPublishBytes, 1024),
      limits.mqttPublishBytes,
    );
    this.#instance = entropyHex(options.entropy, 16);
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
      options.observer?.onAttempt?.({ stack: 'mqtt.js', endpoint: withoutSecrets(url) });
      try {
        return await dialBroker(url, options, {
          clock,
          // Each address gets an equal share of what is left, so that one that swallows packets does not cost all of it.
          timeoutMs: Math.max(1, (endMs - clock.monotonicMs()) / (usable.length - index)),
          publishBytes: this.#publishBytes,
          instance: this.#instance,
          session: entropyHex(this.#options.entropy, 12),
        });
      } catch (error) {
        options.signal.throwIfAborted();
        failure = error;
      }
    }
    throw failure;
  }

  async listen(options: ListenOptions): Promise<Listener> {
    options.signal.throwIfAborted();
    return await MqttListener.start(options, {
      clock: this.#options.clock,
      entropy: this.#options.entropy,
      publishBytes: this.#publishBytes,
      instance: this.#instance,
      ...(this.#options.brokerUrl === undefined ? {} : { brokerUrl: this.#options.brokerUrl }),
    });
  }
}
