import { parseLane } from '#engine/transport/credited/lane-name.ts';
import { sessionType } from '#engine/transport/amqp/session-message.ts';
import { carriedName } from '#test/contract/transport-carried.ts';
import type { Carried, Foreign, Tap } from '#test/contract/security-claims.ts';
import { stranger } from '#test/support/brokers/amqp-kit.ts';
import { until } from '#test/support/until.ts';
import { giveAllRights } from '#test/support/hostile/amqp-stranger.ts';
import type { RunningRabbitmq } from '#test/support/brokers/rabbitmq.ts';

const none = Buffer.alloc(0);

/** Its operator, who sees each publish by the broker's own tracing and may publish to any queue. */
export async function tapAmqp(broker: RunningRabbitmq, { stream }: Pick<Foreign, 'stream'>): Promise<Tap> {
  const base = stream.replace(/\.(up|down)\.control$/, '');
  await giveAllRights(broker);
  await broker.tell('rabbit_trace:start(<<"/">>).');
  const connection = await stranger(broker.url);
  const reader = await connection.openReader();
  const { queue } = await reader.channel.assertQueue('', { exclusive: true });
  await reader.channel.bindQueue(queue, 'amq.rabbitmq.trace', 'publish.#');
  const heard: Carried[] = [];
  const own = new Set<string>();
  let will: Buffer | null = null;
  await reader.read(queue, 100, {
    take: ({ content, properties }) => {
      const headers: Readonly<Record<string, unknown>> = properties.headers ?? {};
      const [to] = Array.isArray(headers['routing_keys']) ? headers['routing_keys'].map(String) : [''];
      const about: unknown = headers['properties'];
      const type: unknown = about instanceof Object ? Reflect.get(about, 'type') : undefined;
      const [, direction, what] = /\.(up|down)\.(control|bulk|will)$/.exec(to?.replace(base, '') ?? '') ?? [];
      if (typeof type !== 'string' || to?.startsWith(base) !== true) return true;
      if (what === 'will' && direction === 'up') will = content;
      const lane = type === sessionType ? 'session' : parseLane(type);
      if (what === 'will' || lane === null || (direction !== 'up' && direction !== 'down')) return true;
      if (!own.has(`${to} ${type} ${content.toString('hex')}`)) heard.push({ direction, lane, content });
      return true;
    },
    onCancelled: () => undefined,
  });
  const publish = async (to: string, type: string, content: Buffer): Promise<void> => {
    own.add(`${to} ${type} ${content.toString('hex')}`);
    await connection.publish('control', { queue: to, type, content });
  };
  return {
    hears: ['up', 'down'],
    puts: ['up', 'down'],
    heard: () => heard,
    put: ({ direction, lane, content }) =>
      publish(`${base}.${direction}.${lane.startsWith('bulk') ? 'bulk' : 'control'}`, carriedName(lane), content),
    sayGone: async () => {
      // It was put before anybody could listen, and is put again every so often.
      await until(() => will !== null);
      await connection.publish('control', { queue: `${base}.up.control`, type: sessionType, content: will ?? none });
    },
    [Symbol.asyncDispose]: async () => {
      await broker.tell('rabbit_trace:stop(<<"/">>).');
      await connection.end();
    },
  };
}
