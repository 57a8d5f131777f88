import type { Channel, ConsumeMessage } from 'amqplib';
import type { Clock } from '#shared/base/time/clock.ts';
import { entropyHex, type Entropy } from '#shared/base/entropy.ts';
import { spawn } from '#shared/base/spawn.ts';
import type { Endpoint } from '#shared/contract/app/invitation.ts';
import { limits, timing } from '#shared/contract/limits.ts';
import { createIdentityCertificate } from '../../identity/identity-certificate.ts';
import type { Identity } from '../../identity/identity.ts';
import { reachableHosts } from '../addresses.ts';
import { portFor, type BrokerNews, type LastWord, type Listener, type ListenOptions } from '../transport.ts';
import { within } from '../shared/within.ts';
import { AmqpCarrier } from './amqp-carrier.ts';
import { hostOf, portOf, userIn, withoutSecrets, type BrokerUser } from './amqp-url.ts';
import type { BrokerTrust } from './broker/broker-trust.ts';
import { operationError } from './connect-errors.ts';
import { AmqpConnection, type QueueReader } from './connection.ts';
import { Door } from '../sealed/door.ts';
import type { Granted } from '../sealed/gatekeeper.ts';
import type { Answer } from '../sealed/handshake.ts';
import { decodeRequest, encodeHandshake } from '../sealed/handshake-message.ts';
import { brokerPassword } from './broker/broker-password.ts';
import {
  coordinatorEchoOf,
  endedOf,
  inboxOf,
  inboxQueue,
  sessionQueues,
  undeliverableOf,
  undeliverableQueue,
} from './names.ts';
import type { MessageLimits } from './message-limits.ts';
import { PrivateBroker } from './broker/private-broker.ts';
import { coordinatorUser } from './broker/private-broker-files.ts';
import { answerType, beatType, decodeWho, type Who } from './session-message.ts';
import { leaveWordOfEnd } from './word-of-end.ts';

export interface ListenSetup {
  readonly clock: Clock;
  readonly entropy: Entropy;
  /** Whose certificate a broker of its own shows, and who signs for sessions. */
  readonly identity: Identity;
  readonly publishBytes: number;
  readonly queueExpiryMs: number;
  /** Of a broker elsewhere. */
  readonly trust: BrokerTrust;
  readonly limits: MessageLimits;
  readonly brokerUrl?: string;
  readonly rabbitmq?: string;
}

/** Sessions of one run that have not ended; brokers allow 2047 channels for a connection, and each session reads on one. */
const sessionsMax = 2000;
/** Undeliverable messages that are told one by one; those that follow are counted. */
const undeliverableToldMax = 20;

/** The coordinator's side: one connection to the broker, on which the sessions of all participants have their channels. */
export class AmqpListener implements Listener {
  readonly #options: ListenOptions;
  readonly #setup: ListenSetup;
  readonly #broker: PrivateBroker | null;
  readonly #url: string;
  readonly #user: BrokerUser | null;
  readonly #trust: BrokerTrust;
  /** By the number of the session; null: being made. */
  readonly #sessions = new Map<string, AmqpCarrier | null>();
  readonly #door: Door;
  #connection: AmqpConnection | null = null;
  #reader: QueueReader | null = null;
  #closing: Promise<void> | null = null;
  #lastWord: LastWord | null = null;
  #redial: Disposable | null = null;
  #beat: Disposable | null = null;
  /** Resolves when it is known what the broker takes; no session is opened before. */
  #limited: Promise<unknown> = Promise.resolve();
  #redialMs: number = timing.redialFirstMs;
  #undeliverable = 0;
  #certificate: string | null = null;

  private constructor(
    options: ListenOptions,
    setup: ListenSetup,
    place: PrivateBroker | string,
    { user, trust }: { readonly user: BrokerUser | null; readonly trust: BrokerTrust },
  ) {
    this.#options = options;
    this.#setup = setup;
    const { run, token = '' } = options;
    const { identity, clock } = setup;
    this.#door = new Door({ protocol: 'amqp', run, token, identity, clock });
    this.#broker = typeof place === 'string' ? null : place;
    this.#url = typeof place === 'string' ? place : place.url;
    this.#user = user;
    this.#trust = trust;
  }

