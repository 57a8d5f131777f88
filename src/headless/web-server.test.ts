import assert from 'node:assert/strict';
import { get } from 'node:http';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import { WebSocket } from 'ws';
import { RoundscopeError } from '#shared/base/errors.ts';
import type { Port } from '#shared/port/port.ts';
import { decodePortMessage, encodePortMessage } from '#shared/port/wire.ts';
import { cookieIn, openAddress } from '#test/support/open-address.ts';
import { askRunning } from './second-start.ts';
import { WebServer } from './web-server.ts';

const files = new Map([['/', { type: 'text/html', bytes: Buffer.from('<p>hello</p>') }]]);

async function serve(onPort: (port: Port) => void = () => undefined): Promise<WebServer> {
  return await WebServer.listen({ port: 0, files, onPort });
}

async function cookieOf(server: WebServer): Promise<string> {
  const answer = await openAddress(server.freshAddress());
  assert.equal(answer.statusCode, 303);
  assert.equal(answer.headers.location, '/');
  return cookieIn(answer);
}

describe('the browser mode’s server', () => {
  test('serves the page to a cookie, with a policy that forbids everything foreign', async () => {
    await using server = await serve();
    const address = `http://127.0.0.1:${server.port}`;
    assert.equal((await fetch(address)).status, 403);
    const answer = await fetch(address, { headers: { cookie: await cookieOf(server) } });
    assert.equal(await answer.text(), '<p>hello</p>');
    assert.match(answer.headers.get('content-security-policy') ?? '', /default-src 'none'/);
  });

  test('a preview of the link does not spend its token, and no address ends the service', async () => {
    await using server = await serve();
    const address = server.freshAddress();
    assert.equal((await fetch(address, { method: 'HEAD' })).status, 200);
    const preview = await fetch(address, { redirect: 'manual' });
    assert.deepEqual([preview.status, preview.headers.get('set-cookie')], [200, null]);
    assert.equal((await openAddress(address)).statusCode, 303);
    for (const path of ['//', '///', '//a:b', '//[', 'http://[/']) {
      const status = await new Promise<number>((resolve, reject) => {
        get({ host: '127.0.0.1', port: server.port, path }, ({ statusCode = 0 }) => resolve(statusCode)).on(
          'error',
          reject,
        );
      });
      assert.equal(status, 400, path);
    }
  });

  test('a second start of the same user is told a fresh address, and nobody else is', async () => {
    await using server = await serve();
    const { port, secret } = server;
    const address = await askRunning({ port, secret });
    assert.equal((await openAddress(address ?? '')).statusCode, 303);
    assert.equal(await askRunning({ port, secret: `${secret}x` }), null);
    assert.equal(await askRunning({ port, secret: '' }), null);
    const url = `http://127.0.0.1:${port}/fresh-address`;
    const authorization = `Bearer ${secret}`;
    const origin = `http://127.0.0.1:${port}`;
    assert.equal((await fetch(url, { method: 'POST', headers: { authorization, origin } })).status, 403);
    assert.equal((await fetch(url, { headers: { authorization } })).status, 403);
  });

  test('through a tunnel of another port it is told how to make a better one', async () => {
    await using server = await serve();
    const answer = await new Promise<string>((resolve) => {
      get({ host: '127.0.0.1', port: server.port, headers: { host: '127.0.0.1:1' } }, (response) => {
        response.setEncoding('utf8').once('data', (text: string) => resolve(text));
      });
    });
    assert.match(answer, new RegExp(`ssh -L ${server.port}:127.0.0.1:${server.port}`));
  });

  test('a path outside the list is not found, whatever it climbs', async () => {
    await using server = await serve();
    const cookie = await cookieOf(server);
    for (const path of ['/package.json', '/..%2f..%2fpackage.json', '/%2e%2e/package.json']) {
      assert.equal((await fetch(`http://127.0.0.1:${server.port}${path}`, { headers: { cookie } })).status, 404, path);
    }
  });

  test('the port works both ways over the socket and closes with a reason on what is no message', async () => {
    const heard: unknown[] = [];
    await using server = await serve((port) => {
      port.onMessage((message) => {
        heard.push(message);
        port.post({ echo: message });
      });
    });
    const headers = { cookie: await cookieOf(server), origin: `http://127.0.0.1:${server.port}` };
    const socket = new WebSocket(`ws://127.0.0.1:${server.port}/port`, { headers });
    await new Promise((resolve) => socket.once('open', resolve));
    const answered = new Promise<unknown>((resolve) =>
      socket.once('message', (data: Buffer) => {
        const decoded = decodePortMessage(data.toString('utf8'), 1000);
        resolve(decoded.ok && decoded.value);
      }),
    );
    socket.send(encodePortMessage({ bytes: new Uint8Array([1, 2]) }));
    assert.deepEqual(await answered, { echo: { bytes: new Uint8Array([1, 2]) } });
    const closed = new Promise<number>((resolve) => socket.once('close', resolve));
    socket.send('{"broken');
    assert.equal(await closed, 1007);
    assert.equal(heard.length, 1);
  });

  test('a socket of another site, or without cookie, is refused', async () => {
    await using server = await serve();
    const cookie = await cookieOf(server);
    const own = `http://127.0.0.1:${server.port}`;
    for (const headers of [{ cookie, origin: 'http://evil.example' }, { origin: own }, { cookie }]) {
      const socket = new WebSocket(`ws://127.0.0.1:${server.port}/port`, { headers });
      const error = await new Promise<Error>((resolve) => socket.once('error', resolve));
      assert.match(error.message, /403/);
    }
  });

  test('a refused upgrade whose client resets or stays ends nothing, also not the wait for the end', async () => {
    const server = await serve();
    const upgrade = ['GET /port HTTP/1.1', `Host: 127.0.0.1:${server.port}`, 'Connection: Upgrade'];
    const request = [...upgrade, 'Upgrade: websocket', '', ''].join('\r\n');
    for (let i = 0; i < 20; i++) {
      const socket = connect(server.port, '127.0.0.1').on('error', () => undefined);
      await once(socket, 'connect');
      // Nobody reads the answer, and the reset meets it in all its stages.
      socket.write(request);
      if (i % 2 === 0) await once(socket, 'data');
      socket.resetAndDestroy();
    }
    const staying = connect({ port: server.port, host: '127.0.0.1', allowHalfOpen: true });
    staying.write(request);
    await once(staying, 'data');
    assert.equal((await fetch(`http://127.0.0.1:${server.port}`)).status, 403, 'it still answers');
    await server[Symbol.asyncDispose]();
    staying.destroy();
  });

  test('a window too many is told why it is closed, and the others stay', async () => {
    await using server = await serve();
    const headers = { cookie: await cookieOf(server), origin: `http://127.0.0.1:${server.port}` };
    const open = (): WebSocket => new WebSocket(`ws://127.0.0.1:${server.port}/port`, { headers });
    const sockets = Array.from({ length: 16 }, open);
    await Promise.all(sockets.map((socket) => once(socket, 'open')));
    const [code, reason] = (await once(open(), 'close')) as [number, Buffer];
    assert.deepEqual([code, reason.toString()], [1013, '16 windows are open already; close one of them']);
    assert.ok(sockets.every(({ readyState }) => readyState === WebSocket.OPEN));
    const [one] = sockets;
    one?.close();
    await once(one as WebSocket, 'close');
    const next = open();
    await once(next, 'open');
    // One that has opened is not closed as one too many.
    next.ping();
    await once(next, 'pong');
  });

  test('a taken port is said with the mend', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    try {
      await assert.rejects(WebServer.listen({ port, files, onPort: () => undefined }), (error) => {
        assert.ok(error instanceof RoundscopeError);
        assert.equal(error.code, 'port_in_use');
        assert.match(error.message, /--port/);
        return true;
      });
    } finally {
      other.close();
    }
  });
});
