import type { ConsumeMessage } from 'amqplib';
import type { Clock } from '#shared/base/clock.ts';
import { RoundscopeError } from '#shared/base/errors.ts';
import { spawn } from '#shared/base/spawn.ts';
import { timing } from '#shared/contract/limits.ts';
import { sessionEnded } from '../session-errors.ts';
import type { BrokerTrouble } from '../broker-trouble.ts';
import { runOver } from '../last-word.ts';
import type { DialOptions, Session } from '../transport.ts';
import { within } from '../within.ts';
import { AmqpCarrier } from './amqp-carrier.ts';
import { userIn, withoutSecrets } from './amqp-url.ts';
import type { BrokerTrust } from './broker-trust.ts';
import { connectTimeout } from '../broker-errors.ts';
import { brokerBlocked, brokerRefused, operationError } from './connect-errors.ts';
import { AmqpConnection, type QueueReader } from './connection.ts';
import { freshHalf } from '../key-agreement.ts';
import { amqpSessionVersion, brokerPassword, requestProof, sessionKeys, type Claim } from './handshake.ts';
import { echoQueueOf, endedOf, inboxOf, laneQueue, sessionQueues, type SessionQueues } from './names.ts';
import type { MessageLimits } from './message-limits.ts';
import { participantUser } from './private-broker-files.ts';
import { sessionType } from './sealed-piece.ts';
import { decodeEnd, decodeRefusal, encodeMessage, refusalType, requestType, type Refusal } from './session-message.ts';

/** How long an attempt that is given up may take to tidy. */
const giveUpMs = 1000;

export interface DialSetup {
  readonly clock: Clock;
  readonly publishBytes: number;
  readonly queueExpiryMs: number;
  readonly session: string;
  /** The coordinator's half of the keys, from the invitation. */
  readonly coordinatorKey: string;
  readonly trust: BrokerTrust;
  readonly timeoutMs: number;
  /** Of a broker elsewhere; absent: it is known what the broker takes. */
  readonly limits?: MessageLimits;
  readonly trouble: BrokerTrouble;
}

