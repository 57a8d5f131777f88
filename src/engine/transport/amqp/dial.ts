import type { ConsumeMessage } from 'amqplib';
import type { Clock } from '#shared/base/time/clock.ts';
import { RoundscopeError } from '#shared/base/errors.ts';
import { spawn } from '#shared/base/spawn.ts';
import { limits } from '#shared/contract/limits.ts';
import { sessionEnded } from '../session-errors.ts';
import type { BrokerTrouble } from '../broker-trouble.ts';
import { runOver } from '../last-word.ts';
import type { DialOptions, Session } from '../transport.ts';
import { within } from '../shared/within.ts';
import { AmqpCarrier } from './amqp-carrier.ts';
import { userIn, withoutSecrets } from './amqp-url.ts';
import type { BrokerTrust } from './broker/broker-trust.ts';
import { connectTimeout } from '../broker-errors.ts';
import { brokerBlocked, brokerRefused, isMissing, operationError } from './connect-errors.ts';
import { AmqpConnection, type QueueReader } from './connection.ts';
import { Asking } from '../sealed/asking.ts';
import type { Claim, SessionKeys } from '../sealed/handshake.ts';
import { decodeAnswer, encodeHandshake } from '../sealed/handshake-message.ts';
import { brokerPassword } from './broker/broker-password.ts';
import { echoQueueOf, exchangeOf, inboxOf, laneQueue, sessionQueues, type SessionQueues } from './names.ts';
import type { MessageLimits } from './message-limits.ts';
import { participantUser } from './broker/private-broker-files.ts';
import { answerType, requestType } from './session-message.ts';
import { findWordOfEnd } from './word-of-end.ts';

/** How long an attempt that is given up may take to tidy. */
const giveUpMs = 1000;

export interface DialSetup {
  readonly clock: Clock;
  readonly publishBytes: number;
  readonly queueExpiryMs: number;
  readonly session: string;
  /** Peer id that the invitation names. */
  readonly coordinator: string;
  readonly trust: BrokerTrust;
  readonly timeoutMs: number;
  /** Of a broker elsewhere; absent: it is the coordinator's own, and known what it takes. */
  readonly limits?: MessageLimits;
  readonly trouble: BrokerTrouble;
}

/** Connects to a broker, asks the run's coordinator for a session there and waits for its answer. */
export async function dialBroker(url: string, options: DialOptions, setup: DialSetup): Promise<Session> {
  const { run, participant, token = '', signal } = options;
  const { clock, timeoutMs, trust, trouble } = setup;
  const tell = options.observer?.onBroker;
  using deadline = clock.deadline(timeoutMs, signal);
  const connection = await AmqpConnection.open({
    url,
    user: userIn(url) ?? { username: participantUser, password: brokerPassword(token, run) },
    exchange: exchangeOf({ run, participant, session: setup.session }),
    name: `roundscope ${run} ${participant}`,
    trust,
    signal,
    timeoutMs,
    clock,
    onBlocked: (reason) => (reason === '' ? trouble.over(tell) : trouble.blocked(reason, tell)),
    onTooLarge: () => setup.limits?.forget(withoutSecrets(url)),
  });
  const attempt = new Attempt(url, connection, options, setup);
  try {
    const session = await Promise.race([attempt.open(), attempt.failed(deadline)]);
    trouble.over(tell);
    return session;
  } catch (error) {
    await attempt.giveUp();
    if (!isBlocked(error)) signal.throwIfAborted();
    throw operationError(withoutSecrets(url), error);
  } finally {
    attempt.settled();
  }
}

/** One try to get a session from the coordinator behind a broker. */
class Attempt {
  readonly #url: string;
  readonly #urlWithUser: string;
  readonly #connection: AmqpConnection;
  readonly #options: DialOptions;
  readonly #setup: DialSetup;
  readonly #claim: Claim;
  readonly #queues: SessionQueues;
  readonly #asking: Asking;
  #reader: QueueReader | null = null;
  #led: Promise<void> = Promise.resolve();
  #carrier: AmqpCarrier | null = null;

  constructor(url: string, connection: AmqpConnection, options: DialOptions, setup: DialSetup) {
    const { run, participant, token = '' } = options;
    this.#url = withoutSecrets(url);
    this.#urlWithUser = url;
    this.#connection = connection;
    this.#options = options;
    this.#setup = setup;
    this.#claim = { protocol: 'amqp', run, participant, session: setup.session };
    this.#queues = sessionQueues(this.#claim, 'up');
    const { clock, coordinator } = setup;
    this.#asking = new Asking({ claim: this.#claim, token, coordinator, where: this.#url, clock });
  }

