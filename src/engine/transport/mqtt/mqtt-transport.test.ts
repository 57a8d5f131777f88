import { describe, test } from 'node:test';
import mqtt from 'mqtt';
import { systemClock } from '#engine/host/system-clock.ts';
import { systemEntropy } from '#engine/host/system-entropy.ts';
import { createIdentity } from '#engine/identity/identity.ts';
import type { Endpoint } from '#shared/contract/app/invitation.ts';
import { coordinatorIdentity, participantIdentity } from '#test/contract/session-pair.ts';
import { describeTransport } from '#test/contract/transport.ts';
import type { Foreign } from '#test/contract/security-claims.ts';
import { TcpPath } from '#test/support/network-path.ts';
import { tapMqtt } from '#test/support/taps/mqtt.ts';
import { findMosquitto, freePort, startMosquitto } from '#test/support/brokers/mosquitto.ts';
import { participantCredentials } from './broker/auth.ts';
import { MqttTransport } from './mqtt-transport.ts';

const parts = { clock: systemClock, entropy: systemEntropy, identity: participantIdentity };

async function nobody(): Promise<readonly Endpoint[]> {
  const { peerId } = createIdentity();
  return [{ protocol: 'mqtt', provider: 'mqtt', host: '127.0.0.1', port: await freePort(), identity: peerId }];
}

describeTransport('mqtt, embedded broker', async () => ({
  dialer: new MqttTransport(parts),
  listener: new MqttTransport({ ...parts, identity: coordinatorIdentity }),
  nobody,
  security: { token: 'proved', identity: 'proved', dialer: 'proved', foreign: publishAsAnother },
  [Symbol.asyncDispose]: async () => undefined,
}));

const mosquitto = findMosquitto();
if ('missing' in mosquitto) {
  describe('transport contract: mqtt, mosquitto', () => {
    test('all of it', { skip: mosquitto.missing });
  });
} else {
  describeTransport('mqtt, mosquitto', async () => {
    // A broker that limits packets as many do, so that frames travel in pieces of a size of their own.
    const broker = await startMosquitto(mosquitto.path, ['message_size_limit 131072']);
    const wire = await TcpPath.open(Number(new URL(broker.url).port));
    const through = new URL(broker.url);
    through.port = String(wire.port);
    return {
      dialer: new MqttTransport({ ...parts, publishBytes: 100_000 }),
      listener: new MqttTransport({
        ...parts,
        identity: coordinatorIdentity,
        brokerUrl: through.href,
        publishBytes: 100_000,
      }),
      nobody,
      skip: { takenPort: 'the broker owns the port' },
      security: {
        token: 'proved',
        identity: 'proved',
        dialer: { missing: 'the coordinator does not see the connections of a broker elsewhere' },
        foreign: {
          missing: "who may publish where is the outside broker's to say: what others put there is tried below",
        },
        tap: (at) => tapMqtt(broker.url, at),
        wire,
      },
      [Symbol.asyncDispose]: async () => {
        await wire[Symbol.asyncDispose]();
        await broker[Symbol.asyncDispose]();
      },
    };
  });
}

/** A participant of the run, admitted by its token, that publishes on the topic of another. */
async function publishAsAnother({ endpoints, run, token, stream }: Foreign): Promise<void> {
  const claim = { run, participant: 'node-2', session: '5e'.repeat(16), instance: '1d'.repeat(16) };
  const client = mqtt.connect(`mqtts://127.0.0.1:${endpoints[0]?.port}`, {
    rejectUnauthorized: false,
    reconnectPeriod: 0,
    protocolVersion: 4,
    ...participantCredentials(token, claim),
  });
  const happened = (event: 'connect' | 'close'): Promise<void> =>
    new Promise((resolve) => client.once(event, () => resolve()));
  await happened('connect');
  const gone = happened('close');
  client.on('error', () => undefined);
  client.publish(stream, Buffer.alloc(99), { qos: 1 });
  await gone;
  client.end(true);
}
