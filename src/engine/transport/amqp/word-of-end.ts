import type { Channel } from 'amqplib';
import type { Clock } from '#shared/base/time/clock.ts';
import type { Entropy } from '#shared/base/entropy.ts';
import type { Identity } from '../../identity/identity.ts';
import { isOwnUser } from '../broker-users.ts';
import { leaveEnd, type LeftWord } from '../last-word.ts';
import type { LastWord } from '../transport.ts';
import type { AmqpConnection } from './connection.ts';
import { endedOf, endedQueue, endedStream } from './names.ts';
import { decodeEnd, encodeEnd, endType } from './session-message.ts';

/**
 * Word of the end of a run, which a coordinator leaves at a broker elsewhere for whoever comes when nobody serves the run.
 *
 * Who may read a queue of RabbitMQ may also acknowledge what is in it, or empty it. Where each participant is a user with rights
 * of its own the word is in a stream, whose readers take nothing away. Where all are one user each of them may delete whatever
 * there is. Decision 0099.
 */
export interface AtBroker {
  readonly connection: AmqpConnection;
  /** With the user's name. */
  readonly url: string;
  readonly run: string;
}

/** Before the queue of requests goes: who finds that gone looks for this. */
export async function leaveWordOfEnd(
  at: AtBroker,
  word: LastWord,
  by: { readonly identity: Identity; readonly token: string; readonly entropy: Entropy },
): Promise<void> {
  const { connection, run } = at;
  if (!(await declareStream(at)))
    await declare(connection, (channel) => channel.assertQueue(endedOf(run), endedQueue()));
  const content = encodeEnd(leaveEnd(by.identity, { run, token: by.token }, word, by.entropy));
  await connection.publish('control', { queue: endedOf(run), type: endType, content, lasting: true });
}

/** Whoever may write there may have written it. */
export async function findWordOfEnd(at: AtBroker, clock: Clock): Promise<LeftWord | null> {
  const left = await firstIn(at, clock);
  return left === null ? null : decodeEnd(left);
}

async function firstIn({ connection, url, run }: AtBroker, clock: Clock): Promise<Buffer | null> {
  const queue = endedOf(run);
  if (isOwnUser(url, run)) {
    try {
      return await (await connection.openReader()).lookAtFirst(queue, clock);
    } catch {
      // There is none, or the coordinator had to take the queue of all brokers, which is not to be read like that.
    }
  }
  return await (await connection.openReader()).look(queue);
}

async function declareStream({ connection, url, run }: AtBroker): Promise<boolean> {
  if (!isOwnUser(url, run)) return false;
  try {
    await declare(connection, (channel) => channel.assertQueue(endedOf(run), endedStream()));
    return true;
  } catch {
    // A broker without streams, such as RabbitMQ before 3.9: the queue that all have is better than no word at all.
    return false;
  }
}

/** On a channel of its own: what the broker does not like closes it. */
async function declare(connection: AmqpConnection, say: (channel: Channel) => Promise<unknown>): Promise<void> {
  const reader = await connection.openReader();
  await say(reader.channel);
  await reader.close();
}