  async open(): Promise<Session> {
    const { run } = this.#options;
    await this.#setup.limits?.apply(this.#connection, echoQueueOf(this.#claim));
    const reader = await this.#connection.openReader();
    this.#reader = reader;
    if (!(await this.#isServed(reader))) throw await this.#whyNobody();
    await this.#declare(reader);
    await reader.read(this.#queues.in.control, limits.amqpControlPrefetch, {
      take: (message) => this.#take(reader, message),
      onCancelled: () => this.#carrier?.onCancelled(),
    });
    using _returned = this.#connection.watchReturns(inboxOf(run), () =>
      spawn('asking why nobody answers', this.#tellWhyNobody()),
    );
    const { control, bulk } = this.#queues.out;
    // While the coordinator answers: nothing goes there before.
    this.#led = this.#connection.lead(reader.channel, [control, bulk]);
    await Promise.all([this.#ask(), this.#led, this.#asking.granted]);
    const carrier = this.#carrier;
    if (carrier === null) throw new Error('a session was granted and not made');
    const ended = carrier.session.closed.then((end) => {
      throw sessionEnded(end);
    });
    await Promise.race([carrier.start('handed'), ended]);
    return carrier.session;
  }

  /** Publishing to an exchange that is not there would cost the connection. */
  async #isServed({ channel }: QueueReader): Promise<boolean> {
    try {
      await channel.checkExchange(inboxOf(this.#claim.run));
      return true;
    } catch (error) {
      if (isMissing(error)) return false;
      throw error;
    }
  }

  #ask(): Promise<void> {
    const { run, participant, session } = this.#claim;
    const queue = inboxOf(run);
    const content = encodeHandshake({ ...this.#asking.request, participant, session });
    return this.#connection.publish('control', { exchange: queue, queue, type: requestType, content });
  }

  /** Nothing that comes from now on is an answer. */
  settled(): void {
    this.#asking[Symbol.dispose]();
  }

  /** What comes on the control queue: the coordinator's answer first, and then the session's. */
  #take(reader: QueueReader, message: ConsumeMessage): boolean {
    if (this.#carrier !== null) return this.#carrier.take('control', message);
    const answer = message.properties.type === answerType ? decodeAnswer(message.content) : null;
    const before = this.#asking.foreign;
    const keys = this.#asking.hear(answer);
    if (keys !== null) this.#carrier = this.#make(reader, keys);
    return this.#asking.foreign === before;
  }

  #make(reader: QueueReader, keys: SessionKeys): AmqpCarrier {
    const { publishBytes, queueExpiryMs, clock, coordinator } = this.#setup;
    return new AmqpCarrier({
      connection: this.#connection,
      reader,
      queues: this.#queues,
      keys,
      peerIdentity: coordinator,
      elsewhere: this.#setup.limits !== undefined,
      remote: new URL(this.#url).host,
      publishBytes,
      queueExpiryMs,
      clock,
      foreign: this.#asking.foreign,
      release: async ({ abrupt }) => (abrupt ? this.#connection.abort() : this.#connection.end()),
    });
  }

  failed(deadline: AbortSignal): Promise<never> {
    const { signal } = this.#options;
    const over = new Promise<never>((_, reject) => {
      const onAbort = (): void =>
        reject(signal.aborted && this.#connection.blocked === '' ? signal.reason : this.#late());
      if (deadline.aborted) return onAbort();
      deadline.addEventListener('abort', onAbort, { once: true });
      spawn(
        'watching the connection to a broker',
        this.#connection.closed.then((reason) =>
          reject(
            // The coordinator has left between our look and our request.
            isMissing(reason) ? this.#nobodyServes() : brokerRefused(this.#url, `it closed the connection (${reason})`),
          ),
        ),
      );
    });
    return over;
  }

  /** Takes away what was declared. */
  async giveUp(): Promise<void> {
    const connection = this.#connection;
    try {
      // A broker that blocks publishers does not hear this either.
      if (connection.blocked === '') await within(giveUpMs, this.#setup.clock, this.#takeAway());
    } catch {
      // The connection is gone, or may not: what was declared expires.
    } finally {
      connection.abort();
    }
  }

  async #takeAway(): Promise<void> {
    const { in: heard, out } = this.#queues;
    // A queue that goes before it is bound would leave the exchange, which goes with the last of its bindings.
    await this.#led;
    for (const queue of [out.will, out.control, out.bulk, heard.control, heard.bulk])
      await this.#reader?.channel.deleteQueue(queue);
    await this.#connection.end();
  }

  #late(): RoundscopeError {
    const { blocked } = this.#connection;
    if (blocked !== '') return brokerBlocked(this.#url, blocked);
    const what = 'the broker is there, but no coordinator of this run answered';
    return connectTimeout(this.#url, what, this.#setup.timeoutMs);
  }

  async #declare(reader: QueueReader): Promise<void> {
    const { run } = this.#options;
    for (const set of [this.#queues.in, this.#queues.out]) {
      await reader.channel.assertQueue(set.control, laneQueue(run, 'control', this.#setup.queueExpiryMs));
      await reader.channel.assertQueue(set.bulk, laneQueue(run, 'bulk', this.#setup.queueExpiryMs));
    }
  }

  async #tellWhyNobody(): Promise<void> {
    this.#asking.fail(await this.#whyNobody());
  }

  /** Nobody serves the run: it is over where word of that was left. */
  async #whyNobody(): Promise<RoundscopeError> {
    const { run, token = '' } = this.#options;
    const place = { connection: this.#connection, url: this.#urlWithUser, run };
    const word = await findWordOfEnd(place, this.#setup.clock).catch(() => null);
    return (word === null ? null : runOver(word, { run, token }, this.#setup.coordinator)) ?? this.#nobodyServes();
  }

  #nobodyServes(): RoundscopeError {
    return new RoundscopeError('connect_refused', {
      layer: 'transport',
      message: `the broker at ${this.#url} knows no coordinator of this run: start it, or ask whether the run has ended`,
      retryable: true,
    });
  }
}

/** Its words say more than that the time for it is over. */
export function isBlocked(error: unknown): boolean {
  return error instanceof RoundscopeError && error.code === 'broker_blocked';
}
