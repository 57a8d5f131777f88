import { createSocket } from 'node:dgram';
import { describe, test } from 'node:test';
import { workerPath } from '#engine/host/entries.ts';
import { systemClock } from '#engine/host/system-clock.ts';
import { systemEntropy } from '#engine/host/system-entropy.ts';
import { createIdentity } from '#engine/identity/identity.ts';
import { coordinatorIdentity, participantIdentity } from '#test/contract/session-pair.ts';
import { describeTransport } from '#test/contract/transport.ts';
import { missingLibrary } from '#test/support/brokers/cyclone.ts';
import { tapDds } from '#test/support/taps/dds.ts';
import { writeAsAnother } from '#test/support/brokers/dds-intruder.ts';
import { DdsTransport } from './dds-transport.ts';

const parts = {
  clock: systemClock,
  entropy: systemEntropy,
  worker: workerPath('dds'),
  identity: participantIdentity,
};

const absent = await missingLibrary();

if (absent !== false) {
  describe('transport contract: dds', () => {
    test('all of it', { skip: absent });
  });
} else {
  describeTransport('dds', async () => ({
    dialer: new DdsTransport({ ...parts, connectTimeoutMs: 4000 }),
    listener: new DdsTransport({ ...parts, identity: coordinatorIdentity }),
    nobody: async () => {
      const { peerId: identity } = createIdentity();
      return [{ protocol: 'dds', provider: 'dds', host: '127.0.0.1', port: await freePort(), identity }];
    },
    security: {
      token: 'proved',
      identity: 'proved',
      dialer: { missing: 'a participant proves the token, and that it goes on being itself' },
      foreign: writeAsAnother,
      tap: tapDds,
    },
    [Symbol.asyncDispose]: async () => undefined,
  }));
}

async function freePort(): Promise<number> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(() => resolve()));
  return port;
}
