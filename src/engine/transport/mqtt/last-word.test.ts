import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import mqtt from 'mqtt';
import { systemClock } from '#engine/host/system-clock.ts';
import { systemEntropy } from '#engine/host/system-entropy.ts';
import { createIdentity } from '#engine/identity/identity.ts';
import { findMosquitto, startMosquitto, type RunningBroker } from '#test/support/brokers/mosquitto.ts';
import { leaveEnd } from '../last-word.ts';
import type { BrokerNews, Listener } from '../transport.ts';
import { MqttTransport } from './mqtt-transport.ts';
import { coordinatorName, statusTopic } from './topics.ts';

const mosquitto = findMosquitto();
const skip = 'missing' in mosquitto ? mosquitto.missing : false;
const coordinator = createIdentity();
const signal = new AbortController().signal;
const about = { run: 'r-1', token: 'a-token-of-sixteen-or-more', signal };

function transport(broker: RunningBroker, identity = createIdentity()): MqttTransport {
  return new MqttTransport({ clock: systemClock, entropy: systemEntropy, identity, brokerUrl: broker.url });
}

function listen(broker: RunningBroker): Promise<Listener> {
  const heard = { onSession: () => undefined, onRefused: () => undefined };
  return transport(broker, coordinator).listen({ ...about, host: '127.0.0.1', port: 0, ...heard });
}

async function publishStatus(broker: RunningBroker, status: object): Promise<void> {
  const client = await mqtt.connectAsync(broker.url, { reconnectPeriod: 0, protocolVersion: 4 });
  await client.publishAsync(statusTopic(about.run, coordinatorName), JSON.stringify(status), { qos: 1, retain: true });
  await client.endAsync();
}

describe('a run that is over, at a broker elsewhere', { skip }, () => {
  test('whoever comes later finds what it came to, until somebody serves it again', async () => {
    assert.ok('path' in mosquitto);
    await using broker = await startMosquitto(mosquitto.path);
    const listener = await listen(broker);
    const endpoints = [...listener.endpoints];
    listener.leaveWord?.({ status: 'completed', reason: 'the run is over: completed' });
    await listener[Symbol.asyncDispose]();
    await assert.rejects(transport(broker).dial(endpoints, { ...about, participant: 'lab-2' }), {
      code: 'run_over',
      message: 'the run is over: completed',
      retryable: false,
      context: { status: 'completed' },
    });
    await using _again = await listen(broker);
    await using session = await transport(broker).dial(endpoints, { ...about, participant: 'lab-2' });
    assert.equal(session.stack, 'mqtt.js');
  });

  test('a coordinator that closes without a last word is away, and may come back', async () => {
    assert.ok('path' in mosquitto);
    await using broker = await startMosquitto(mosquitto.path);
    const listener = await listen(broker);
    const endpoints = [...listener.endpoints];
    await listener[Symbol.asyncDispose]();
    const told: string[] = [];
    const observer = { onBroker: ({ state }: BrokerNews) => void told.push(state) };
    await assert.rejects(transport(broker).dial(endpoints, { ...about, participant: 'lab-2', observer }), {
      code: 'connect_refused',
      retryable: true,
    });
    assert.deepEqual(told, [], 'the broker that says so is there');
  });

  test('who is not the coordinator ends nothing, also with the token', async () => {
    assert.ok('path' in mosquitto);
    await using broker = await startMosquitto(mosquitto.path);
    await using listener = await listen(broker);
    const word = { status: 'failed', reason: 'go home' } as const;
    const left = leaveEnd(createIdentity(), about, word, systemEntropy);
    const forged = { state: 'ended', id: 'x', reason: 'go home', ...left };
    await publishStatus(broker, forged);
    await using session = await transport(broker).dial(listener.endpoints, { ...about, participant: 'lab-2' });
    assert.equal(session.stack, 'mqtt.js');
  });
});
