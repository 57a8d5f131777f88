import assert from 'node:assert/strict';
import { get, request } from 'node:http';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import { WebSocket } from 'ws';
import { RoundscopeError } from '#shared/base/errors.ts';
import { keyRefusedCode, offeredProtocols, portProtocol } from '#shared/contract/app/page-access.ts';
import type { Port } from '#shared/port/port.ts';
import { decodePortMessage, encodePortMessage } from '#shared/port/wire.ts';
import { keyOf, openPort } from '#test/support/page/open-address.ts';
import { askRunning } from './second-start.ts';
import { WebServer } from './web-server.ts';

const files = new Map([['/', { type: 'text/html', bytes: Buffer.from('<p>hello</p>') }]]);

async function serve(onPort: (port: Port) => void = () => undefined): Promise<WebServer> {
  return await WebServer.listen({ port: 0, files, onPort, now: () => performance.now() });
}

const originOf = ({ port }: WebServer): string => `http://127.0.0.1:${port}`;

/** A socket with the headers of a page that has been given its key. */
async function enter(server: WebServer): Promise<WebSocket> {
  const key = await keyOf(server.freshAddress());
  assert.ok(key);
  return openPort(originOf(server), key);
}

describe('the browser mode’s server', () => {
  test('serves the page to this machine, with a policy that forbids everything foreign and without a cookie', async () => {
    await using server = await serve();
    const address = server.freshAddress();
    for (const at of [originOf(server), address]) {
      const answer = await fetch(at);
      assert.equal(await answer.text(), '<p>hello</p>');
      assert.match(answer.headers.get('content-security-policy') ?? '', /default-src 'none'/);
      assert.equal(answer.headers.get('set-cookie'), null);
    }
    assert.equal(server.isUnopened(address), true, 'a preview of the link spends no token');
    const authorization = `Bearer ${new URL(address).searchParams.get('token') ?? ''}`;
    const exchange = (headers: Readonly<Record<string, string>>, method = 'POST'): Promise<Response> =>
      fetch(`${originOf(server)}/page-key`, { method, headers });
    const origin = originOf(server);
    for (const headers of [{ authorization }, { authorization, origin: 'http://127.0.0.1:1' }, { origin }])
      assert.equal((await exchange(headers)).status, 403);
    assert.equal((await exchange({ authorization, origin }, 'OPTIONS')).status, 405, 'nothing for other sites');
    assert.equal(server.isUnopened(address), true);
    const given = await exchange({ authorization, origin });
    assert.deepEqual(
      [given.status, given.headers.get('cache-control'), given.headers.get('set-cookie')],
      [200, 'no-store', null],
    );
    assert.equal(server.isUnopened(address), false);
    assert.equal(await keyOf(address), null, 'once');
  });

  test('no address ends the service', async () => {
    await using server = await serve();
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
    assert.notEqual(await keyOf(address ?? ''), null);
    assert.equal(await askRunning({ port, secret: `${secret}x` }), null);
    assert.equal(await askRunning({ port, secret: '' }), null);
    const url = `http://127.0.0.1:${port}/fresh-address`;
    const authorization = `Bearer ${secret}`;
    const origin = `http://127.0.0.1:${port}`;
    assert.equal((await fetch(url, { method: 'POST', headers: { authorization, origin } })).status, 403);
    assert.equal((await fetch(url, { headers: { authorization } })).status, 404);
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

  test('by the name of this machine it leads to its number: on ::1 somebody else may have the same port', async () => {
    await using server = await serve();
    const ask = (path: string, method = 'GET'): Promise<{ status: number; location: string | undefined }> =>
      new Promise((resolve) => {
        const headers = { host: `localhost:${server.port}`, origin: `http://localhost:${server.port}` };
        request({ host: '127.0.0.1', port: server.port, path, method, headers }, (answer) => {
          answer.resume();
          resolve({ status: answer.statusCode ?? 0, location: answer.headers.location });
        }).end();
      });
    assert.deepEqual(await ask('/?token=abc'), { status: 307, location: `${originOf(server)}/?token=abc` });
    assert.deepEqual(await ask('//evil.example/x'), { status: 307, location: `${originOf(server)}//evil.example/x` });
    assert.equal((await ask('/page-key', 'POST')).status, 403);
  });

  test('a path outside the list is not found, whatever it climbs', async () => {
    await using server = await serve();
    for (const path of ['/package.json', '/..%2f..%2fpackage.json', '/%2e%2e/package.json']) {
      assert.equal((await fetch(`${originOf(server)}${path}`)).status, 404, path);
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
    const socket = await enter(server);
    await once(socket, 'open');
    assert.equal(socket.protocol, portProtocol, 'the key is not said back');
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

  test('a socket of another site, or without a key, is refused; with a key that is not known it is told so', async () => {
    const ports: Port[] = [];
    await using server = await serve((port) => ports.push(port));
    const own = originOf(server);
    const url = `ws://127.0.0.1:${server.port}/port`;
    const key = (await keyOf(server.freshAddress())) ?? '';
    const cookie = `roundscope-${server.port}=${key}; key=${key}`;
    const strangers: (readonly [readonly string[], Readonly<Record<string, string>>])[] = [
      [offeredProtocols(key), { origin: 'http://evil.example' }],
      [offeredProtocols(key), { origin: `http://127.0.0.1:${server.port + 1}` }],
      [offeredProtocols(key), {}],
      [[], { origin: own }],
      [[], { origin: own, cookie, authorization: `Bearer ${key}` }],
      [[portProtocol], { origin: own, cookie }],
      [offeredProtocols(key).slice(1), { origin: own }],
    ];
    for (const [protocols, headers] of strangers) {
      const socket = new WebSocket(url, [...protocols], { headers });
      const error = await new Promise<Error>((resolve) => socket.once('error', resolve));
      assert.match(error.message, /403/, JSON.stringify([protocols.length, headers]));
    }
    const guessed = openPort(own, 'A'.repeat(43));
    const [code, reason] = (await once(guessed, 'close')) as [number, Buffer];
    assert.deepEqual([code, reason.toString()], [keyRefusedCode, 'the key of this page is none of this start']);
    assert.deepEqual(ports, []);
  });

  test('those whose key is not known take no place of a window', async () => {
    await using server = await serve();
    const guessing = Array.from({ length: 40 }, () => openPort(originOf(server), 'A'.repeat(43)));
    await Promise.all(guessing.map((socket) => once(socket, 'open')));
    const socket = await enter(server);
    await once(socket, 'open');
    socket.ping();
    await once(socket, 'pong');
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
    assert.equal((await fetch(originOf(server))).status, 200, 'it still answers');
    await server[Symbol.asyncDispose]();
    staying.destroy();
  });

  test('a window too many is told why it is closed, and the others stay', async () => {
    await using server = await serve();
    const key = (await keyOf(server.freshAddress())) ?? '';
    const open = (): WebSocket => openPort(originOf(server), key);
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

  test('a taken port is said with the fix', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    try {
      await assert.rejects(WebServer.listen({ port, files, onPort: () => undefined, now: () => 0 }), (error) => {
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
