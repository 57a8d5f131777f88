import { connect } from 'node:http2';
import type { ClientHttp2Session } from 'node:http2';
import { connect as connectTcp } from 'node:net';
import { once } from 'node:events';
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { seededRandom } from '#shared/base/random.ts';
import { systemClock } from '#engine/host/system-clock.ts';
import { createIdentity } from '#engine/identity/identity.ts';
import { encodeFrame } from '#engine/framing/frame.ts';
import type { Session } from '#engine/transport/transport.ts';
import { QuicTransport } from '../quic-transport.ts';

const signal = new AbortController().signal;
const make = (): QuicTransport =>
  new QuicTransport({ clock: systemClock, identity: createIdentity(), providers: ['webtransport'] });

/** Types of capsules as the library numbers them: pad, reset, stop, stream, fin, windows, limits, blocked, close, datagram. */
const capsuleTypes = [...Array.from({ length: 13 }, (_, i) => 0x190b4d38 + i), 0x2843, 0x78ae, 0];

test('bytes that are no WebTransport end their own connection and nobody else’s', { timeout: 60_000 }, async () => {
  const { promise: incoming, resolve } = Promise.withResolvers<Session>();
  await using listener = await make().listen({
    signal,
    run: 'r',
    host: '127.0.0.1',
    port: 0,
    onSession: resolve,
    onRefused: () => undefined,
  });
  const port = listener.endpoints[0]?.port ?? 0;
  await using near = await make().dial(listener.endpoints, { signal, participant: 'p', run: 'r' });
  const far = await incoming;
  const random = seededRandom('webtransport capsules');

  for (let attempt = 0; attempt < 60; attempt++) {
    const client = connect(`https://127.0.0.1:${port}`, { rejectUnauthorized: false });
    client.on('error', () => undefined);
    await once(client, 'remoteSettings');
    const stream = client.request({
      ':method': 'CONNECT',
      ':protocol': 'webtransport',
      ':scheme': 'https',
      ':path': '/roundscope',
    });
    stream.on('error', () => undefined);
    await once(stream, 'response');
    for (let i = 0; i < 20; i++) stream.write(capsule(random));
    await answered(client);
    await end(client);
  }
  // Neither TLS nor HTTP.
  const socket = connectTcp(port, '127.0.0.1');
  socket.on('error', () => undefined).resume();
  socket.write(Buffer.from(Array.from({ length: 2000 }, () => random.int(256))));
  await once(socket, 'close');

  await near.send({ lane: 'control', parts: encodeFrame({ alive: true }) }, { signal });
  const frame = await far.frames()[Symbol.asyncIterator]().next();
  assert.equal(frame.done, false);
});

function capsule(random: ReturnType<typeof seededRandom>): Buffer {
  if (random.int(4) === 0) return Buffer.from(Array.from({ length: random.int(60) }, () => random.int(256)));
  const body = Buffer.from(
    Array.from({ length: random.int(30) }, () => (random.int(2) === 0 ? random.int(16) : random.int(256))),
  );
  const head = Buffer.alloc(5);
  const type = capsuleTypes[random.int(capsuleTypes.length)] ?? 0;
  // A variable-length integer of four bytes: 0b10, then 30 bits.
  head.writeUInt32BE((0x8000_0000 | type) >>> 0, 0);
  head.writeUInt8(random.int(5) === 0 ? random.int(64) : body.byteLength, 4);
  return Buffer.concat([head, body]);
}

/** HTTP/2 is read in order: an answer to a ping says that what was sent before it has been dealt with; so does the end. */
async function answered(client: ClientHttp2Session): Promise<void> {
  if (client.destroyed) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  client.once('close', resolve);
  client.ping(() => resolve());
  await promise;
}

async function end(client: ClientHttp2Session): Promise<void> {
  if (client.destroyed) return;
  const closed = once(client, 'close');
  client.destroy();
  await closed;
}
