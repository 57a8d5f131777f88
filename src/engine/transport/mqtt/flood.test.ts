import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '#engine/host/system-clock.ts';
import { systemEntropy } from '#engine/host/system-entropy.ts';
import { createIdentity } from '#engine/identity/identity.ts';
import { limits } from '#shared/contract/limits.ts';
import { connectMqtt } from '#test/support/hostile/mqtt-client.ts';
import { findMosquitto, startMosquitto } from '#test/support/brokers/mosquitto.ts';
import { until } from '#test/support/until.ts';
import { joined } from '../../framing/parts.ts';
import { encodeHandshake } from '../sealed/handshake-message.ts';
import { sealedVersion } from '../sealed/handshake.ts';
import type { Session } from '../transport.ts';
import { MqttTransport } from './mqtt-transport.ts';
import { sessionTopics } from './topics.ts';

const mosquitto = findMosquitto();
const skip = 'missing' in mosquitto ? mosquitto.missing : false;
const { signal } = new AbortController();
const about = { run: 'r-1', token: 'a-token-of-sixteen-or-more', signal };
const parts = { clock: systemClock, entropy: systemEntropy };
const asked = 3000;

test(
  'a flood of requests without the invitation is refused a few in each turn, hardly answered, and keeps nobody out',
  { skip },
  async () => {
    assert.ok('path' in mosquitto);
    await using broker = await startMosquitto(mosquitto.path, ['max_queued_messages 0']);
    const sessions: Session[] = [];
    let [refused, inTurn, mostInTurn] = [0, 0, 0];
    const identity = createIdentity();
    await using listener = await new MqttTransport({ ...parts, identity, brokerUrl: broker.url }).listen({
      ...about,
      host: '127.0.0.1',
      port: 0,
      onSession: (session) => void sessions.push(session),
      onRefused: () => {
        refused++;
        mostInTurn = Math.max(mostInTurn, ++inTurn);
        if (inTurn === 1) setImmediate(() => void (inTurn = 0));
      },
    });
    using watcher = await connectMqtt(broker.url);
    let answers = 0;
    watcher.client.on('message', (topic) => void (topic.includes('/mallory/') && answers++));
    await watcher.client.subscribeAsync(`roundscope/${about.run}/+/+/down/session`);
    using writer = await connectMqtt(broker.url);
    const startedMs = systemClock.monotonicMs();
    const key = 'a'.repeat(64);
    const request = encodeHandshake({ version: sealedVersion, key, coordinator: identity.peerId, proof: key });
    const flood = Array.from({ length: asked }, (_, number) => {
      const { open } = sessionTopics(about.run, 'mallory', number.toString(16).padStart(32, '0'));
      return writer.client.publishAsync(open, request, { qos: 1 });
    });
    const dialer = new MqttTransport({ ...parts, identity: createIdentity() });
    await using near = await dialer.dial(listener.endpoints, { ...about, participant: 'lab-1' });
    await Promise.all(flood);
    await until(() => refused === asked);
    await near.send({ lane: 'control', parts: [Uint8Array.of(7)] }, { signal });
    for await (const frame of sessions[0]?.frames() ?? []) {
      assert.deepEqual([...joined(frame.parts)], [7]);
      break;
    }
    // Some are told.
    await until(() => answers > 0);
    const seconds = (systemClock.monotonicMs() - startedMs) / 1000;
    const allowed = limits.signedRefusalsBurstMax + limits.signedRefusalsPerSecondMax * seconds;
    assert.ok(answers <= allowed, `${answers} answers in ${seconds} s`);
    // What is left of one turn, and the next one.
    assert.ok(mostInTurn <= 2 * limits.mqttMessagesPerTurnMax, `${mostInTurn} in one turn`);
  },
);
