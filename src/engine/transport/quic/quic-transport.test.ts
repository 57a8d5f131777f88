import { createSocket } from 'node:dgram';
import { coordinatorIdentity, participantIdentity } from '#test/contract/session-pair.ts';
import { describeTransport } from '#test/contract/transport.ts';
import { framed, framingBytes } from '#test/support/kits/framed-transport.ts';
import { systemClock } from '#engine/host/system-clock.ts';
import { createIdentity, type Identity } from '#engine/identity/identity.ts';
import { limits } from '#shared/contract/limits.ts';
import type { QuicProvider } from './quic-session.ts';
import { QuicTransport } from './quic-transport.ts';

for (const provider of ['quinn', 'webtransport'] as const) {
  describeTransport(`quic over ${provider}`, async () => ({
    dialer: framed(makeTransport(provider, participantIdentity)),
    listener: framed(makeTransport(provider, coordinatorIdentity)),
    bodyBytesMax: limits.frameBytesMax - framingBytes,
    nobody: async () => [
      { protocol: 'quic', provider, host: '127.0.0.1', port: await freePort(), identity: createIdentity().peerId },
    ],
    security: {
      token: 'proved',
      identity: 'proved',
      dialer: provider === 'quinn' ? 'proved' : { missing: 'WebTransport has no certificates of clients' },
      foreign: { missing: 'a stream belongs to the connection that carries it, nothing on it could name another' },
    },
    [Symbol.asyncDispose]: async () => undefined,
  }));
}

function makeTransport(provider: QuicProvider['name'], identity: Identity): QuicTransport {
  return new QuicTransport({
    clock: systemClock,
    identity,
    providers: [provider],
    options: { connectTimeoutMs: 1500 },
  });
}

async function freePort(): Promise<number> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(resolve));
  return port;
}
