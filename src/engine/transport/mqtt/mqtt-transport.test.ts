import { createServer } from 'node:net';
import { systemClock } from '#engine/host/system-clock.ts';
import { systemEntropy } from '#engine/host/system-entropy.ts';
import type { Endpoint } from '#shared/contract/invitation.ts';
import { describeTransport } from '#test/contract/transport.ts';
import { MqttTransport } from './mqtt-transport.ts';

const parts = { clock: systemClock, entropy: systemEntropy };

async function closedPort(): Promise<readonly Endpoint[]> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  return [{ protocol: 'mqtt', provider: 'mqtt', host: '127.0.0.1', port }];
}

describeTransport('mqtt, embedded broker', async () => ({
  dialer: new MqttTransport(parts),
  listener: new MqttTransport(parts),
  nobody: closedPort,
  [Symbol.asyncDispose]: async () => undefined,
}));
