import mqtt, { type IClientOptions, type IConnackPacket, type MqttClient } from 'mqtt';
import type { Clock } from '#shared/base/time/clock.ts';
import { RoundscopeError } from '#shared/base/errors.ts';
import { limits, timing } from '#shared/contract/limits.ts';
import { openBrokerSocket, type BrokerSocket, type BrokerTrust } from './broker/broker-socket.ts';
import type { BrokerWay } from './broker/broker-way.ts';
import { joinPackets } from './broker/packet-joiner.ts';
import { connectTimeout } from '../broker-errors.ts';
import { brokerRefused, connectError, withoutSecrets } from './connect-errors.ts';
import { keepNoPayloads, takeAllRefusals } from './mqtt-patches.ts';
import { brokerWords, reasonStringOf, refusalOf, type Dialect } from './dialect.ts';
import { pieceBytesMin, type PieceSize } from '../credited/piece-size.ts';
import { Backlog } from '../shared/backlog.ts';
import { giveBack } from '../../framing/give-back.ts';
import { TurnBudget } from '../shared/turn-budget.ts';

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
  readonly dialect: Dialect;
  /** What the broker names as its largest packet bounds it. */
  readonly size: PieceSize;
}

interface Publish {
  readonly topic: string;
  readonly payload: Buffer;
  readonly retain: boolean;
  /** Nobody looks at the payload any more once it is written. */
  readonly handedOver: boolean;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** What is under way may still be on its way at this rate, bytes per ms. */
const slowBytesPerMs = 20;
/** Of a packet beside a piece's body: headers, packet id, properties, and the topic. */
const packetOverheadBytes = 1024;
/** Of what is smaller the collector is hardly aware. */
const givenBackBytesMin = 16 * 1024;
const nothing = Buffer.alloc(0);

takeAllRefusals();

/** One connection to a broker: mqtt.js with its defaults spelt out, its own reconnecting off, and typed errors. */
export class BrokerConnection implements BrokerWay {
  readonly #client: MqttClient;
  readonly #socket: BrokerSocket['socket'];
  readonly #clock: Clock;
  readonly url: string;
  /** As in `BrokerSocket`. */
  readonly certificate: string | null;
  /** Resolves with what is known about why, when the connection is gone. */
  readonly closed: Promise<string>;
  readonly #dialect: Dialect;
  /** Publishes that the broker takes before it has acknowledged the first of them (MQTT 5), ... */
  readonly #underWayMax: number;
  readonly #backlog = new Backlog();
  #underWay = 0;
  #underWayBytes = 0;
  /** ... and those that wait for their turn; credit bounds what is handed here. */
  #waiting: Publish[] = [];
  /** When the broker last acknowledged, or had nothing to acknowledge. */
  #answeredMs: number;
  #rttMs: number | null = null;
  #lastError = '';
  published = 0;