/** Connects to a broker, asks the run's coordinator for a session there and waits for its answer. */
export async function dialBroker(url: string, options: DialOptions, setup: DialSetup): Promise<Session> {
  const { run, participant, token = '', signal } = options;
  const { clock, timeoutMs, trust, trouble, limits } = setup;
  const tell = options.observer?.onBroker;
  using deadline = clock.deadline(timeoutMs, signal);
  const connection = await AmqpConnection.open({
    url,
    user: userIn(url) ?? { username: participantUser, password: brokerPassword(token, run) },
    name: `roundscope ${run} ${participant}`,
    trust,
    signal,
    timeoutMs,
    clock,
    onBlocked: (reason) => (reason === '' ? trouble.over(tell) : trouble.blocked(reason, tell)),
    onTooLarge: () => limits?.forget(withoutSecrets(url)),
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
  readonly #connection: AmqpConnection;
  readonly #options: DialOptions;
  readonly #setup: DialSetup;
  readonly #claim: Claim;
  readonly #queues: SessionQueues;
  readonly #refused = Promise.withResolvers<never>();
  #reader: QueueReader | null = null;
  #doubt: Disposable | null = null;
  #settled = false;

  constructor(url: string, connection: AmqpConnection, options: DialOptions, setup: DialSetup) {
    const { run } = options;
    this.#url = withoutSecrets(url);
    this.#connection = connection;
    this.#options = options;
    this.#setup = setup;
    this.#claim = { run, participant: options.participant, session: setup.session };
    this.#queues = sessionQueues(this.#claim, 'up');
  }

  async open(): Promise<Session> {
    const { token = '', run } = this.#options;
    const own = freshHalf();
    const offered = this.#setup.coordinatorKey;
    const keys = sessionKeys('up', { own, offered, token, claim: this.#claim });
    if (keys === null) throw noCoordinatorKey(this.#url);
    await this.#setup.limits?.apply(this.#connection, echoQueueOf(this.#claim));
    const reader = await this.#connection.openReader();
    this.#reader = reader;
    await this.#declare(reader);
    const carrier = new AmqpCarrier({
      connection: this.#connection,
      reader,
      onForeign: (message) => this.#onForeign(message),
      queues: this.#queues,
      keys,
      remote: new URL(this.#url).host,
      publishBytes: this.#setup.publishBytes,
      queueExpiryMs: this.#setup.queueExpiryMs,
      clock: this.#setup.clock,
      release: async ({ abrupt }) => (abrupt ? this.#connection.abort() : this.#connection.end()),
    });
    await carrier.start();
    using _returned = this.#connection.watchReturns(inboxOf(run), () =>
      spawn('asking why nobody answers', this.#tellWhyNobody()),
    );
    const proof = requestProof(token, this.#claim, { own: own.offered, coordinator: offered });
    const { participant, session } = this.#claim;
    const halves = { key: own.offered, coordinator: offered };
    const request = { version: amqpSessionVersion, participant, session, ...halves, proof };
    await this.#connection.publish('control', {
      queue: inboxOf(run),
      type: requestType,
      content: encodeMessage(request),
    });
    const ended = carrier.session.closed.then((end) => {
      throw sessionEnded(end);
    });
    await Promise.race([carrier.accepted.promise, ended]);
    return carrier.session;
  }

  /** Nothing that comes from now on is an answer. */
  settled(): void {
    this.#settled = true;
    this.#doubt?.[Symbol.dispose]();
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
          reject(brokerRefused(this.#url, `it closed the connection (${reason})`)),
        ),
      );
    });
    return Promise.race([over, this.#refused.promise]);
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

  /** A refusal comes unsealed: who is refused has no key. */
  #onForeign(message: ConsumeMessage): boolean {
    const refusal = message.properties.type === refusalType ? decodeRefusal(message.content) : null;
    if (refusal !== null) this.#refused.reject(notAccepted(this.#url, refusal));
    else if (!this.#settled && message.properties.type === sessionType) this.#doubt ??= this.#giveUpSoon();
    return refusal !== null;
  }

  /** Whoever answered has not the coordinator's key; but anybody at the broker may do that, so the coordinator's own answer gets its time. */
  #giveUpSoon(): Disposable {
    return this.#setup.clock.timer(timing.amqpDoubtMs, () => this.#refused.reject(anotherKey(this.#url)));
  }

  /** Nobody serves the run: it is over where word of that was left. */
  async #tellWhyNobody(): Promise<void> {
    const { run, token = '' } = this.#options;
    const looking = this.#connection.openReader().then((reader) => reader.look(endedOf(run)));
    const left = await looking.catch(() => null);
    const word = left === null ? null : decodeEnd(left);
    this.#refused.reject((word === null ? null : runOver(word, token, run)) ?? this.#nobodyServes());
  }

  #nobodyServes(): RoundscopeError {
    return new RoundscopeError('connect_refused', {
      layer: 'transport',
      message: `the broker at ${this.#url} knows no coordinator of this run: start it, or ask whether the run has ended`,
      retryable: true,
    });
  }
}

function notAccepted(url: string, { code, reason }: Refusal): RoundscopeError {
  if (code === 'identity_mismatch') return anotherKey(url);
  return new RoundscopeError(code, {
    layer: 'transport',
    message: `the coordinator behind ${url} did not accept us: ${reason}`,
  });
}

function anotherKey(url: string): RoundscopeError {
  return new RoundscopeError('identity_mismatch', {
    layer: 'transport',
    message: `whoever serves this run behind ${url} has another key than the invitation names: ask the coordinator for a new invitation; if this one is new, somebody stands in for it`,
  });
}

/** Its words say more than that the time for it is over. */
export function isBlocked(error: unknown): boolean {
  return error instanceof RoundscopeError && error.code === 'broker_blocked';
}

export function noCoordinatorKey(url: string): RoundscopeError {
  return new RoundscopeError('identity_mismatch', {
    layer: 'transport',
    message: `the invitation does not say by which key the coordinator behind ${url} is known: ask for a new one`,
  });
}