  static async start(options: ListenOptions, setup: ListenSetup): Promise<AmqpListener> {
    const { brokerUrl } = setup;
    if (brokerUrl !== undefined) {
      const listener = new AmqpListener(options, setup, brokerUrl, { user: userIn(brokerUrl), trust: setup.trust });
      await listener.#connect();
      return listener;
    }
    const { run, token = '', host, signal, onProgress } = options;
    const port = portFor(options, 'amqp');
    const password = entropyHex(setup.entropy, 24);
    const { clock, entropy, rabbitmq, identity } = setup;
    const passwords = { coordinator: password, participants: brokerPassword(token, run) };
    const certificate = createIdentityCertificate(identity, { nowMs: clock.wallMs() });
    const program = rabbitmq === undefined ? {} : { program: rabbitmq };
    onProgress?.('Starting a RabbitMQ for this run, which takes a few seconds.');
    const startedMs = clock.monotonicMs();
    const settings = { host, port, run, passwords, certificate, ...program };
    const broker = await PrivateBroker.start({ ...settings, signal, clock, entropy });
    const listener = new AmqpListener(options, setup, broker, {
      user: { username: coordinatorUser, password },
      trust: { by: 'certificate', pem: certificate.certificatePem },
    });
    try {
      await listener.#connect();
      onProgress?.(`RabbitMQ runs; it took ${((clock.monotonicMs() - startedMs) / 1000).toFixed(1)} s to start.`);
      return listener;
    } catch (error) {
      await broker[Symbol.asyncDispose]();
      throw error;
    }
  }

