import { describe, test } from 'node:test';
import { systemClock } from '#engine/host/system-clock.ts';
import { systemEntropy } from '#engine/host/system-entropy.ts';
import type { Endpoint } from '#shared/contract/invitation.ts';
import { describeTransport } from '#test/contract/transport.ts';
import { findMosquitto, freePort, startMosquitto } from '#test/support/mosquitto.ts';
import { MqttTransport } from './mqtt-transport.ts';

const parts = { clock: systemClock, entropy: systemEntropy };

async function nobody(): Promise<readonly Endpoint[]> {
  return [{ protocol: 'mqtt', provider: 'mqtt', host: '127.0.0.1', port: await freePort() }];
}

describeTransport('mqtt, embedded broker', async () => ({
  dialer: new MqttTransport(parts),
  listener: new MqttTransport(parts),
  nobody,
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
    return {
      dialer: new MqttTransport({ ...parts, publishBytes: 100_000 }),
      listener: new MqttTransport({ ...parts, brokerUrl: broker.url, publishBytes: 100_000 }),
      nobody,
      skip: { takenPort: 'the broker owns the port' },
      [Symbol.asyncDispose]: () => broker[Symbol.asyncDispose](),
    };
  });
}
