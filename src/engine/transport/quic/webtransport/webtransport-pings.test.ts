import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test, type TestContext } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { connect } from 'node:tls';
import { systemClock } from '#engine/host/system-clock.ts';
import { createIdentity } from '#engine/identity/identity.ts';
import type { QuicSession } from '../quic-session.ts';
import { WebTransportProvider } from './webtransport.ts';

/** The library pings each connection once a second, from an interval where an exception would end the process. */
const pingMs = 1000;

for (const side of ['dialer', 'listener'] as const)
  test(`the ${side}'s connection, destroyed and not closed yet, is not pinged`, async (context) => {
    const pings = intervals(context);
    const timers = new Set<() => void>();
    const timer = (_ms: number, due: () => void): Disposable => {
      timers.add(due);
      return { [Symbol.dispose]: () => timers.delete(due) };
    };
    const provider = new WebTransportProvider({ clock: { ...systemClock, timer }, identity: createIdentity() });
    const { promise: incoming, resolve } = Promise.withResolvers<QuicSession>();
    await using listener = await provider.listen({ host: '127.0.0.1', port: 0, onSession: resolve });
    const { port, identity } = listener;
    const endpoint = { protocol: 'quic', provider: 'webtransport', host: '127.0.0.1', port, identity } as const;
    const near = await provider.dial(endpoint, { signal: context.signal });
    const far = await incoming;
    pings(pingMs);

    timers.clear();
    (side === 'dialer' ? near : far).abort('clean', '');
    // Its patience with the close is over at once: it cuts the connection.
    const [cut] = timers;
    assert.ok(cut !== undefined);
    cut();
    pings(pingMs);
    await Promise.all([near.closed, far.closed]);
  });

test('a client that opens no session and breaks HTTP/2 is not pinged', async (context) => {
  const pings = intervals(context);
  const provider = new WebTransportProvider({ clock: systemClock, identity: createIdentity() });
  const onSession = (): void => assert.fail('a session');
  await using listener = await provider.listen({ host: '127.0.0.1', port: 0, onSession });
  const client = connect({ port: listener.port, rejectUnauthorized: false, ALPNProtocols: ['h2'] });
  client.on('error', () => undefined);
  const closed = once(client, 'close').then(() => true);
  client.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
  client.write(Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]));
  await once(client, 'data');

  // A frame of 16 MB, which is more than anybody was allowed to send (RFC 9113, 4.2).
  client.write(Buffer.from([0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 1]));
  while ((await Promise.race([closed, turn(false)])) === false) pings(pingMs);
});

/** Those of the library go by word: what is thrown in one is thrown here. */
function intervals({ mock }: TestContext): (ms: number) => void {
  mock.timers.enable({ apis: ['setInterval'] });
  return (ms) => mock.timers.tick(ms);
}
