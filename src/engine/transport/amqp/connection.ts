import { connect as connectSocket, type Socket } from 'node:net';
import {
  connect,
  type Channel,
  type ChannelModel,
  type ConfirmChannel,
  type ConsumeMessage,
  type Options,
  type SocketOptions,
} from 'amqplib';
import type { Clock } from '#shared/base/time/clock.ts';
import { limits, timing } from '#shared/contract/limits.ts';
import type { LaneClass } from '../credited/carrier.ts';
import { joinFramesOnce } from './amqp-patches.ts';
import { hearRefusals } from './broker/amqp-refusal.ts';
import { hostOf, portOf, withoutSecrets, type BrokerUser } from './amqp-url.ts';
import { tlsOptions, type BrokerTrust } from './broker/broker-trust.ts';
import { certificateShown } from './broker/named-certificate.ts';
import { connectTimeout } from '../broker-errors.ts';
import { connectError, saidByBroker } from './connect-errors.ts';

/** How long a broker may take to close its half after our goodbye. */
const endPatienceMs = 300;
/** What every broker takes as a frame (AMQP 0-9-1, section 4.2.3: at least 4096), less a frame's own 8 bytes. */
const frameOverheadBytes = 8;

export interface ConnectOptions {
  readonly url: string;
  readonly user: BrokerUser | null;
  /** Shown by the broker's tools. */
  readonly name: string;
  readonly trust: BrokerTrust;
  readonly signal: AbortSignal;
  /** Default: the contract's limit. */
  readonly timeoutMs?: number;
  readonly clock: Clock;
  /** What it publishes through, to queues that it has led there; default: the broker's default exchange, which leads to all. */
  readonly exchange?: string;
  /** The broker takes no messages, with its reason; empty: it does again. */
  readonly onBlocked?: (reason: string) => void;
  /** It has refused a message for its size, so that what was found out about its limit does not hold any more. */
  readonly onTooLarge?: () => void;
}

interface Publishing {
  readonly queue: string;
  /** Another than the connection's. */
  readonly exchange?: string;
  readonly type: string;
  readonly content: Buffer;
  /** It is still there after a restart of the broker. */
  readonly lasting?: boolean;
}

/**
 * One connection to a broker, for as long as its end takes part: a channel with publisher confirms for control and one
 * for bulk, so that neither waits for the other, and channels to read from.
 */
export class AmqpConnection {
  readonly #model: ChannelModel;
  readonly #channels: Readonly<Record<LaneClass, ConfirmChannel>>;
  readonly #clock: Clock;
  /** Called when the broker has no queue of that name. */
  readonly #onReturned = new Map<string, () => void>();
  readonly url: string;
  readonly exchange: string;
  /** SHA-256 of what the broker showed; null: the connection is not encrypted. */
  readonly certificate: string | null;
  /** Resolves with what is known about why, when the connection is gone. */
  readonly closed: Promise<string>;
  #rttMs: number | null = null;
  published = 0;
  returned = 0;
  /** Why the broker takes no messages for the time being; empty: it does. */
  #blocked = '';
  /** What the broker said about the channel that it closed. */
  #said = '';
  #contentBytesMax = Number.POSITIVE_INFINITY;

