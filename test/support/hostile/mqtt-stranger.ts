import { randomBytes } from 'node:crypto';
import { sealedVersion } from '#engine/transport/sealed/handshake.ts';
import { sessionTopics, statusTopic } from '#engine/transport/mqtt/topics.ts';
import { hostileBytes } from './hostile-bytes.ts';
import { inParallel, whateverHappens, type Ledger } from './ledger.ts';
import { connectMqtt } from './mqtt-client.ts';

const topicsWritten = 5000;

/**
 * Somebody at a broker elsewhere that lets everybody write everywhere: junk, also retained, on every topic of the run that
 * it can name without having listened, and on 5,000 of sessions that nobody has. Reached: the broker acknowledged it, and
 * passed it on to whoever subscribes to all.
 */
export async function attackOutsideMqtt(
  url: string,
  run: string,
  participants: readonly string[],
  ledger: Ledger,
): Promise<void> {
  using listener = await connectMqtt(url);
  using writer = await connectMqtt(url);
  const heard = new Set<string>();
  listener.client.on('message', (topic) => heard.add(topic));
  await listener.client.subscribeAsync(`roundscope/${run}/#`, { qos: 1 });
  const write = async (kind: string, topic: string, payload: Uint8Array, retain: boolean): Promise<void> => {
    ledger.made(kind);
    const acknowledged = await whateverHappens(
      writer.client.publishAsync(topic, Buffer.from(payload), { qos: 1, retain }).then(() => true),
      10_000,
    );
    if (acknowledged === true) ledger.reached(kind);
  };
  const session = randomBytes(16).toString('hex');
  const opens = [
    Buffer.from('{"type":"open"}'),
    Buffer.from(JSON.stringify({ type: 'open', version: 99, instance: 'a', proof: 'b' })),
    Buffer.from(JSON.stringify({ type: 'open', version: 2, instance: 'a'.repeat(16), proof: 'b'.repeat(64) })),
    Buffer.from(JSON.stringify({ type: 'open', version: sealedVersion, key: 'a'.repeat(64), proof: 'b'.repeat(64) })),
  ];
  const ends = [{ state: 'ended', id: session, reason: 'because', status: 'completed', proof: 'b'.repeat(64) }];
  const words = [...Object.values(hostileBytes), ...opens, ...ends.map((end) => Buffer.from(JSON.stringify(end)))];
  for (const who of ['coordinator', ...participants, 'mallory'])
    for (const payload of words) {
      await write('outside MQTT: status, retained', statusTopic(run, who), payload, true);
      const { base, open } = sessionTopics(run, who, session);
      await write('outside MQTT: requests', open, payload, true);
      for (const way of ['up/session', 'up/control', 'down/control', 'up/bulk/1', 'up', '+', 'up/control/../..'])
        if (!way.includes('+')) await write('outside MQTT: sessions of nobody', `${base}/${way}`, payload, false);
    }
  await inParallel(topicsWritten, 100, (index) => {
    const { open } = sessionTopics(run, `p-${index % 50}`, index.toString(16).padStart(32, '0'));
    return write(`outside MQTT: ${topicsWritten} topics`, open, Buffer.from('{}'), true);
  });
  const kind = 'outside MQTT: what a subscriber to all has heard of it';
  ledger.made(kind, topicsWritten);
  ledger.reached(kind, Math.min(topicsWritten, heard.size));
}