  private constructor(
    client: MqttClient,
    options: ConnectOptions,
    { certificate, socket, receiveMaximum }: BrokerSocket & { readonly receiveMaximum: number },
  ) {
    this.#client = client;
    this.#socket = socket;
    this.#clock = options.clock;
    this.#dialect = options.dialect;
    this.#answeredMs = options.clock.monotonicMs();
    this.#underWayMax = receiveMaximum;
    this.certificate = certificate;
    this.url = withoutSecrets(options.url);
    client.on('error', (error) => {
      // What the broker said is why; that writing fails then is not.
      if (this.#lastError === '') this.#lastError = error.message;
    });
    client.on('disconnect', (packet) => {
      const { reasonCode = 0 } = packet;
      this.#lastError = `the broker ended the connection: ${brokerWords(reasonCode, reasonStringOf(packet))}`;
    });
    this.closed = new Promise((resolve) => {
      client.on('close', () => {
        this.#backlog.end();
        resolve(this.#lastError === '' ? 'the connection to the broker closed' : this.#lastError);
        for (const { reject } of this.#waiting.splice(0)) reject(new Error('the connection to the broker closed'));
      });
    });
  }

  static async open(options: ConnectOptions): Promise<BrokerConnection> {
    options.signal.throwIfAborted();
    const { timeoutMs = timing.connectTimeoutMs } = options;
    using deadline = options.clock.deadline(timeoutMs, options.signal);
    for (;;) {
      try {
        return await BrokerConnection.#attempt(options, deadline);
      } catch (error) {
        if (!options.dialect.learn(error)) throw error;
      }
    }
  }

  static async #attempt(options: ConnectOptions, deadline: AbortSignal): Promise<BrokerConnection> {
    const { socket, certificate } = await reach(options, deadline);
    joinPackets(socket);
    const client = new mqtt.MqttClient(() => socket, clientOptions(options));
    client.on('message', (topic, payload) => {
      options.onMessage(topic, payload);
    });
    takeTurns(client, options.clock);
    keepNoPayloads(client);
    try {
      const { properties = {} } = await connected(client, options, deadline);
      respect(properties, options);
      const unbounded = Number.MAX_SAFE_INTEGER;
      const receiveMaximum = options.dialect.version === 5 ? (properties.receiveMaximum ?? 65_535) : unbounded;
      return new BrokerConnection(client, options, { certificate, socket, receiveMaximum });
    } catch (error) {
      cut(client);
      throw error;
    }
  }

  get rttMs(): number | null {
    return this.#rttMs;
  }

  get silentMs(): number {
    if (this.#underWay === 0) return 0;
    return Math.max(0, this.#clock.monotonicMs() - this.#answeredMs - this.#underWayBytes / slowBytesPerMs);
  }

  /** Resolves when the broker has acknowledged it (QoS 1). @throws PieceRefused with the broker's words */
  publish(topic: string, payload: Buffer, how: 'retain' | 'pass' | 'hand over' = 'pass'): Promise<void> {
    this.published++;
    return new Promise((resolve, reject) => {
      const retain = how === 'retain' && this.#dialect.retains;
      const handedOver = how === 'hand over' && payload.byteLength >= givenBackBytesMin;
      this.#waiting.push({ topic, payload, retain, handedOver, resolve, reject });
      this.#serve();
    });
  }

  room(): Promise<void> | null {
    return this.#backlog.room();
  }

  #serve(): void {
    while (this.#underWay < this.#underWayMax) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#publish(next);
    }
  }

  #publish({ topic, payload, retain, handedOver, resolve, reject }: Publish): void {
    const bytes = payload.byteLength;
    const unwritten = this.#socket.writableLength;
    const startedMs = this.#clock.monotonicMs();
    if (this.#underWay === 0) this.#answeredMs = startedMs;
    this.#underWay++;
    this.#underWayBytes += bytes;
    this.#client.publish(topic, payload, { qos: 1, retain, dup: false }, (error, answer) => {
      this.#underWay--;
      this.#underWayBytes -= bytes;
      this.#answeredMs = this.#clock.monotonicMs();
      if (error !== undefined && error !== null) reject(refusalOf(error, answer));
      else {
        const ms = this.#clock.monotonicMs() - startedMs;
        this.#rttMs = this.#rttMs === null ? ms : this.#rttMs * 0.9 + ms * 0.1;
        resolve();
      }
      this.#serve();
    });
    // Where mqtt.js has kept it for later nothing has been added, and it stays.
    if (handedOver && this.#socket.writableLength - unwritten >= bytes) this.#giveBackWhenWritten(payload);
  }

  /** Writes are called back in order, so that one of nothing says that the system has all before it. */
  #giveBackWhenWritten(payload: Buffer): void {
    if (!this.#socket.writable) return;
    const bytes = payload.byteLength;
    this.#backlog.add(bytes);
    this.#socket.write(nothing, (error) => {
      this.#backlog.written(bytes);
      if (error === null || error === undefined) giveBack(payload);
    });
  }

