import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { test } from 'node:test';
import { systemClock } from '#engine/host/system-clock.ts';
import { createIdentity } from '#engine/identity/identity.ts';
import { WebTransportProvider } from './webtransport.ts';

test('a handshake that is done after the dial was given up ends nothing but its socket', async () => {
  const make = (): WebTransportProvider => new WebTransportProvider({ clock: systemClock, identity: createIdentity() });
  const onSession = (): void => assert.fail('a session');
  await using listener = await make().listen({ host: '127.0.0.1', port: 0, onSession });
  await using path = await slowPath(listener.port);
  const { identity } = listener;
  const endpoint = {
    protocol: 'quic',
    provider: 'webtransport',
    host: '127.0.0.1',
    port: path.port,
    identity,
  } as const;
  const patience = new AbortController();
  const dial = make().dial(endpoint, { signal: patience.signal });
  await path.held;
  patience.abort(new Error('too late'));
  await assert.rejects(dial, /too late/);
  path.letPass();
  await path.closed;
});

/** A path to that port: the first connection, which looks at the certificate, passes; of the second no answer does until `letPass`. */
async function slowPath(target: number): Promise<
  AsyncDisposable & {
    readonly port: number;
    readonly held: Promise<void>;
    readonly closed: Promise<void>;
    readonly letPass: () => void;
  }
> {
  const [held, pass, closed] = [0, 0, 0].map(() => Promise.withResolvers<void>());
  assert.ok(held && pass && closed);
  let connections = 0;
  const server = createServer((near) => {
    const isFirst = ++connections === 1;
    const far = connect(target, '127.0.0.1').on('error', () => undefined);
    near.on('error', () => undefined).pipe(far);
    near.once('close', () => far.destroy());
    if (isFirst) return void far.pipe(near);
    near.once('close', () => closed.resolve());
    // Its answer is there and waits.
    far.once('readable', () => held.resolve());
    void pass.promise.then(() => far.pipe(near));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    held: held.promise,
    closed: closed.promise,
    letPass: () => pass.resolve(),
    [Symbol.asyncDispose]: async () => {
      server.close();
      await once(server, 'close');
    },
  };
}