  get endpoints(): readonly Endpoint[] {
    const common = { protocol: 'amqp', provider: 'amqp', identity: this.#setup.identity.peerId } as const;
    const url = new URL(this.#url);
    // Participants have not the authority's file, so they are told whom it vouched for.
    const vouched = this.#certificate === null ? {} : { brokerCertificate: this.#certificate };
    if (this.#broker === null) return [{ ...common, host: hostOf(url), port: portOf(url), url: this.#url, ...vouched }];
    return reachableHosts(this.#options.host).map((host) => ({ ...common, host, port: portOf(url) }));
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  leaveWord({ status, reason }: LastWord): void {
    this.#lastWord = { status, reason: reason.slice(0, 500) };
  }

  async #connect(): Promise<void> {
    const { run, signal } = this.#options;
    const blocked = Promise.withResolvers<void>();
    const connection = await AmqpConnection.open({
      url: this.#url,
      user: this.#user,
      name: `roundscope ${run} coordinator`,
      trust: this.#trust,
      signal,
      clock: this.#setup.clock,
      onBlocked: (reason) => {
        if (reason !== '') blocked.resolve();
        this.#tellBroker(reason === '' ? 'connected' : 'blocked', reason);
      },
      onTooLarge: () => this.#setup.limits.forget(withoutSecrets(this.#url)),
    });
    try {
      this.#reader = await this.#declare(connection);
      this.#limited = this.#limit(connection);
      const gone = connection.closed.then((reason) => Promise.reject(new Error(reason)));
      // Who waits for a broker that takes nothing would not even be told of it.
      await Promise.race([this.#limited, blocked.promise, gone]);
    } catch (error) {
      connection.abort();
      throw operationError(connection.url, error);
    }
    this.#connection = connection;
    if (this.#trust.by === 'authorities' && this.#trust.ca !== undefined) this.#certificate ??= connection.certificate;
    this.#redialMs = timing.redialFirstMs;
    const lost = connection.closed.then((reason) => this.#onLost(connection, reason));
    spawn('watching the connection to a broker', lost);
    this.#sendBeats(connection);
  }

  async #limit(connection: AmqpConnection): Promise<void> {
    // What its own broker takes is known.
    if (this.#broker !== null) return;
    const { entropy, limits } = this.#setup;
    const said = await limits.apply(connection, coordinatorEchoOf(this.#options.run, entropyHex(entropy, 8)));
    if (said !== null)
      this.#options.onProgress?.(
        `The broker takes no larger messages than about ${Math.floor(connection.contentBytesMax / 1024)} KiB (${said}); models travel in pieces of that size.`,
      );
  }

  /** A broker says that it takes no messages to nobody but those who send some. */
  #sendBeats(connection: AmqpConnection): void {
    this.#beat?.[Symbol.dispose]();
    this.#beat = this.#setup.clock.timer(timing.amqpBeatMs, () => {
      const next = (): void => {
        if (this.#connection === connection && this.#closing === null) this.#sendBeats(connection);
      };
      const queue = inboxOf(this.#options.run);
      connection.publish('control', { queue, type: beatType, content: Buffer.alloc(0) }).then(next, next);
    });
  }

  /** Everything that a run has at the broker beside its sessions; also what a broker has forgotten that was restarted. */
  async #declare(connection: AmqpConnection): Promise<QueueReader> {
    const { run } = this.#options;
    const { queueExpiryMs } = this.#setup;
    const reader = await connection.openReader();
    const { channel } = reader;
    const dead = undeliverableOf(run);
    // Goes with its last queue, as the one of requests does.
    await channel.assertExchange(dead, 'fanout', { durable: true, autoDelete: true });
    await channel.assertQueue(dead, undeliverableQueue(queueExpiryMs));
    await channel.bindQueue(dead, dead, '');
    // The run goes on.
    await channel.deleteQueue(endedOf(run));
    const onCancelled = (): void => {
      if (this.#closing === null) connection.abort('somebody took away the queue of requests at the broker');
    };
    await reader.read(dead, limits.amqpControlPrefetch, {
      take: (message) => this.#onUndeliverable(message),
      onCancelled,
    });
    await declareInbox(channel, run, queueExpiryMs);
    const take = (message: ConsumeMessage): boolean => this.#onRequest(connection, message);
    await reader.read(inboxOf(run), limits.amqpControlPrefetch, { take, onCancelled });
    return reader;
  }

  /** The broker went away or was restarted: its sessions have ended with it, the run goes on when it is back. */
  #onLost(connection: AmqpConnection, reason: string): void {
    if (this.#connection !== connection || this.#closing !== null) return;
    this.#connection = null;
    this.#tellBroker('lost', reason);
    this.#retry();
  }

  #tellBroker(state: BrokerNews['state'], reason: string): void {
    if (this.#closing !== null) return;
    this.#options.onBroker?.({ protocol: 'amqp', address: withoutSecrets(this.#url), state, reason });
  }

  #retry(): void {
    this.#redial = this.#setup.clock.timer(this.#redialMs, () => {
      this.#redialMs = Math.min(this.#redialMs * 2, timing.redialMaxMs);
      if (this.#closing !== null || this.#options.signal.aborted) return;
      this.#connectAgain().then(
        () => this.#tellConnected(),
        (error: unknown) => {
          this.#tellBroker('lost', error instanceof Error ? error.message : String(error));
          this.#retry();
        },
      );
    });
  }

  async #connectAgain(): Promise<void> {
    await this.#broker?.ensureRunning();
    await this.#connect();
    // Closed meanwhile: nobody else lets go of it.
    if (this.#closing !== null) this.#connection?.abort();
  }

  /** As it stands now: it may have said meanwhile that it takes nothing, or be gone again, which has been told. */
  #tellConnected(): void {
    const blocked = this.#connection?.blocked;
    if (blocked !== undefined) this.#tellBroker(blocked === '' ? 'connected' : 'blocked', blocked);
  }

  #tell(address: string, reason: string): void {
    this.#options.onRefused({ address, reason });
  }

  #onUndeliverable(message: ConsumeMessage): boolean {
    this.#undeliverable++;
    const { headers = {} } = message.properties;
    const queue = String(headers['x-first-death-queue'] ?? '');
    const reason = String(headers['x-first-death-reason'] ?? '');
    for (const [session, carrier] of this.#sessions) {
      if (carrier !== null && queue.includes(`.${session}.`)) carrier.undeliverable++;
    }
    if (this.#undeliverable <= undeliverableToldMax)
      this.#tell(
        queue.slice(0, 200),
        `a message could not be delivered (${reason.slice(0, 40)}), ${this.#undeliverable} so far`,
      );
    return true;
  }

  /** False: no request of this protocol. */
  #onRequest(connection: AmqpConnection, message: ConsumeMessage): boolean {
    if (this.#closing !== null || message.properties.type === beatType) return true;
    const who = decodeWho(message.content);
    const request = decodeRequest(message.content);
    if (request === null || who === null) return false;
    // The broker may deliver a request again: it is being answered, or has been.
    if (this.#sessions.has(who.session)) return true;
    const address = `${who.participant.slice(0, 64)} via ${new URL(this.#url).host}`;
    const grant = (granted: Granted): void => {
      // It may have come twice before the first was served.
      if (this.#closing !== null || this.#sessions.has(who.session)) return;
      // Without an answer, which would be the last word: who meant well asks again.
      if (this.#sessions.size >= sessionsMax)
        return this.#tell(address, `this coordinator has ${sessionsMax} sessions already`);
      this.#sessions.set(who.session, null);
      spawn('opening a session', this.#open(connection, who, granted, address));
    };
    this.#door.ask(who, request, {
      granted: grant,
      refused: (reason) => this.#tell(address, reason),
      // Who does not wait for it any more has no queue: then it comes back, and nobody minds.
      answered: (refusal) => {
        this.#answer(connection, who, refusal).catch(() => undefined);
      },
    });
    return true;
  }

  #answer(connection: AmqpConnection, who: Who, answer: Answer): Promise<void> {
    const { control } = sessionQueues({ run: this.#options.run, ...who }, 'down').out;
    return connection.publish('control', { queue: control, type: answerType, content: encodeHandshake(answer) });
  }

  async #open(connection: AmqpConnection, who: Who, { keys, answer }: Granted, address: string): Promise<void> {
    const { run, onSession } = this.#options;
    const { session } = who;
    const { clock, publishBytes, queueExpiryMs } = this.#setup;
    try {
      await Promise.race([this.#limited, connection.closed]);
      const reader = await connection.openReader();
      const carrier = new AmqpCarrier({
        connection,
        reader,
        queues: sessionQueues({ run, ...who }, 'down'),
        keys,
        peerIdentity: null,
        elsewhere: this.#broker === null,
        remote: address,
        publishBytes,
        queueExpiryMs,
        clock,
        release: async () => void this.#sessions.delete(session),
      });
      await carrier.start('read');
      if (carrier.session.ended) return;
      this.#sessions.set(session, carrier);
      const answering = this.#answer(connection, who, answer);
      onSession(carrier.session);
      await answering;
    } catch (error) {
      // Its queues are not there, or not as they should be: whoever asks like that is told by time.
      this.#tell(address, `no session could be opened: ${error instanceof Error ? error.message : String(error)}`);
      const made = this.#sessions.get(session);
      this.#sessions.delete(session);
      made?.session.lost('it could not be accepted');
    }
  }

  async #close(): Promise<void> {
    this.#redial?.[Symbol.dispose]();
    this.#beat?.[Symbol.dispose]();
    this.#door[Symbol.dispose]();
    const carriers = [...this.#sessions.values()].filter((carrier) => carrier !== null);
    await Promise.allSettled(
      carriers.map(({ session }) => session.close('clean', 'the coordinator stopped listening')),
    );
    const connection = this.#connection;
    if (connection !== null) {
      const tidied = connection.blocked === '' ? this.#tidy() : Promise.resolve();
      await within(timing.closeTimeoutMs, this.#setup.clock, Promise.race([tidied, connection.closed])).catch(
        () => undefined,
      );
      await connection.end();
    }
    await this.#broker?.[Symbol.asyncDispose]();
  }

  async #tidy(): Promise<void> {
    const { run, token = '' } = this.#options;
    const channel = this.#reader?.channel;
    const [word, connection] = [this.#lastWord, this.#connection];
    // A broker of its own goes with the run.
    if (word !== null && this.#broker === null && connection !== null)
      await leaveWordOfEnd({ connection, url: this.#url, run }, word, { ...this.#setup, token });
    await channel?.deleteQueue(inboxOf(run));
    // The exchange goes with it.
    await channel?.deleteQueue(undeliverableOf(run));
  }
}

/** Where participants ask for sessions. */
export async function declareInbox(channel: Channel, run: string, queueExpiryMs: number): Promise<void> {
  const inbox = inboxOf(run);
  await channel.assertExchange(inbox, 'fanout', { durable: true, autoDelete: true });
  await channel.assertQueue(inbox, inboxQueue(run, queueExpiryMs));
  await channel.bindQueue(inbox, inbox, '');
}
