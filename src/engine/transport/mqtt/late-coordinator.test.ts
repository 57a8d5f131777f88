import assert from 'node:assert/strict';
import { test } from 'node:test';
import mqtt from 'mqtt';
import { systemClock } from '#engine/host/system-clock.ts';
import { systemEntropy } from '#engine/host/system-entropy.ts';
import { createIdentity } from '#engine/identity/identity.ts';
import { findMosquitto, startMosquitto } from '#test/support/brokers/mosquitto.ts';
import type { Listener, Session } from '../transport.ts';
import { MqttTransport } from './mqtt-transport.ts';

const mosquitto = findMosquitto();
const skip = 'missing' in mosquitto ? mosquitto.missing : false;
const about = { run: 'r-1', token: 'a-token-of-sixteen-or-more', signal: new AbortController().signal };

test('a coordinator that comes to the broker after the request is asked again', { skip }, async () => {
  assert.ok('path' in mosquitto);
  const identity = createIdentity();
  const first = await startMosquitto(mosquitto.path);
  const parts = { clock: systemClock, entropy: systemEntropy };
  const sessions: Session[] = [];
  const listen = (): Promise<Listener> =>
    new MqttTransport({ ...parts, identity, brokerUrl: first.url }).listen({
      ...about,
      host: '127.0.0.1',
      port: 0,
      onSession: (session) => void sessions.push(session),
      onRefused: ({ reason }) => assert.fail(reason),
    });
  const before = await listen();
  const { endpoints } = before;
  await before[Symbol.asyncDispose]();
  await first[Symbol.asyncDispose]();

  // It remembers nobody's status.
  await using _broker = await startMosquitto(mosquitto.path, [], first.port);
  const watcher = await mqtt.connectAsync(first.url, { reconnectPeriod: 0 });
  await watcher.subscribeAsync('#');
  const asked = new Promise<void>((resolve) => {
    watcher.on('message', (topic) => topic.endsWith('/open') && resolve());
  });
  const dialed = new MqttTransport({ ...parts, identity: createIdentity() }).dial(endpoints, {
    ...about,
    participant: 'lab-1',
  });
  await asked;
  await watcher.endAsync();
  await using _listener = await listen();
  await using session = await dialed;
  assert.equal(session.stack, 'mqtt.js');
  assert.equal(sessions.length, 1);
});
