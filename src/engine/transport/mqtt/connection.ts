import { Socket } from 'node:net';
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import type { Clock } from '#shared/base/clock.ts';
import { RoundscopeError } from '#shared/base/errors.ts';
import { timing } from '#shared/contract/limits.ts';

/** How long a broker may take to close its half after our goodbye. */
const endPatienceMs = 300;

export interface ConnectOptions {
  readonly url: string;
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
export class BrokerConnection {
  readonly #client: MqttClient;
  readonly #clock: Clock;
  readonly url: string;
  /** Resolves with what is known about why, when the connection is gone. */
  readonly closed: Promise<string>;
  #rttMs: number | null = null;
  #lastError = '';
  published = 0;

  private constructor(client: MqttClient, url: string, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
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
    const client = mqtt.connect(options.url, clientOptions(options));
    // mqtt.js leaves Nagle's algorithm on, which with delayed acknowledgements costs 40 ms for each small exchange.
    if (client.stream instanceof Socket) client.stream.setNoDelay(true);
    client.on('message', (topic, payload) => options.onMessage(topic, payload));
    const connection = new BrokerConnection(client, withoutSecrets(options.url), options.clock);
    try {
      await connected(client, options);
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

async function connected(client: MqttClient, options: ConnectOptions): Promise<void> {
  const url = withoutSecrets(options.url);
  const { timeoutMs = timing.connectTimeoutMs } = options;
  using deadline = options.clock.deadline(timeoutMs, options.signal);
  await new Promise<void>((resolve, reject) => {
    const onAbort = (): void =>
      reject(
        options.signal.aborted ? options.signal.reason : connectTimeout(url, 'the broker did not answer', timeoutMs),
      );
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

function connectError(url: string, error: Error & { readonly code?: unknown }): RoundscopeError {
  if (typeof error.code === 'number') return brokerRefused(url, error.message, error);
  const code = typeof error.code === 'string' ? error.code : '';
  if (code === 'ETIMEDOUT' || error.message === 'connack timeout')
    return connectTimeout(url, error.message, timing.connectTimeoutMs);
  const refused = code === 'ECONNREFUSED';
  return new RoundscopeError(refused ? 'connect_refused' : 'connect_failed', {
    layer: 'transport',
    message: refused
      ? `nobody listens at ${url}: is the coordinator or broker running, and are host and port right?`
      : `no MQTT connection to ${url}: ${error.message || code}; check the address and whether it speaks MQTT 3.1.1`,
    retryable: true,
    cause: error,
    context: { url },
  });
}

export function connectTimeout(url: string, what: string, timeoutMs: number): RoundscopeError {
  return new RoundscopeError('connect_timeout', {
    layer: 'transport',
    message: `${what} at ${url} within ${(timeoutMs / 1000).toFixed(1)} s: check host, port and firewall, and that the run is being served`,
    retryable: true,
    context: { url },
  });
}

export function brokerRefused(url: string, why: string, cause?: unknown): RoundscopeError {
  return new RoundscopeError('broker_refused', {
    layer: 'transport',
    message: `the broker at ${url} refused: ${why}; check the invitation, or user, password and access rules of the broker`,
    // CONNACK 3, "server unavailable", is the one refusal that passes (MQTT 3.1.1, table 3.1).
    retryable: Reflect.get(cause ?? {}, 'code') === 3,
    ...(cause === undefined ? {} : { cause }),
    context: { url },
  });
}

/** An address for people and logs, without user and password. */
export function withoutSecrets(url: string): string {
  return url.replace(/\/\/[^@/]*@/, '//');
}
