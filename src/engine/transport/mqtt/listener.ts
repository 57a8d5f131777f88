import type { Clock } from '#shared/base/time/clock.ts';
import { RoundscopeError } from '#shared/base/errors.ts';
import { entropyHex, type Entropy } from '#shared/base/entropy.ts';
import { spawn } from '#shared/base/spawn.ts';
import type { Endpoint } from '#shared/contract/app/invitation.ts';
import { limits, timing } from '#shared/contract/limits.ts';
import type { TlsOwner } from '../tls/pinned-tls.ts';
import { portFor, type BrokerNews, type LastWord, type Listener, type ListenOptions } from '../transport.ts';
import { within } from '../shared/within.ts';
import { Door } from '../sealed/door.ts';
import type { Granted } from '../sealed/gatekeeper.ts';
import type { Answer, Request } from '../sealed/handshake.ts';
import { decodeRequest, encodeHandshake } from '../sealed/handshake-message.ts';
import { bareHost, localHost, reachableHosts } from '../addresses.ts';
import { leaveEnd } from '../last-word.ts';
import { abortable } from '../shared/abortable.ts';
import { PieceRefused, type PieceSize } from '../credited/piece-size.ts';
import { EmbeddedBroker, urlOf } from './broker/broker.ts';
import { outsideTrust } from './broker/broker-socket.ts';
import { connectTimeout } from '../broker-errors.ts';
import { brokerRefused, withoutSecrets } from './connect-errors.ts';
import type { BrokerWay } from './broker/broker-way.ts';
import { BrokerConnection } from './connection.ts';
import { ownCredentials } from './dial.ts';
import type { Dialect } from './dialect.ts';
import { MqttCarrier, type MqttCarrierOptions } from './mqtt-carrier.ts';
import { decodeStatus, encodeStatus } from './status-message.ts';
import { coordinatorName, parseTopic, sessionTopics, statusTopic, topicRoot, type ParsedTopic } from './topics.ts';

export interface ListenSetup {
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly size: PieceSize;
  readonly dialect: Dialect;
  readonly instance: string;
  readonly brokerUrl?: string;
  /** Of the authority that vouches for that broker, where it is none that machines know. */
  readonly brokerCa?: string;
  readonly owner: TlsOwner;
}

/** Sessions of one run that have not ended; more than each participant could need. */
const sessionsMax = limits.participantsMax * 4;

interface Kept {
  readonly carrier: MqttCarrier;
  /** The participant's half of the key, and what it was answered. */
  readonly key: string;
  readonly answer: Answer;
}

/** The coordinator's side: one way to the broker, its own or one elsewhere, on which the sessions of all participants are told apart by topic. */
export class MqttListener implements Listener {
  readonly #options: ListenOptions;
  readonly #setup: ListenSetup;
  readonly #broker: EmbeddedBroker | null;
  readonly #sessions = new Map<string, Kept>();
  readonly #door: Door;
  #connection: BrokerWay | null = null;
  #closing: Promise<void> | null = null;
  #lastWord: LastWord | null = null;
  #certificate: string | null = null;
  #redial: Disposable | null = null;
  #watch: Disposable | null = null;
  #silent = false;
  /** What a broker refuses of somebody's, last told: it is the same at each of their attempts. */
  readonly #refusals = new Map<string, string>();
  #redialMs: number = timing.redialFirstMs;

  private constructor(options: ListenOptions, setup: ListenSetup, broker: EmbeddedBroker | null) {
    this.#options = options;
    this.#setup = setup;
    const { run, token = '' } = options;
    const { clock, owner } = setup;
    this.#door = new Door({ protocol: 'mqtt', run, token, identity: owner.identity, clock });
    this.#broker = broker;
  }

  static async start(options: ListenOptions, setup: ListenSetup): Promise<MqttListener> {
    const { host, run, token = '', onRefused, knows } = options;
    const port = portFor(options, 'mqtt');
    const broker =
      setup.brokerUrl === undefined
        ? await EmbeddedBroker.start({ host, port, run, token, onRefused, knows, owner: setup.owner })
        : null;
    const listener = new MqttListener(options, setup, broker);
    try {
      await listener.#connect();
      return listener;
    } catch (error) {
      await broker?.[Symbol.asyncDispose]();
      throw error;
    }
  }