  private constructor(
    model: ChannelModel,
    channels: Readonly<Record<LaneClass, ConfirmChannel>>,
    closed: Promise<string>,
    options: ConnectOptions,
  ) {
    this.#model = model;
    this.#channels = channels;
    this.#clock = options.clock;
    this.url = withoutSecrets(options.url);
    this.exchange = options.exchange ?? '';
    this.certificate = certificateShown(model.connection);
    this.closed = closed.then((reason) => {
      const why = this.#said || reason;
      return this.#blocked === '' ? why : `${why}; before, the broker blocked publishers: ${this.#blocked}`;
    });
    for (const channel of [channels.control, channels.bulk]) {
      channel.on('return', ({ fields }) => {
        this.returned++;
        this.#onReturned.get(fields.routingKey)?.();
      });
      // The channels are needed to the end: without one of them nothing goes on.
      channel.on('error', (error: Error) => {
        this.#said ||= saidByBroker(error.message);
        if (isTooLarge(error)) options.onTooLarge?.();
        this.abort();
      });
    }
    model.on('blocked', (reason) => {
      this.#blocked = String(reason) || 'it gives no reason';
      options.onBlocked?.(this.#blocked);
    });
    model.on('unblocked', () => {
      this.#blocked = '';
      options.onBlocked?.('');
    });
  }

  /** @throws RoundscopeError `connect_*`, `broker_refused`, `identity_mismatch`; or the signal's reason */
  static async open(options: ConnectOptions): Promise<AmqpConnection> {
    options.signal.throwIfAborted();
    const shown = withoutSecrets(options.url);
    const { timeoutMs = timing.connectTimeoutMs } = options;
    using deadline = options.clock.deadline(timeoutMs, options.signal);
    const late = Promise.withResolvers<never>();
    const onLate = (): void =>
      late.reject(
        options.signal.aborted ? options.signal.reason : connectTimeout(shown, 'the broker did not answer', timeoutMs),
      );
    deadline.addEventListener('abort', onLate, { once: true });
    const cut = new AbortController();
    try {
      return await Promise.race([AmqpConnection.#connect(options, cut.signal), late.promise]);
    } catch (error) {
      cut.abort();
      throw deadline.aborted ? error : connectError(shown, error, options.trust.by);
    } finally {
      deadline.removeEventListener('abort', onLate);
    }
  }

  static async #connect(options: ConnectOptions, cut: AbortSignal): Promise<AmqpConnection> {
    hearRefusals();
    const model = await connect(addressOf(options), socketOptions(options, cut));
    joinFramesOnce(model.connection);
    let lastError = '';
    model.on('error', (error) => (lastError ||= saidByBroker(error.message)));
    const closed = new Promise<string>((resolve) => {
      // A broker that is shut down says so here alone.
      model.once('close', (error?: Error) => {
        const said = lastError || (error === undefined ? '' : saidByBroker(error.message));
        resolve(said || 'the connection to the broker closed');
      });
    });
    const [control, bulk] = [await model.createConfirmChannel(), await model.createConfirmChannel()];
    return new AmqpConnection(model, { control, bulk }, closed, options);
  }

  get rttMs(): number | null {
    return this.#rttMs;
  }

  /** Why the broker takes no messages for now, in its words; empty: it does. */
  get blocked(): string {
    return this.#blocked;
  }

  /** Bytes of content that travel in one frame, so that other messages get in between, and that the broker takes. */
  get contentBytesMax(): number {
    const negotiated: unknown = Reflect.get(this.#model.connection, 'frameMax');
    const frameBytes = typeof negotiated === 'number' ? negotiated : limits.amqpFrameBytes;
    return Math.min(frameBytes - frameOverheadBytes, this.#contentBytesMax);
  }

  /** No message is larger from now on. */
  limitContent(bytes: number): void {
    this.#contentBytesMax = bytes;
  }

  /** What this connection publishes for these queues arrives there. The exchange goes with the last of its queues. */
  async lead(channel: Channel, queues: readonly string[]): Promise<void> {
    const { exchange } = this;
    // The default exchange leads to each queue by itself.
    if (exchange === '') return;
    await channel.assertExchange(exchange, 'direct', { durable: true, autoDelete: true });
    for (const queue of queues) await channel.bindQueue(queue, exchange, queue);
  }

  /**
   * Sends a message of that size to oneself, over a channel and a queue of its own.
   * @returns null when it came, else why not
   * @throws what the broker says when it does not let us have the queue
   */
  async echo(queue: string, bytes: number): Promise<string | null> {
    const channel = await this.#model.createConfirmChannel();
    const said = Promise.withResolvers<string>();
    channel.on('error', (error: Error) => said.resolve(saidByBroker(error.message)));
    channel.on('close', () => said.resolve('the channel was closed'));
    const came = Promise.withResolvers<null>();
    await channel.assertQueue(queue, { exclusive: true, durable: false, autoDelete: true });
    await this.lead(channel, [queue]);
    await channel.consume(queue, () => came.resolve(null), { noAck: true });
    const confirmed = new Promise<string | null>((resolve) => {
      channel.publish(this.exchange, queue, Buffer.alloc(bytes), { deliveryMode: 1 }, (error: Error | null) => {
        // A channel that the broker closes tells why in its error, which comes as well.
        if (error !== null && error.message !== 'channel closed') return resolve(error.message);
        if (error === null) resolve(null);
      });
    });
    const refusal = await Promise.race([confirmed, said.promise, came.promise]);
    if (refusal !== null) return refusal;
    const swallowed = Promise.withResolvers<string>();
    using _late = this.#clock.timer(timing.amqpEchoMs, () => swallowed.resolve('it did not come back'));
    const result = await Promise.race([came.promise, swallowed.promise, said.promise]);
    // Its queue goes with its only reader.
    channel.close().catch(() => undefined);
    return result;
  }

  /** Resolves when the broker has confirmed it. Rejects when the queue refused it; a missing one is told to its watcher. */
  publish(
    kind: LaneClass,
    { queue, exchange = this.exchange, type, content, lasting = false }: Publishing,
  ): Promise<void> {
    const startedMs = this.#clock.monotonicMs();
    this.published++;
    return new Promise((resolve, reject) => {
      // What is under way does not outlive its session, and a session ends with its connection.
      const options = { mandatory: true, type, deliveryMode: lasting ? 2 : 1 };
      this.#channels[kind].publish(exchange, queue, content, options, (error: Error | null) => {
        if (error !== null) {
          // amqplib's word for the broker's answer to what it does not keep.
          const refused = error.message === 'message nacked';
          if (refused) return reject(new Error(`it refused a message for ${queue}, which is full`));
          return reject(this.#said === '' ? error : new Error(this.#said));
        }
        const ms = this.#clock.monotonicMs() - startedMs;
        this.#rttMs = this.#rttMs === null ? ms : this.#rttMs * 0.9 + ms * 0.1;
        resolve();
      });
    });
  }

  /** `onReturned` is called when a message to `queue` comes back because there is no such queue. */
  watchReturns(queue: string, onReturned: () => void): Disposable {
    this.#onReturned.set(queue, onReturned);
    return { [Symbol.dispose]: () => void this.#onReturned.delete(queue) };
  }

  /** A channel to declare and read queues on; what it may not do closes this channel and no other. */
  async openReader(): Promise<QueueReader> {
    return new QueueReader(await this.#model.createChannel());
  }

  /** Says goodbye to the broker. */
  async end(): Promise<void> {
    // It may have ended already, or end before its goodbye is answered: then it is over, which was wanted.
    const ended = this.#model.close().catch(() => undefined);
    const patience = Promise.withResolvers<void>();
    using _timer = this.#clock.timer(endPatienceMs, () => patience.resolve());
    await Promise.race([ended, patience.promise, this.closed]);
    this.abort();
  }

  /** Cuts the connection; the broker then passes the last will on. */
  abort(why = 'the connection to the broker was cut'): void {
    const stream: unknown = Reflect.get(this.#model.connection, 'stream');
    // With an error: amqplib takes notice of a destroyed socket by its `error` or `end` only.
    (stream as Socket).destroy(new Error(why));
  }
}

/** Declares and reads queues on a channel of its own. */
export class QueueReader {
  readonly channel: Channel;
  #over = false;

  constructor(channel: Channel) {
    this.channel = channel;
    channel.on('error', () => (this.#over = true));
    channel.on('close', () => (this.#over = true));
  }

  /**
   * Alone at the queue. `take` says whether the message is one of its own; others are rejected, which makes them
   * undeliverable. `onCancelled`: the queue or the channel is gone.
   */
  async read(
    queue: string,
    prefetch: number,
    parts: { readonly take: (message: ConsumeMessage) => boolean; readonly onCancelled: () => void },
  ): Promise<void> {
    await this.channel.prefetch(prefetch);
    const onMessage = (message: ConsumeMessage | null): void => {
      if (message === null) return parts.onCancelled();
      const taken = parts.take(message);
      // Taking it may have ended the session and with it this channel; the broker then has it back, and its queue goes.
      if (this.#over) return;
      if (taken) this.channel.ack(message);
      else this.channel.nack(message, false, false);
    };
    await this.channel.consume(queue, onMessage, { exclusive: true });
    this.channel.once('error', parts.onCancelled);
  }

  /**
   * Keeps the newest message of `queue` that says this unacknowledged, for as long as the connection lives. What else somebody
   * puts there, and the one before it, is let go.
   */
  async hold(queue: string, content: Buffer): Promise<void> {
    let held: ConsumeMessage | null = null;
    const onMessage = (message: ConsumeMessage | null): void => {
      if (message === null || this.#over) return;
      const gone = message.content.equals(content) ? held : message;
      if (gone !== message) held = message;
      if (gone !== null) this.channel.ack(gone);
    };
    await this.channel.consume(queue, onMessage, { exclusive: true });
  }

  /** Looks at the first message and leaves it there; null: there is none, or not for us to see. */
  async look(queue: string): Promise<Buffer | null> {
    const message = await this.channel.get(queue, { noAck: false }).catch(() => false as const);
    if (message === false) return null;
    this.channel.nack(message, false, true);
    return message.content;
  }

  /**
   * The same of a queue that may be a stream, of which the broker hands out nothing by `get`: asking costs the connection.
   * Nothing comes of an empty one, which is null after a while.
   */
  async lookAtFirst(queue: string, clock: Clock): Promise<Buffer | null> {
    const first = Promise.withResolvers<ConsumeMessage | null>();
    await this.channel.prefetch(1);
    const options = { arguments: { 'x-stream-offset': 'first' } };
    await this.channel.consume(queue, (message) => first.resolve(message), options);
    using _late = clock.timer(timing.amqpEchoMs, () => first.resolve(null));
    const message = await first.promise;
    if (message === null) return null;
    this.channel.nack(message, false, true);
    return message.content;
  }

  async close(): Promise<void> {
    if (this.#over) return;
    this.#over = true;
    await this.channel.close();
  }
}

/** Of RabbitMQ: it closes the channel, `PRECONDITION_FAILED - message size 131072 is larger than configured max size 65536`. */
function isTooLarge(error: Error): boolean {
  return /message size \d+ is larger than/.test(error.message);
}

function addressOf({ url, user }: ConnectOptions): Options.Connect {
  const parsed = new URL(url);
  const vhost = decodeURIComponent(parsed.pathname.slice(1));
  return {
    protocol: parsed.protocol.replace(':', ''),
    hostname: hostOf(parsed),
    port: portOf(parsed),
    // Never amqplib's default, which is guest's.
    username: user?.username ?? '',
    password: user?.password ?? '',
    frameMax: limits.amqpFrameBytes,
    heartbeat: timing.keepAliveMs / 1000,
    ...(vhost === '' ? {} : { vhost }),
  };
}

/** `cut` lets the socket go before amqplib would. */
function socketOptions(
  { url, name, trust }: ConnectOptions,
  cut: AbortSignal,
): SocketOptions & { readonly signal?: AbortSignal } {
  const common = { noDelay: true, clientProperties: { connection_name: name, product: 'roundscope' } };
  const parsed = new URL(url);
  if (parsed.protocol !== 'amqps:') return { ...common, signal: cut };
  const socket = connectSocket({ host: hostOf(parsed), port: portOf(parsed), noDelay: true, signal: cut });
  return { ...common, socket, ...tlsOptions(trust) };
}
