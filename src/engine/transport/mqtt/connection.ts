import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import type { Clock } from '#shared/base/clock.ts';
import { RoundscopeError } from '#shared/base/errors.ts';
import { timing } from '#shared/contract/limits.ts';
import { openBrokerSocket, type BrokerSocket, type BrokerTrust } from './broker-socket.ts';
import type { BrokerWay } from './broker-way.ts';
import { brokerRefused, connectError, connectTimeout, withoutSecrets } from './connect-errors.ts';

/** How long a broker may take to close its half after our goodbye. */
const endPatienceMs = 300;

export interface ConnectOptions {
  readonly url: string;
  readonly trust: BrokerTrust;
  readonly clientId: string;
  readonly username?: string;
  readonly password?: string;
  readonly will?: { readonly topic: string; readonly payload: Buffer };
  readonly signal: AbortSignal;
  /** Default: the contract's limit. */
  readonly timeoutMs?: number;
  readonly clock: Clock;
  readonly onMessage: (topic: string, payload: Buffer) => void;
}

/** One connection to a broker: mqtt.js with its defaults spelt out, its own reconnecting off, and typed errors. */
export class BrokerConnection implements BrokerWay {
  readonly #client: MqttClient;
  readonly #clock: Clock;
  readonly url: string;
  /** As in `BrokerSocket`. */
  readonly certificate: string | null;
  /** Resolves with what is known about why, when the connection is gone. */
  readonly closed: Promise<string>;
  #rttMs: number | null = null;
  #lastError = '';
  published = 0;

  private constructor(
    client: MqttClient,
    url: string,
    { certificate, clock }: { readonly certificate: string | null; readonly clock: Clock },
  ) {
    this.#client = client;
    this.#clock = clock;
    this.certificate = certificate;
    this.url = url;
    client.on('error', (error) => {
      this.#lastError = error.message;
    });
    this.closed = new Promise((resolve) => {
      client.on('close', () =>
        resolve(this.#lastError === '' ? 'the connection to the broker closed' : this.#lastError),
      );
    });
  }

  static async open(options: ConnectOptions): Promise<BrokerConnection> {
    options.signal.throwIfAborted();
    const { timeoutMs = timing.connectTimeoutMs } = options;
    using deadline = options.clock.deadline(timeoutMs, options.signal);
    const { socket, certificate } = await reach(options, deadline);
    const client = new mqtt.MqttClient(() => socket, clientOptions(options));
    client.on('message', (topic, payload) => options.onMessage(topic, payload));
    const connection = new BrokerConnection(client, withoutSecrets(options.url), { certificate, clock: options.clock });
    try {
      await connected(client, options, deadline);
      return connection;
    } catch (error) {
      connection.abort();
      throw error;
    }
  }

  get rttMs(): number | null {
    return this.#rttMs;
  }

  /** Resolves when the broker has acknowledged it (QoS 1). */
  publish(topic: string, payload: Buffer, retain: 'retain' | 'pass' = 'pass'): Promise<void> {
    const startedMs = this.#clock.monotonicMs();
    this.published++;
    return new Promise((resolve, reject) => {
      this.#client.publish(topic, payload, { qos: 1, retain: retain === 'retain', dup: false }, (error) => {
        if (error !== undefined && error !== null) return reject(error);
        const ms = this.#clock.monotonicMs() - startedMs;
        this.#rttMs = this.#rttMs === null ? ms : this.#rttMs * 0.9 + ms * 0.1;
        resolve();
      });
    });
  }

  async subscribe(topics: readonly string[]): Promise<void> {
    const granted = await this.#client.subscribeAsync([...topics], { qos: 1 });
    const refused = granted.find((grant) => grant.qos === 128);
    if (refused !== undefined) throw brokerRefused(this.url, `it does not let us read ${refused.topic}`);
  }

  /** Says goodbye to the broker, so that it does not publish the last will. */
  async end(): Promise<void> {
    const ended = Promise.withResolvers<void>();
    this.#client.end(false, {}, () => ended.resolve());
    // A broker that does not close its half would keep the socket: what matters has been acknowledged by now.
    using _patience = this.#clock.timer(endPatienceMs, () => ended.resolve());
    await Promise.race([ended.promise, this.closed]);
    this.abort();
  }

  /** Cuts the connection; the broker then publishes the last will. */
  abort(): void {
    // The callback form of `end` waits for acknowledgements that will not come; the stream is what must go.
    this.#client.end(true);
    this.#client.stream.destroy();
  }
}

function clientOptions(options: ConnectOptions): IClientOptions {
  return {
    clientId: options.clientId,
    ...(options.username === undefined ? {} : { username: options.username }),
    ...(options.password === undefined ? {} : { password: options.password }),
    protocolVersion: 4,
    clean: true,
    keepalive: timing.keepAliveMs / 1000,
    reschedulePings: true,
    reconnectPeriod: 0,
    connectTimeout: timing.connectTimeoutMs,
    resubscribe: false,
    queueQoSZero: false,
    timerVariant: 'native',
    ...(options.will === undefined ? {} : { will: { ...options.will, qos: 1 as const, retain: true } }),
  };
}

/** The broker's end of a byte stream, in the words of this transport. */
async function reach({ url, trust, signal, timeoutMs }: ConnectOptions, deadline: AbortSignal): Promise<BrokerSocket> {
  const address = withoutSecrets(url);
  try {
    return await openBrokerSocket(url, trust, deadline);
  } catch (error) {
    signal.throwIfAborted();
    if (deadline.aborted) throw noAnswer(address, timeoutMs);
    throw error instanceof RoundscopeError ? error : connectError(address, asError(error));
  }
}

async function connected(client: MqttClient, options: ConnectOptions, deadline: AbortSignal): Promise<void> {
  const url = withoutSecrets(options.url);
  await new Promise<void>((resolve, reject) => {
    const onAbort = (): void =>
      reject(options.signal.aborted ? options.signal.reason : noAnswer(url, options.timeoutMs));
    deadline.addEventListener('abort', onAbort, { once: true });
    client.once('connect', () => {
      deadline.removeEventListener('abort', onAbort);
      resolve();
    });
    client.once('error', (error) => reject(connectError(url, error)));
    client.once('close', () =>
      reject(connectError(url, new Error('the broker closed the connection before it accepted us'))),
    );
  });
}

function noAnswer(url: string, timeoutMs: number = timing.connectTimeoutMs): RoundscopeError {
  return connectTimeout(url, 'the broker did not answer', timeoutMs);
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
