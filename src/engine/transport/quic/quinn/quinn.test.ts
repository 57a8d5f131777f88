import { networkInterfaces } from 'node:os';
import { test } from 'node:test';
import { describeQuicSession } from '#test/contract/quic-session.ts';
import { systemClock } from '#engine/host/system-clock.ts';
import { createIdentity } from '#engine/identity/identity.ts';
import { quicDefaults } from '../quic-options.ts';
import { QuinnProvider } from './quinn.ts';

describeQuicSession('quinn', {
  make: (quic) => new QuinnProvider({ clock: systemClock, identity: createIdentity(), quic }),
});

const hasIpv6 = Object.values(networkInterfaces()).some((found) => found?.some(({ family }) => family === 'IPv6'));
const skip = hasIpv6 ? false : 'this machine has no IPv6';

test(
  'what listens at every address is reached over both families, at one port',
  { skip, timeout: 60_000 },
  async () => {
    const provider = new QuinnProvider({ clock: systemClock, identity: createIdentity(), quic: quicDefaults });
    await using listener = await provider.listen({ host: '::', port: 0, onSession: () => undefined });
    const { port, identity } = listener;
    for (const host of ['127.0.0.1', '::1']) {
      const endpoint = { protocol: 'quic', provider: 'quinn', host, port, identity } as const;
      const session = await provider.dial(endpoint, { signal: AbortSignal.timeout(20_000) });
      session.abort('done', 'the test is over');
    }
  },
);
