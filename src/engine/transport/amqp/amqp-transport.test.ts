import { describe, test } from 'node:test';
import { systemClock } from '#engine/host/system-clock.ts';
import { systemEntropy } from '#engine/host/system-entropy.ts';
import { createIdentity } from '#engine/identity/identity.ts';
import type { Endpoint } from '#shared/contract/app/invitation.ts';
import { coordinatorIdentity, participantIdentity } from '#test/contract/session-pair.ts';
import { describeTransport } from '#test/contract/transport.ts';
import { stranger } from '#test/support/brokers/amqp-kit.ts';
import { freePort } from '#test/support/brokers/mosquitto.ts';
import { TcpPath } from '#test/support/network-path.ts';
import { tapAmqp } from '#test/support/taps/amqp.ts';
import { missingRabbitmq, startRabbitmq } from '#test/support/brokers/rabbitmq.ts';
import { AmqpTransport } from './amqp-transport.ts';

const parts = { clock: systemClock, entropy: systemEntropy, identity: participantIdentity };

async function nobody(): Promise<readonly Endpoint[]> {
  const place = { host: '127.0.0.1', port: await freePort() };
  return [{ protocol: 'amqp', provider: 'amqp', identity: createIdentity().peerId, ...place }];
}

const missing = missingRabbitmq();
if (missing !== false) {
  describe('transport contract: amqp', () => {
    test('all of it', { skip: missing });
  });
} else {
  describeTransport('amqp, rabbitmq', async () => {
    const broker = await startRabbitmq('r-contract');
    const wire = await TcpPath.open(Number(new URL(broker.url).port));
    const through = new URL(broker.url);
    through.port = String(wire.port);
    return {
      dialer: new AmqpTransport(parts),
      listener: new AmqpTransport({ ...parts, identity: coordinatorIdentity, brokerUrl: through.href }),
      nobody,
      skip: { takenPort: 'the broker owns the port' },
      security: {
        token: 'proved',
        identity: 'proved',
        dialer: { missing: 'a participant proves the token, and that it goes on being itself' },
        foreign: async ({ stream }) => {
          const evil = await stranger(broker.url);
          await evil.publish('control', { queue: stream, type: 'control', content: Buffer.alloc(40) });
          await evil.end();
        },
        tap: async (at) => {
          const tap = await tapAmqp(broker, at);
          const missing = 'last-will.test.ts passes on a last will whose sender lives';
          return { ...tap, sayGone: { missing } };
        },
        wire,
      },
      [Symbol.asyncDispose]: async () => {
        await wire[Symbol.asyncDispose]();
        await broker[Symbol.asyncDispose]();
      },
    };
  });
}
