import type { Clock } from '#shared/base/time/clock.ts';
import { RoundscopeError } from '#shared/base/errors.ts';
import { spawn } from '#shared/base/spawn.ts';
import { runOver, type AboutRun } from '../last-word.ts';
import { timing } from '#shared/contract/limits.ts';
import { PieceRefused, type PieceSize } from '../credited/piece-size.ts';
import type { DialOptions, Session } from '../transport.ts';
import { within } from '../shared/within.ts';
import { Asking } from '../sealed/asking.ts';
import type { Claim, SessionKeys } from '../sealed/handshake.ts';
import { decodeAnswer, encodeHandshake } from '../sealed/handshake-message.ts';
import { participantCredentials } from './broker/auth.ts';
import type { BrokerTrust } from './broker/broker-socket.ts';
import { connectTimeout } from '../broker-errors.ts';
import type { BrokerTrouble } from '../broker-trouble.ts';
import { brokerRefused, withoutSecrets } from './connect-errors.ts';
import { BrokerConnection } from './connection.ts';
import type { Dialect } from './dialect.ts';
import { decodeStatus, encodeStatus, type StatusMessage } from './status-message.ts';
import { MqttCarrier } from './mqtt-carrier.ts';
import { coordinatorName, parseTopic, sessionTopics, statusTopic, type SessionTopics } from './topics.ts';

export interface DialSetup {
  readonly clock: Clock;
  readonly trust: BrokerTrust;
  /** Peer id that the invitation names. */
  readonly coordinator: string;
  readonly size: PieceSize;
  readonly dialect: Dialect;
  readonly instance: string;
  readonly session: string;
  readonly timeoutMs: number;
  readonly trouble: BrokerTrouble;
}

/** Connects to a broker, asks the run's coordinator for a session there and waits for its answer. */
export async function dialBroker(url: string, options: DialOptions, setup: DialSetup): Promise<Session> {
  using deadline = setup.clock.deadline(setup.timeoutMs, options.signal);
  const attempt = new Attempt(url, options, setup);
  using asking = attempt.asking;
  const connection = await BrokerConnection.open({
    ...setup,
    url,
    ...participantCredentials(options.token ?? '', { ...attempt.claim, instance: setup.instance }),
    ...ownCredentials(url),
    will: { topic: attempt.topics.status, payload: attempt.will },
    signal: options.signal,
    onMessage: (topic, payload) => attempt.hear(topic, payload),
  });
  attempt.connection = connection;
  setup.trouble.over(options.observer?.onBroker);
  try {
    const asked = attempt.ask(connection);
    const answered = asked.then(() => asking.granted).then(() => attempt.session());
    return await Promise.race([answered, failed(connection, deadline, options.signal, setup.timeoutMs)]);
  } catch (error) {
    await letGo(connection, attempt.topics, { abrupt: false, clock: setup.clock }).catch(() => connection.abort());
    throw error;
  }
}

/** So often may a coordinator come while it is asked; who says `online` has proved nothing. */
const askedMax = 4;

/** One try to get a session from the coordinator behind a broker: what is heard there, before and after. */
class Attempt {
  readonly claim: Claim;
  readonly topics: SessionTopics;
  readonly asking: Asking;
  connection: BrokerConnection | null = null;
  readonly #url: string;
  readonly #setup: DialSetup;
  readonly #about: AboutRun;
  #carrier: MqttCarrier | null = null;
  #asked = 0;

  constructor(url: string, { run, participant, token = '' }: DialOptions, setup: DialSetup) {
    this.#url = url;
    this.#setup = setup;
    this.#about = { run, token };
    this.claim = { protocol: 'mqtt', run, participant, session: setup.session };
    this.topics = sessionTopics(run, participant, setup.session);
    const { clock, coordinator } = setup;
    this.asking = new Asking({ claim: this.claim, token, coordinator, where: withoutSecrets(url), clock });
  }

  get will(): Buffer {
    return encodeStatus({ state: 'offline', id: this.claim.session, reason: 'the participant vanished' });
  }

  async ask(connection: BrokerConnection): Promise<void> {
    const { base, status } = this.topics;
    const [, run = ''] = base.split('/');
    await connection.subscribe([statusTopic(run, coordinatorName), `${base}/down/#`]);
    await this.#request(connection);
    const online = { state: 'online', id: base.slice(base.lastIndexOf('/') + 1), reason: '' } as const;
    await connection.publish(status, encodeStatus(online), 'retain');
  }