  async subscribe(topics: readonly string[]): Promise<void> {
    try {
      await this.#client.subscribeAsync([...topics], { qos: 1 });
    } catch (error) {
      const packet: unknown = error instanceof Error ? Reflect.get(error, 'packet') : undefined;
      const granted: unknown = packet instanceof Object ? Reflect.get(packet, 'granted') : undefined;
      if (!Array.isArray(granted)) throw error;
      const codes: readonly unknown[] = granted;
      const at = codes.findIndex((code) => typeof code === 'number' && code >= 128);
      const why = brokerWords(Number(codes[at] ?? 128), reasonStringOf(packet));
      throw brokerRefused(this.url, `it does not let us read ${topics[at] ?? topics.join(', ')} (${why})`);
    }
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
    cut(this.#client);
  }
}

/**
 * mqtt.js handles all that has come before it lets anybody else have the event loop, which is as much as others care to publish.
 * It reads on, and acknowledges, when this is called back.
 */
function takeTurns(client: MqttClient, clock: Clock): void {
  const turns = new TurnBudget({ clock, perTurn: limits.mqttMessagesPerTurnMax, waitingMax: 1 });
  client.handleMessage = (_packet, done) => {
    turns.do(done);
  };
  client.once('close', () => turns[Symbol.dispose]());
}

function cut(client: MqttClient): void {
  // The callback form of `end` waits for acknowledgements that will not come; the stream is what must go.
  client.end(true);
  client.stream.destroy();
}

/** What a broker says of itself when it accepts a connection (MQTT 5, section 3.2.2.3). */
function respect(properties: NonNullable<IConnackPacket['properties']>, { url, size, dialect }: ConnectOptions): void {
  const { maximumPacketSize, maximumQoS, retainAvailable } = properties;
  const address = withoutSecrets(url);
  if (maximumQoS === 0)
    throw brokerRefused(address, 'it acknowledges nothing (Maximum QoS 0), so that nothing would be known to arrive');
  if (retainAvailable === false) dialect.retains = false;
  if (maximumPacketSize === undefined) return;
  const neededBytes = pieceBytesMin + packetOverheadBytes;
  if (maximumPacketSize < neededBytes)
    throw brokerRefused(
      address,
      `it takes no packet of ${neededBytes / 1024} KiB (Maximum Packet Size ${maximumPacketSize}): raise max_packet_size there`,
    );
  size.cap(maximumPacketSize - packetOverheadBytes);
}

function clientOptions(options: ConnectOptions): IClientOptions {
  return {
    clientId: options.clientId,
    ...(options.username === undefined ? {} : { username: options.username }),
    ...(options.password === undefined ? {} : { password: options.password }),
    protocolVersion: options.dialect.version,
    clean: true,
    keepalive: timing.keepAliveMs / 1000,
    reschedulePings: true,
    reconnectPeriod: 0,
    connectTimeout: timing.connectTimeoutMs,
    resubscribe: false,
    queueQoSZero: false,
    timerVariant: 'native',
    ...(options.will === undefined
      ? {}
      : { will: { ...options.will, qos: 1 as const, retain: options.dialect.retains } }),
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

async function connected(client: MqttClient, options: ConnectOptions, deadline: AbortSignal): Promise<IConnackPacket> {
  const url = withoutSecrets(options.url);
  return await new Promise((resolve, reject) => {
    const onAbort = (): void =>
      reject(options.signal.aborted ? options.signal.reason : noAnswer(url, options.timeoutMs));
    deadline.addEventListener('abort', onAbort, { once: true });
    client.once('connect', (connack) => {
      deadline.removeEventListener('abort', onAbort);
      resolve(connack);
    });
    // Later ones are told by the connection; without a listener they would end the process.
    client.on('error', (error) => reject(connectError(url, error)));
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
