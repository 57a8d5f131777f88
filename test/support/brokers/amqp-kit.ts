import { systemClock } from '#engine/host/system-clock.ts';
import { systemEntropy } from '#engine/host/system-entropy.ts';
import { createIdentity } from '#engine/identity/identity.ts';
import { AmqpTransport, type AmqpOptions } from '#engine/transport/amqp/amqp-transport.ts';
import { userIn } from '#engine/transport/amqp/amqp-url.ts';
import { AmqpConnection } from '#engine/transport/amqp/connection.ts';
import type { Listener, Session } from '#engine/transport/transport.ts';

export const amqpParts = { clock: systemClock, entropy: systemEntropy, identity: createIdentity() };
export const never = new AbortController().signal;
export const token = 'the-token-of-this-run';

export interface Served extends AsyncDisposable {
  readonly listener: Listener;
  readonly sessions: Session[];
  readonly refused: string[];
  /** What was told of the broker, and on the way to listening. */
  readonly news: string[];
}

/** A coordinator's end at a broker. */
export async function serve(run: string, brokerUrl: string, options: Partial<AmqpOptions> = {}): Promise<Served> {
  const sessions: Session[] = [];
  const refused: string[] = [];
  const news: string[] = [];
  const listener = await new AmqpTransport({ ...amqpParts, brokerUrl, ...options }).listen({
    signal: never,
    run,
    token,
    host: '127.0.0.1',
    port: 0,
    onSession: (session) => sessions.push(session),
    onRefused: ({ address, reason }) => refused.push(`${address}: ${reason}`),
    onBroker: ({ state, reason }) => news.push(`${state}: ${reason}`),
    onProgress: (text) => news.push(text),
  });
  return { listener, sessions, refused, news, [Symbol.asyncDispose]: () => listener[Symbol.asyncDispose]() };
}

export function dial(
  served: { readonly listener: Pick<Listener, 'endpoints'> },
  run: string,
  options: Partial<AmqpOptions> & { readonly token?: string; readonly participant?: string } = {},
): Promise<Session> {
  const { token: said = token, participant = 'node-1', ...rest } = options;
  return new AmqpTransport({ ...amqpParts, ...rest }).dial(served.listener.endpoints, {
    signal: never,
    run,
    token: said,
    participant,
  });
}

/** Somebody else at the broker, with the same rights as the coordinator. */
export function stranger(url: string, authority?: string): Promise<AmqpConnection> {
  return AmqpConnection.open({
    url,
    user: userIn(url),
    name: 'stranger',
    trust: { by: 'authorities', ...(authority === undefined ? {} : { ca: authority }) },
    signal: never,
    clock: systemClock,
  });
}

/** Whether the broker has a queue of that name. */
export async function hasQueue(connection: AmqpConnection, queue: string): Promise<boolean> {
  // A queue that is not there closes the channel that asks for it.
  const { channel } = await connection.openReader();
  return await channel.checkQueue(queue).then(
    async () => {
      await channel.close();
      return true;
    },
    () => false,
  );
}

/** Whether a message to that queue comes back, because there is none. Asking for the queue would put its expiry off. */
export async function comesBack(connection: AmqpConnection, queue: string): Promise<boolean> {
  let back = false;
  using _watch = connection.watchReturns(queue, () => (back = true));
  await connection.publish('control', { queue, type: 'question', content: Buffer.alloc(0) });
  return back;
}
