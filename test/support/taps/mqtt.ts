import mqtt from 'mqtt';
import { parseLane } from '#engine/transport/credited/lane-name.ts';
import { statusTopic } from '#engine/transport/mqtt/topics.ts';
import { carriedName } from '#test/contract/transport-carried.ts';
import type { Carried, Foreign, Tap } from '#test/contract/security-claims.ts';

/** Another client of a broker that lets everybody read and write everywhere; it has no invitation. */
export async function tapMqtt(
  url: string,
  { run, participant, stream }: Pick<Foreign, 'run' | 'participant' | 'stream'>,
): Promise<Tap> {
  const [root = '', , , session = ''] = stream.split('/');
  const base = `${root}/${run}/${participant}/${session}`;
  const client = await mqtt.connectAsync(url, { reconnectPeriod: 0, protocolVersion: 4 });
  const heard: Carried[] = [];
  /** Of what it puts there itself it hears an echo. */
  const own = new Set<string>();
  client.on('message', (topic, content) => {
    const [, direction, name] = /^.*?\/(up|down)\/(.+)$/.exec(topic.slice(base.length)) ?? [];
    const lane = name === 'session' ? name : parseLane(name ?? '');
    if (lane === null || (direction !== 'up' && direction !== 'down')) return;
    if (!own.has(`${topic} ${content.toString('hex')}`)) heard.push({ direction, lane, content });
  });
  await client.subscribeAsync(`${base}/#`, { qos: 1 });
  return {
    hears: ['up', 'down'],
    puts: ['up', 'down'],
    heard: () => heard,
    put: async ({ direction, lane, content }) => {
      const topic = `${base}/${direction}/${carriedName(lane)}`;
      own.add(`${topic} ${content.toString('hex')}`);
      await client.publishAsync(topic, content, { qos: 1 });
    },
    sayGone: async () => {
      const words = { state: 'offline', id: session, reason: 'the participant vanished' };
      for (const who of [participant, 'coordinator'])
        await client.publishAsync(statusTopic(run, who), JSON.stringify(words), { qos: 1, retain: true });
      const ended = { ...words, state: 'ended', status: 'failed', proof: 'ab'.repeat(64) };
      await client.publishAsync(statusTopic(run, 'coordinator'), JSON.stringify(ended), { qos: 1, retain: true });
    },
    [Symbol.asyncDispose]: async () => {
      for (const who of [participant, 'coordinator'])
        await client.publishAsync(statusTopic(run, who), '', { qos: 1, retain: true });
      await client.endAsync();
    },
  };
}