  get #elsewhere(): boolean {
    return this.#setup.trust.by !== 'identity';
  }

  session(): Session {
    if (this.#carrier === null) throw new Error('a session was granted and not made');
    return this.#carrier.session;
  }

  hear(topic: string, payload: Buffer): void {
    const parsed = parseTopic(this.claim.run, topic);
    if (parsed === null) return;
    if (parsed.what === 'status' && parsed.participant === coordinatorName) this.#onStatus(decodeStatus(payload));
    else if (parsed.direction !== 'down' || parsed.session !== this.claim.session) return;
    else if (this.#carrier !== null) this.#carrier.receive(parsed.what, topic, payload);
    else if (parsed.what === 'session') {
      const keys = this.asking.hear(decodeAnswer(payload));
      // At once, so that nothing that follows the answer closely is missed.
      if (keys !== null) this.#carrier = this.#make(keys);
    }
  }

  /** An end is signed by the coordinator; of anything else nobody knows who says it. */
  #onStatus(status: StatusMessage | null): void {
    if (status === null) return;
    if (status.state === 'online') return this.#onOnline();
    const over = endOf(status, this.#about, this.#setup.coordinator);
    if (over !== null) {
      this.asking.fail(over);
      this.#carrier?.session.lost(over.message);
    } else if (status.state === 'offline') {
      this.asking.hint(coordinatorAway(this.#url, status.reason));
      this.#carrier?.saidGone(`the coordinator is gone: ${status.reason}`);
    }
  }

  /** At a broker elsewhere it may have come after the request, which it has not heard then. One that has answers the same. */
  #onOnline(): void {
    const { connection } = this;
    if (connection === null || !this.#elsewhere || this.#carrier !== null) return;
    if (this.#asked === 0 || this.#asked >= askedMax) return;
    spawn(
      'asking a coordinator again',
      this.#request(connection).catch((error: unknown) => this.asking.fail(error)),
    );
  }

  async #request(connection: BrokerConnection): Promise<void> {
    const { open } = this.topics;
    const sent = connection.publish(open, encodeHandshake(this.asking.request));
    this.#asked++;
    await sent.catch((error: unknown) => {
      if (!(error instanceof PieceRefused)) throw error;
      throw brokerRefused(connection.url, `it does not take ${open} (${error.message})`);
    });
  }

  #make(keys: SessionKeys): MqttCarrier | null {
    const { connection, topics } = this;
    if (connection === null) return null;
    const { coordinator } = this.#setup;
    return new MqttCarrier({
      ...this.#setup,
      connection,
      keys,
      base: topics.base,
      remote: new URL(this.#url).host,
      peerIdentity: coordinator,
      elsewhere: this.#elsewhere,
      release: async ({ abrupt }) => letGo(connection, topics, { abrupt, clock: this.#setup.clock }),
    });
  }
}

function failed(
  connection: BrokerConnection,
  deadline: AbortSignal,
  signal: AbortSignal,
  timeoutMs: number,
): Promise<never> {
  return new Promise((_, reject) => {
    const onAbort = (): void =>
      reject(
        signal.aborted
          ? signal.reason
          : connectTimeout(
              connection.url,
              'the broker is there, but no coordinator of this run answered, or the broker does not let its answer pass',
              timeoutMs,
            ),
      );
    if (deadline.aborted) return onAbort();
    deadline.addEventListener('abort', onAbort, { once: true });
    spawn(
      'watching the connection to a broker',
      connection.closed.then((reason) => reject(brokerRefused(connection.url, `it closed the connection (${reason})`))),
    );
  });
}

/** Null: it says of no end, or is not the coordinator's. */
function endOf({ state, word, proof }: StatusMessage, about: AboutRun, coordinator: string): RoundscopeError | null {
  if (state !== 'ended' || word === undefined || proof === undefined) return null;
  return runOver({ word, proof }, about, coordinator);
}

function coordinatorAway(url: string, reason: string): RoundscopeError {
  return new RoundscopeError('connect_refused', {
    layer: 'transport',
    message: `the broker at ${withoutSecrets(url)} says that the coordinator of this run is not there (${reason}): start it, or ask whether the run is over`,
    retryable: true,
  });
}

/** A clean end takes the retained status away, so that late joiners are not told of who has left. */
async function letGo(
  connection: BrokerConnection,
  topics: SessionTopics,
  { abrupt, clock }: { readonly abrupt: boolean; readonly clock: Clock },
): Promise<void> {
  if (abrupt) return connection.abort();
  // A broker that stands still acknowledges nothing, and closes nothing either.
  const goodbye = connection.publish(topics.status, Buffer.alloc(0), 'retain').catch(() => undefined);
  await within(timing.closeTimeoutMs, clock, Promise.race([goodbye, connection.closed]));
  await connection.end();
}

/** User and password of an outside broker, from its URL, take the place of the token's proof at the broker. */
export function ownCredentials(url: string): { readonly username?: string; readonly password?: string } {
  const { username, password } = new URL(url);
  return username === '' ? {} : { username: decodeURIComponent(username), password: decodeURIComponent(password) };
}
