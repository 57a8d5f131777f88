import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { test } from 'node:test';
import { limits } from '#shared/contract/limits.ts';
import { VirtualClock } from '#test/support/virtual-clock.ts';
import { SocketRoom } from './socket-room.ts';

test('a connection that opens no session goes in time, one of many goes sooner, one with a session stays', async () => {
  const clock = new VirtualClock();
  const refused: string[] = [];
  const room = new SocketRoom(clock, { knows: undefined, onRefused: ({ reason }) => void refused.push(reason) });
  const server = createServer((socket) => room.take(socket.on('error', () => undefined)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const dial = async (): Promise<Socket> => {
    const socket = connect(port, '127.0.0.1').on('error', () => undefined);
    const accepted = once(server, 'connection');
    await Promise.all([once(socket, 'connect'), accepted]);
    return socket.resume();
  };
  const sockets: Socket[] = [];
  try {
    for (let i = 0; i <= limits.unauthenticatedSessionsMax; i++) sockets.push(await dial());
    const [oldest, second] = sockets as [Socket, Socket];
    if (!oldest.closed) await once(oldest, 'close');
    assert.match(refused.join(), /had waited longest/);
    room.admitted(`127.0.0.1:${second.localPort}`);
    await clock.advance(limits.helloTimeoutMs + 1);
    await Promise.all(sockets.slice(2).map(async (socket) => socket.closed || once(socket, 'close')));
    assert.equal(refused.filter((reason) => /no session in time/.test(reason)).length, sockets.length - 2);
    assert.equal(second.closed, false);
    assert.equal(clock.pendingTimers, 0);
  } finally {
    room.destroy();
    server.close();
    await once(server, 'close');
  }
});
