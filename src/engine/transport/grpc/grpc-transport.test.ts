import { createServer } from 'node:net';
import { systemClock } from '#engine/host/system-clock.ts';
import { systemEntropy } from '#engine/host/system-entropy.ts';
import { createIdentity } from '#engine/identity/identity.ts';
import type { Endpoint } from '#shared/contract/invitation.ts';
import { describeTransport } from '#test/contract/transport.ts';
import { GrpcTransport } from './grpc-transport.ts';

for (const security of ['tls', 'plaintext'] as const) {
  const make = (): GrpcTransport =>
    new GrpcTransport({ clock: systemClock, entropy: systemEntropy, identity: createIdentity(), security });
  describeTransport(`grpc, ${security}`, async () => ({
    dialer: make(),
    listener: make(),
    nobody: () => nobody(security),
    [Symbol.asyncDispose]: async () => undefined,
  }));
}

async function nobody(security: 'tls' | 'plaintext'): Promise<readonly Endpoint[]> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise<void>((resolve) => server.close(() => resolve()));
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const identity = security === 'tls' ? { identity: '0'.repeat(64) } : {};
  return [{ protocol: 'grpc', provider: 'grpc', host: '127.0.0.1', port, ...identity }];
}
