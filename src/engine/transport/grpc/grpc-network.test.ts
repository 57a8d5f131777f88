import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttp, type IncomingMessage } from 'node:http';
import { connect as connectHttp2, createServer as createHttp2, type Http2Session } from 'node:http2';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { describe, test } from 'node:test';
import type { Endpoint } from '#shared/contract/app/invitation.ts';
import { RoundscopeError } from '#shared/base/errors.ts';
import { assertAlive, dial, readOne, serve, signal, transport } from '#test/support/brokers/grpc-kit.ts';
import { bytesIn } from '../../framing/parts.ts';
import { proxyFor } from './proxy.ts';

const plaintext = { security: 'plaintext' } as const;

describe('grpc, a peer that is there no more', () => {
  test('a network that swallows everything is noticed by both ends within the idle limit', async () => {
    const options = { keepAliveMs: 100, keepAliveTimeoutMs: 200 };
    await using served = await serve(transport({ options }));
    await using relay = await tcpRelay(served.port);
    const near = await dial({ endpoints: moved(served.endpoints, relay.port) }, transport({ options }));
    const far = await served.next();
    await assertAlive(near, far);
    relay.swallow();
    const [nearEnd, farEnd] = await Promise.all([near.closed, far.closed]);
    assert.deepEqual([nearEnd.code, nearEnd.local], ['lost', false]);
    assert.match(nearEnd.reason, /the connection is gone/);
    assert.deepEqual([farEnd.code, farEnd.reason, farEnd.local], ['lost', 'the participant is gone', false]);
  });

  test('a connection with nothing to say stays, however long', async () => {
    const options = { keepAliveMs: 50, keepAliveTimeoutMs: 2000, helloTimeoutMs: 100 };
    await using served = await serve(transport({ options }));
    await using relay = await tcpRelay(served.port);
    await using near = await dial({ endpoints: moved(served.endpoints, relay.port) }, transport({ options }));
    const far = await served.next();
    // Twelve times as much as is between two of the library's pings: several times what connections without a session have.
    for (let pings = 0; pings < 12; pings++) await relay.heard();
    await assertAlive(near, far);
  });

  test('who takes the connection and says nothing has so long and no longer', async () => {
    await using silent = await listening(createServer());
    const endpoints = [{ protocol: 'grpc', provider: 'grpc', host: '127.0.0.1', port: silent.port }] as const;
    const dialer = transport({ ...plaintext, options: { connectTimeoutMs: 300 } });
    await assert.rejects(dial({ endpoints }, dialer), isError('connect_timeout', /within 0.3 s/));
  });

  test('the round trip is told at both ends', async () => {
    await using served = await serve();
    await using near = await dial(served);
    const far = await served.next();
    // The answer to a PING comes before the echo of what was sent after it.
    await assertAlive(near, far);
    await assertAlive(near, far);
    for (const { rttMs } of [near.stats(), far.stats()]) assert.ok(rttMs !== null && rttMs > 0, String(rttMs));
  });
});

describe('grpc, proxies', () => {
  test('through an HTTP/2 proxy in plain text: a call is a stream of its own there', async () => {
    await using served = await serve(transport(plaintext));
    await using proxy = await http2Proxy(served.port);
    await using near = await dial({ endpoints: moved(served.endpoints, proxy.port) }, transport(plaintext));
    const far = await served.next();
    await assertAlive(near, far);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      const reading = readOne(to);
      await from.send({ lane: 'bulk:m', parts: [Buffer.alloc(500_000, 3)], last: true }, { signal });
      assert.equal(bytesIn((await reading)?.parts ?? []), 500_000);
    }
    await near.close('clean', 'done');
    assert.equal((await far.closed).reason, 'done');
  });

  test('through a proxy that passes TLS on, identities are proved as without one', async () => {
    await using served = await serve();
    await using relay = await tcpRelay(served.port);
    await using near = await dial({ endpoints: moved(served.endpoints, relay.port) });
    const far = await served.next();
    assert.notEqual(far.peerIdentity, null);
    await assertAlive(near, far);
  });

  for (const security of ['tls', 'plaintext'] as const) {
    test(`through an HTTP CONNECT proxy that wants a password (${security})`, async () => {
      await using served = await serve(transport({ security }));
      await using proxy = await connectProxy('user:secret');
      const by = { host: '127.0.0.1', port: proxy.port, credentials: 'user:secret' };
      await using near = await dial(served, transport({ security, proxyFor: () => by }));
      await assertAlive(near, await served.next());
      assert.deepEqual(proxy.asked, [`127.0.0.1:${served.port}`]);
      const wrong = transport({ security, proxyFor: () => ({ ...by, credentials: 'user:hunter2' }) });
      await assert.rejects(dial(served, wrong), (error) => {
        isError('connect_failed', /The HTTP proxy at 127\.0\.0\.1:\d+ opens no connection to/)(error);
        assert.doesNotMatch(`${String(error)} ${JSON.stringify(error)}`, /hunter2/);
        return true;
      });
    });
  }

  test('which hosts are reached through one is said by the environment, and never this machine', () => {
    const environment = {
      grpc_proxy: 'http://user:p%40ss@proxy.example:3128',
      https_proxy: 'http://other.example',
      no_proxy: '.lab.example, 10.1.0.0/16,10.2.3.4',
    };
    const proxy = { host: 'proxy.example', port: 3128, credentials: 'user:p@ss' };
    assert.deepEqual(proxyFor('coordinator.example', environment), proxy);
    assert.deepEqual(proxyFor('10.2.3.5', environment), proxy);
    for (const host of [
      '127.0.0.1',
      '127.9.9.9',
      '::1',
      'localhost',
      'a.lab.example',
      'lab.example',
      '10.1.200.3',
      '10.2.3.4',
    ])
      assert.equal(proxyFor(host, environment), null, host);
    assert.equal(proxyFor('coordinator.example', {}), null);
    assert.equal(proxyFor('coordinator.example', { ...environment, no_grpc_proxy: '*' }), null);
    assert.deepEqual(proxyFor('x.example', { http_proxy: 'http://[::1]:80' })?.host, '::1');
    for (const wrong of ['proxy.example:secret', 'socks5://u:secret@proxy.example', 'http://'])
      assert.throws(
        () => proxyFor('x.example', { grpc_proxy: wrong }),
        (error) => {
          isError('settings_invalid', /grpc_proxy names no proxy/)(error);
          assert.doesNotMatch(String(error), /secret/);
          return true;
        },
      );
  });
});

