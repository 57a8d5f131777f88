import type { Options } from 'amqplib';
import { limits, timing } from '#shared/contract/limits.ts';
import type { LaneClass } from '../credited/carrier.ts';

/**
 * Queues and exchanges of a run. Those of a session carry its number, which nobody else can guess, and its participant, so
 * that a broker's access rules can be exact and people see in any AMQP tool who speaks:
 *
 *     roundscope.<run>.coordinator                                   exchange and queue: requests for a session
 *     roundscope.<run>.undeliverable                                 exchange and queue: what readers rejected
 *     roundscope.<run>.p.<participant>.<session>.up|down.control     control lane, and words about the session
 *     roundscope.<run>.p.<participant>.<session>.up|down.bulk        all bulk lanes, told apart by the message's type
 *     roundscope.<run>.p.<participant>.<session>.up|down.will        one message, held until its sender vanishes
 *     roundscope.<run>.p.<participant>.<session>.up                  exchange: what the participant publishes
 *     roundscope.<run>.p.<participant>.<session>.up.echo             a message to oneself: what is the largest that passes?
 *     roundscope.<run>.coordinator.<number>.echo                     the same for the coordinator
 *     roundscope.<run>.ended                                         word of the end, for whoever comes later; a stream where it can be
 *
 * The default exchange leads to every queue of a virtual host, and a broker has one right to it: the coordinator alone uses
 * it. A participant publishes to exchanges that lead to its own queues and to the requests.
 */
export type Direction = 'up' | 'down';

export interface SessionQueues {
  /** Sent to. */
  readonly out: QueueSet;
  /** Read from. */
  readonly in: QueueSet;
}

export interface QueueSet extends Readonly<Record<LaneClass, string>> {
  /** Holds the last will of the end that sends in this direction. */
  readonly will: string;
}

export const queuePrefix = 'roundscope';

/** Of everything: what a broker can write rights by. */
export interface SessionName {
  readonly run: string;
  readonly participant: string;
  readonly session: string;
}

export function inboxOf(run: string): string {
  return `${queuePrefix}.${run}.coordinator`;
}

export function undeliverableOf(run: string): string {
  return `${queuePrefix}.${run}.undeliverable`;
}

export function endedOf(run: string): string {
  return `${queuePrefix}.${run}.ended`;
}

/** What the names of all session queues of a run begin with. */
export function sessionPrefixOf(run: string): string {
  return `${queuePrefix}.${run}.p.`;
}

/** The queues of one session, as an end sees them that sends in that direction. Decision 0041. */
export function sessionQueues(claim: SessionName, outgoing: Direction): SessionQueues {
  const base = baseOf(claim);
  const set = (direction: Direction): QueueSet => ({
    control: `${base}.${direction}.control`,
    bulk: `${base}.${direction}.bulk`,
    will: `${base}.${direction}.will`,
  });
  return outgoing === 'up' ? { out: set('up'), in: set('down') } : { out: set('down'), in: set('up') };
}

/** For a message to oneself. */
export function echoQueueOf(claim: SessionName): string {
  return `${baseOf(claim)}.up.echo`;
}

/** What a participant publishes through in a session. */
export function exchangeOf(claim: SessionName): string {
  return `${baseOf(claim)}.up`;
}

function baseOf({ run, participant, session }: SessionName): string {
  return `${sessionPrefixOf(run)}${participant}.${session}`;
}

/** The same for a coordinator; `salt`: one that was killed may still have its queue. */
export function coordinatorEchoOf(run: string, salt: string): string {
  return `${inboxOf(run)}.${salt}.echo`;
}

/**
 * Durable, so that a broker that restarts knows them; gone by themselves a while after nobody reads them any more. What
 * does not fit is refused to its publisher, what a reader rejects goes to the undeliverable.
 */
export function laneQueue(run: string, kind: LaneClass, expiryMs: number): Options.AssertQueue {
  const windowBytes = kind === 'control' ? limits.amqpControlWindowBytes : limits.amqpBulkWindowBytes;
  return {
    durable: true,
    arguments: {
      'x-expires': expiryMs,
      // Twice the window: pieces carry headers, and words about the session have no window.
      'x-max-length-bytes': 2 * windowBytes,
      'x-max-length': limits.amqpQueueMessagesMax,
      'x-overflow': 'reject-publish',
      'x-dead-letter-exchange': undeliverableOf(run),
    },
  };
}

export function inboxQueue(run: string, expiryMs: number): Options.AssertQueue {
  return {
    durable: true,
    arguments: {
      'x-expires': expiryMs,
      'x-max-length': limits.amqpInboxMessagesMax,
      'x-overflow': 'reject-publish',
      'x-dead-letter-exchange': undeliverableOf(run),
    },
  };
}

/**
 * AMQP 0-9-1 has no last will. This is one: its only message is read and not acknowledged by who put it there. When that
 * connection is gone the broker takes the message back, finds it too old at once, and passes it on to `to` through `exchange`.
 */
export function willQueue(to: string, exchange: string, expiryMs: number): Options.AssertQueue {
  return {
    durable: true,
    arguments: {
      'x-expires': expiryMs,
      'x-message-ttl': 0,
      'x-max-length': 1,
      'x-dead-letter-exchange': exchange,
      'x-dead-letter-routing-key': to,
    },
  };
}

/**
 * One message, which each reader puts back; asking for it puts its expiry off. Whoever may read it may also take it away, which
 * is no matter where all are the same user to the broker.
 */
export function endedQueue(): Options.AssertQueue {
  return { durable: true, arguments: { 'x-expires': timing.amqpWordExpiryMs, 'x-max-length': 1 } };
}

/** What is read of a stream stays there for the next, and readers cannot empty it. It has no expiry: it goes with its virtual host. */
export function endedStream(): Options.AssertQueue {
  return { durable: true, arguments: { 'x-queue-type': 'stream' } };
}

export function undeliverableQueue(expiryMs: number): Options.AssertQueue {
  // The oldest go: what is counted and told is that there are such, not each for ever.
  return { durable: true, arguments: { 'x-expires': expiryMs, 'x-max-length': limits.amqpInboxMessagesMax } };
}