  get endpoints(): readonly Endpoint[] {
    const { brokerUrl } = this.#setup;
    const broker = this.#broker;
    const identity = this.#setup.owner.identity.peerId;
    if (broker !== null) {
      return reachableHosts(this.#options.host).map((host) => ({
        protocol: 'mqtt',
        provider: 'mqtt',
        host,
        port: broker.port,
        identity,
      }));
    }
    const { hostname, port } = new URL(this.#url);
    const standardPort = this.#url.startsWith('mqtts:') ? 8883 : 1883;
    const outside = brokerUrl === undefined ? {} : { url: brokerUrl };
    // Participants have not the authority's file, so they are told whom it vouched for.
    const vouched = this.#certificate === null ? {} : { brokerCertificate: this.#certificate };
    return [
      {
        protocol: 'mqtt',
        provider: 'mqtt',
        host: bareHost(hostname),
        port: port === '' ? standardPort : Number(port),
        identity,
        ...outside,
        ...vouched,
      },
    ];
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  leaveWord({ status, reason }: LastWord): void {
    this.#lastWord = { status, reason: reason.slice(0, 500) };
  }

  get #url(): string {
    return this.#setup.brokerUrl ?? urlOf(localHost(this.#options.host), this.#broker?.port ?? 0);
  }

  #status(state: 'online' | 'offline', reason: string): Buffer {
    return encodeStatus({ state, id: this.#setup.instance, reason });
  }

  async #connect(): Promise<void> {
    const { run, signal } = this.#options;
    const { clock } = this.#setup;
    const status = statusTopic(run, coordinatorName);
    const connection =
      this.#broker?.seat((topic, payload) => this.#onMessage(topic, payload)) ?? (await this.#dialBroker(status));
    try {
      const all = `${topicRoot}/${run}/+`;
      using deadline = clock.deadline(timing.connectTimeoutMs, signal);
      const gone = connection.closed.then((reason) => {
        throw brokerRefused(withoutSecrets(this.#url), `it closed the connection (${reason})`);
      });
      const subscribed = connection.subscribe([`${all}/+/open`, `${all}/+/up/#`, `${all}/status`]);
      await abortable(Promise.race([subscribed, gone]), deadline);
      const published = connection.publish(status, this.#status('online', ''), 'retain');
      await abortable(Promise.race([published, gone]), deadline);
    } catch (error) {
      connection.abort();
      signal.throwIfAborted();
      throw notLetIn(withoutSecrets(this.#url), status, error);
    }
    this.#connection = connection;
    if (this.#setup.brokerCa !== undefined) this.#certificate ??= connection.certificate;
    this.#redialMs = timing.redialFirstMs;
    spawn(
      'watching the connection to a broker',
      connection.closed.then((reason) => this.#onLost(connection, reason)),
    );
    if (this.#broker === null) this.#watchSilence(connection);
  }

  #dialBroker(status: string): Promise<BrokerConnection> {
    const { clock, brokerCa, dialect, size } = this.#setup;
    return BrokerConnection.open({
      url: this.#url,
      trust: outsideTrust(this.#url, { file: brokerCa }),
      // Nobody knows it: a broker cuts a connection when another comes by its client id, whoever that is.
      clientId: `${coordinatorName}:${entropyHex(this.#setup.entropy, 16)}`,
      ...ownCredentials(this.#url),
      will: { topic: status, payload: this.#status('offline', 'the coordinator vanished') },
      signal: this.#options.signal,
      clock,
      dialect,
      size,
      onMessage: (topic, payload) => this.#onMessage(topic, payload),
    });
  }

  /** An outside broker went away or was restarted: its sessions have ended with it, the run goes on when it is back. */
  #onLost(connection: BrokerWay, reason: string): void {
    if (this.#connection !== connection || this.#closing !== null) return;
    this.#connection = null;
    this.#silent = false;
    this.#tellBroker('lost', reason);
    this.#retry();
  }

  /** One that stands still keeps its connections, and says nothing to anybody. */
  #watchSilence(connection: BrokerWay): void {
    this.#watch = this.#setup.clock.timer(timing.heartbeatMs, () => {
      if (this.#connection !== connection || this.#closing !== null) return;
      const silent = connection.silentMs >= timing.degradedStuckMs;
      if (silent !== this.#silent)
        this.#tellBroker(
          silent ? 'lost' : 'connected',
          silent ? 'it acknowledges nothing, and keeps the connection' : '',
        );
      this.#silent = silent;
      this.#watchSilence(connection);
    });
  }

  #tellRefusal(participant: string, address: string, reason: string): void {
    if (this.#refusals.get(participant) === reason) return;
    if (this.#refusals.size < limits.participantsMax) this.#refusals.set(participant, reason);
    this.#options.onRefused({ address, reason });
  }

  #tellBroker(state: BrokerNews['state'], reason: string): void {
    this.#options.onBroker?.({ protocol: 'mqtt', address: withoutSecrets(this.#url), state, reason });
  }

  #retry(): void {
    this.#redial = this.#setup.clock.timer(this.#redialMs, () => {
      this.#redialMs = Math.min(this.#redialMs * 2, timing.redialMaxMs);
      if (this.#closing !== null || this.#options.signal.aborted) return;
      this.#connect().then(
        // It may be gone again, which has been told.
        () => this.#connection !== null && this.#tellBroker('connected', ''),
        (error: unknown) => {
          this.#tellBroker('lost', error instanceof Error ? error.message : String(error));
          this.#retry();
        },
      );
    });
  }

  #onMessage(topic: string, payload: Buffer): void {
    const parsed = parseTopic(this.#options.run, topic);
    if (parsed === null) return;
    if (parsed.what === 'status') return this.#onStatus(parsed, payload);
    if (parsed.what === 'open') return this.#onOpen(parsed, decodeRequest(payload));
    // Without a session: pieces that were under way when it ended.
    if (parsed.direction === 'up') this.#sessions.get(keyOf(parsed))?.carrier.receive(parsed.what, topic, payload);
  }

  #onStatus(parsed: ParsedTopic, payload: Buffer): void {
    if (parsed.participant === coordinatorName) return;
    const status = decodeStatus(payload);
    if (status?.state !== 'offline') return;
    this.#sessions.get(keyOf({ ...parsed, session: status.id }))?.carrier.saidGone(`the broker says: ${status.reason}`);
  }

  #onOpen(parsed: ParsedTopic, request: Request | null): void {
    const { run, onRefused, onSession } = this.#options;
    const { participant, session: id } = parsed;
    const connection = this.#connection;
    if (connection === null || this.#closing !== null) return;
    const { base } = sessionTopics(run, participant, id);
    const address = this.#broker?.addressOf(participant, id) ?? `${participant} via ${new URL(this.#url).host}`;
    const answer = (answered: Answer): void => {
      connection.publish(`${base}/down/session`, encodeHandshake(answered)).catch(() => connection.abort());
    };
    // Nobody could tell that an answer to that is ours.
    if (request === null) return onRefused({ address, reason: 'its request for a session is malformed' });
    const { key } = request;
    if (this.#answeredAgain(parsed, key, answer)) return;
    const grant = ({ keys, answer: granted }: Granted): void => {
      if (this.#connection !== connection || this.#closing !== null) return;
      // It may have come twice before the first was served.
      if (this.#answeredAgain(parsed, key, answer)) return;
      // Without an answer, which would be the last word: who meant well asks again.
      if (this.#sessions.size >= sessionsMax)
        return onRefused({ address, reason: `this coordinator has ${sessionsMax} sessions already` });
      const peerIdentity = this.#broker?.identityOf(participant, id) ?? null;
      const carrier = this.#makeCarrier(parsed, connection, { base, keys, remote: address, peerIdentity });
      this.#sessions.set(keyOf(parsed), { carrier, key, answer: granted });
      answer(granted);
      onSession(carrier.session);
    };
    this.#door.ask(parsed, request, {
      granted: grant,
      refused: (reason) => onRefused({ address, reason }),
      answered: answer,
    });
  }

  /** The broker may deliver a request twice (QoS 1): the answer is the same. To another one for that session there is none. */
  #answeredAgain(parsed: ParsedTopic, key: string, answer: (answered: Answer) => void): boolean {
    const known = this.#sessions.get(keyOf(parsed));
    if (known?.key === key) answer(known.answer);
    return known !== undefined;
  }

  #makeCarrier(
    parsed: ParsedTopic,
    connection: BrokerWay,
    peer: Pick<MqttCarrierOptions, 'base' | 'keys' | 'remote' | 'peerIdentity'>,
  ): MqttCarrier {
    return new MqttCarrier({
      ...peer,
      connection,
      size: this.#setup.size,
      elsewhere: this.#broker === null,
      clock: this.#setup.clock,
      release: async ({ code, reason, local, abrupt }) => {
        this.#sessions.delete(keyOf(parsed));
        if (code === 'broker_refused') this.#tellRefusal(parsed.participant, peer.remote, reason);
        if (local && (abrupt || code === 'garbage')) this.#broker?.kick(parsed.participant, parsed.session);
      },
    });
  }

  /** What whoever looks for this run at the broker from now on finds there. */
  #lastStatus(): Buffer {
    const word = this.#lastWord;
    if (word === null) return this.#status('offline', 'it has ended');
    const { run, token = '' } = this.#options;
    const { owner, entropy, instance } = this.#setup;
    const left = leaveEnd(owner.identity, { run, token }, word, entropy);
    return encodeStatus({ state: 'ended', id: instance, reason: '', ...left });
  }

  async #close(): Promise<void> {
    this.#redial?.[Symbol.dispose]();
    this.#watch?.[Symbol.dispose]();
    this.#door[Symbol.dispose]();
    await Promise.allSettled(
      [...this.#sessions.values()].map(({ carrier }) =>
        carrier.session.close('clean', 'the coordinator stopped listening'),
      ),
    );
    const connection = this.#connection;
    if (connection !== null) {
      const { run } = this.#options;
      const goodbye = connection.publish(statusTopic(run, coordinatorName), this.#lastStatus(), 'retain');
      // A broker that stands still acknowledges nothing, and closes nothing either.
      const told = Promise.race([goodbye.catch(() => undefined), connection.closed]);
      await within(timing.closeTimeoutMs, this.#setup.clock, told);
      await connection.end();
    }
    await this.#broker?.[Symbol.asyncDispose]();
  }
}

function notLetIn(url: string, status: string, error: unknown): unknown {
  if (error instanceof PieceRefused) return brokerRefused(url, `it does not take ${status} (${error.message})`);
  if (error instanceof RoundscopeError) return error;
  return connectTimeout(url, 'the broker accepted us and answers nothing', timing.connectTimeoutMs);
}

function keyOf(parsed: { readonly participant: string; readonly session: string }): string {
  return `${parsed.participant}/${parsed.session}`;
}