interface Relay extends AsyncDisposable {
  readonly port: number;
}

function moved(endpoints: readonly Endpoint[], port: number): readonly Endpoint[] {
  return endpoints.map((endpoint) => ({ ...endpoint, port }));
}

async function listening(server: Server, others: () => readonly { destroy(): void }[] = () => []): Promise<Relay> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      for (const socket of [...sockets, ...others()]) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** Passes bytes on as they are, until it swallows them: both ends' connections stay open. */
async function tcpRelay(
  to: number,
): Promise<Relay & { readonly swallow: () => void; readonly heard: () => Promise<void> }> {
  const pairs: Socket[] = [];
  const server = createServer((near) => {
    const far = connect(to, '127.0.0.1');
    pairs.push(near, far);
    for (const socket of [near, far]) socket.on('error', () => undefined);
    near.pipe(far).pipe(near);
  });
  const relay = await listening(server, () => pairs);
  const swallow = (): void => {
    for (const socket of pairs) socket.unpipe().on('data', () => undefined);
  };
  // What is written at once may come in several pieces; a ping is one.
  const heard = async (): Promise<void> => void (await once(pairs[0] as Socket, 'data'));
  return { ...relay, swallow, heard };
}

/** As much of a reverse proxy as gRPC meets: streams passed on one by one, trailers and resets with them. */
async function http2Proxy(to: number): Promise<Relay> {
  const upstream: Http2Session = connectHttp2(`http://127.0.0.1:${to}`);
  upstream.on('error', () => undefined);
  const server = createHttp2();
  server.on('stream', (near, headers) => {
    const client = upstream as ReturnType<typeof connectHttp2>;
    const far = client.request(headers, { endStream: false });
    for (const stream of [near, far]) stream.on('error', () => undefined);
    near.pipe(far);
    far.on('response', (answer) => {
      near.respond(answer, { waitForTrailers: true });
      let trailers: Parameters<typeof near.sendTrailers>[0] = {};
      far.on('trailers', (last) => (trailers = last));
      near.on('wantTrailers', () => near.sendTrailers(trailers));
      far.pipe(near);
    });
    near.on('aborted', () => far.close(8));
    far.on('aborted', () => near.close(8));
  });
  return await listening(server as unknown as Server, () => [upstream]);
}

/** What an office has: opens a connection to whom it is asked for, for those who have the password. */
async function connectProxy(credentials: string): Promise<Relay & { readonly asked: string[] }> {
  const asked: string[] = [];
  const opened: Socket[] = [];
  const server = createHttp();
  server.on('connect', (request: IncomingMessage, near: Duplex) => {
    const wanted = `Basic ${Buffer.from(credentials).toString('base64')}`;
    if (request.headers['proxy-authorization'] !== wanted) {
      near.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
      return;
    }
    const [host = '', port] = (request.url ?? '').split(':');
    asked.push(request.url ?? '');
    const far = connect(Number(port), host, () => {
      near.write('HTTP/1.1 200 Connection established\r\n\r\n');
      near.pipe(far).pipe(near);
    });
    opened.push(far);
    for (const socket of [near, far]) socket.on('error', () => undefined);
  });
  return { ...(await listening(server as unknown as Server, () => opened)), asked };
}

function isError(code: string, words: RegExp): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof RoundscopeError, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, words);
    return true;
  };
}
