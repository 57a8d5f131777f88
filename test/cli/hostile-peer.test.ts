import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { encodeFrame } from '#engine/framing/frame.ts';
import { systemClock } from '#engine/host/system-clock.ts';
import { systemEntropy } from '#engine/host/system-entropy.ts';
import { createIdentity } from '#engine/identity/identity.ts';
import { decodeInvitation } from '#engine/identity/invitation.ts';
import { sayHello } from '#engine/link/dialer-hello.ts';
import { PacketLog } from '#engine/link/packet-log.ts';
import { Wire } from '#engine/link/wire.ts';
import { quicDefaults } from '#engine/transport/quic/quic-options.ts';
import type { QuicSession } from '#engine/transport/quic/quic-session.ts';
import { QuinnProvider } from '#engine/transport/quic/quinn.ts';
import { WebTransportProvider } from '#engine/transport/quic/webtransport.ts';
import { createTransport } from '#engine/transport/registry.ts';
import type { Session } from '#engine/transport/transport.ts';
import { protocolSchema } from '#shared/contract/protocols.ts';
import { asParticipantId } from '#shared/contract/ids.ts';
import type { Endpoint, Invitation } from '#shared/contract/invitation.ts';
import { RecordingReporter } from '#test/support/recording-reporter.ts';
import { assertFlawless, type Command } from './command-line.ts';
import { coordinate, hasJoined, join } from './federation.ts';

/** What people who look for open ports and bugs send first. */
const hostileBytes: Readonly<Record<string, Uint8Array>> = {
  garbage: Buffer.from(Array.from({ length: 4096 }, (_, i) => (i * 7919) % 256)),
  'a web browser': Buffer.from('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'),
  'a length of 4 GB': lengths(20, 0xffff_ffff),
  'a JSON bomb': Buffer.concat([lengths(60_000, 0), Buffer.from('['.repeat(30_000) + ']'.repeat(30_000))]),
  'a wide JSON bomb': frame(Object.fromEntries(Array.from({ length: 2500 }, (_, i) => [`k${i}`, [[[[i]]]]]))),
  'a frame of another program': frame({ t: 'hello', version: 'one' }),
  // A CONNECT whose remaining length is the largest that MQTT can say.
  'an MQTT packet of 256 MB': Buffer.from([0x10, 0xff, 0xff, 0xff, 0x7f, 0, 4, 0x4d, 0x51, 0x54, 0x54]),
};
const flood = 100_000;
/** As long as the attack takes. */
const rounds = 6;

function lengths(headerBytes: number, bodyBytes: number): Uint8Array {
  const bytes = Buffer.alloc(12);
  bytes.set([0x52, 0x53, 1, 0]);
  bytes.writeUInt32LE(headerBytes, 4);
  bytes.writeUInt32LE(bodyBytes, 8);
  return bytes;
}

function frame(header: object): Uint8Array {
  return Buffer.concat(encodeFrame(header));
}

/** Whatever becomes of an attack is fine, if it ends: thrown out, ignored or cut off. */
async function whateverHappens(attack: Promise<unknown>, limitMs = 15_000): Promise<void> {
  await Promise.race([attack.catch(() => undefined), delay(limitMs, undefined, { ref: false })]);
}

/** Raw bytes at a TCP port, in one piece; the other end may hang up whenever it likes. */
async function rawTcp(socket: Socket, chunks: readonly Uint8Array[]): Promise<void> {
  socket.on('error', () => undefined);
  const closed = once(socket, 'close');
  for (const chunk of chunks) if (!socket.destroyed) socket.write(chunk);
  await Promise.race([closed, delay(500)]);
  socket.destroy();
}

async function attackTcp(port: number): Promise<void> {
  await Promise.all(
    Object.values(hostileBytes).map(async (bytes) => {
      await whateverHappens(rawTcp(connectTcp(port, '127.0.0.1'), [bytes]));
      const tls = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: ['h2'] });
      await whateverHappens(rawTcp(tls, [bytes]));
    }),
  );
  const tiny = Array.from({ length: 1000 }, () => new Uint8Array(100).fill(0xc0));
  await whateverHappens(rawTcp(connectTcp(port, '127.0.0.1'), tiny));
}

async function attackUdp(port: number): Promise<void> {
  const socket = createSocket('udp4');
  try {
    for (const bytes of Object.values(hostileBytes))
      for (let i = 0; i < 50; i++) socket.send(bytes.subarray(0, 1200), port, '127.0.0.1');
    // Looks like the first packet of a handshake (RFC 9000, 17.2.2), and is none.
    const initial = Buffer.alloc(1200, 7);
    initial.set([0xc3, 0, 0, 0, 1, 8]);
    for (let i = 0; i < 200; i++) socket.send(initial, port, '127.0.0.1');
    await delay(300);
  } finally {
    socket.close();
  }
}

/** Real handshakes, then nonsense on the streams. */
async function attackStreams(endpoint: Endpoint): Promise<void> {
  const parts = { clock: systemClock, identity: createIdentity(), quic: quicDefaults };
  const provider = endpoint.provider === 'quinn' ? new QuinnProvider(parts) : new WebTransportProvider(parts);
  const dial = (): Promise<QuicSession> => provider.dial(endpoint, { signal: AbortSignal.timeout(10_000) });
  for (const bytes of Object.values(hostileBytes)) {
    const session = await dial();
    const stream = await session.openStream();
    await whateverHappens(stream.write(bytes), 2000);
    await whateverHappens(stream.read(1000), 1000);
    session.abort('hostile', 'done');
  }
  const session = await dial();
  const tiny = frame({ t: 'x' });
  const stream = await session.openStream();
  await whateverHappens(
    (async () => {
      for (let i = 0; i < 2000; i++) await stream.write(tiny);
      for (let i = 0; i < 300; i++) await (await session.openStream()).write(tiny);
    })(),
    5000,
  );
  session.abort('hostile', 'done');
}

/** A session with everything that the invitation opens, in the hands of somebody who does not play by the rules. */
async function insider(invitation: Invitation, name: string): Promise<Session> {
  const transport = createTransport(protocolSchema.parse(invitation.transport), invitation.control, {
    clock: systemClock,
    entropy: systemEntropy,
    identity: createIdentity(),
  });
  const { endpoints, run, token } = invitation;
  return await transport.dial(endpoints, { signal: AbortSignal.timeout(10_000), participant: name, run, token });
}

async function attackFromWithin(invitation: Invitation): Promise<void> {
  const send = (session: Session, bytes: Uint8Array): Promise<unknown> =>
    session.send({ lane: 'control', parts: [bytes] }, { signal: AbortSignal.timeout(5000) });
  for (const [index, bytes] of Object.values(hostileBytes).entries()) {
    const session = await insider(invitation, `mallory-${index}`);
    await whateverHappens(send(session, bytes), 5000);
    await whateverHappens(session.closed, 1000);
    session.abort?.();
  }
  const session = await insider(invitation, 'mallory');
  const context = { participant: 'mallory', protocol: session.protocol, stack: session.stack, connection: 1 };
  const log = new PacketLog(new RecordingReporter(), 'participant');
  const wire = new Wire(session, { clock: systemClock, log, context });
  const participant = asParticipantId('mallory');
  const facts = { run: invitation.run, participant, instance: 'ab'.repeat(16), dialerNonce: 'cd'.repeat(16) };
  const state = { received: 0, transfers: [], done: [], failed: [] };
  await sayHello(wire, { facts, token: invitation.token, resumes: false, state });
  const tiny = frame({ t: 'x' });
  await whateverHappens(
    (async () => {
      for (let i = 0; i < flood; i += 500) await Promise.all(Array.from({ length: 500 }, () => send(session, tiny)));
    })(),
    15_000,
  );
  // Thrown out for its rate, or held back by flow control below it: either way the others must not feel it.
  session.abort?.();
}

/** Connections that say nothing, or a byte now and then; held until the returned function is called. */
function slowLoris(port: number, count: number): () => void {
  const sockets = Array.from({ length: count }, () => connectTcp(port, '127.0.0.1').on('error', () => undefined));
  const drip = setInterval(() => {
    for (const socket of sockets) if (!socket.destroyed) socket.write(Buffer.from([0x10]));
  }, 400);
  return () => {
    clearInterval(drip);
    for (const socket of sockets) socket.destroy();
  };
}

function memoryMax(command: Command): number {
  const reports = command.lines.filter((line) => line.event === 'process_stats' && line['name'] === 'coordinator');
  return Math.max(0, ...reports.map((line) => Number(line['memory_bytes'])));
}

async function siege(args: readonly string[]): Promise<void> {
  await using coordinator = await coordinate([
    '--participants',
    '2',
    '--rounds',
    String(rounds),
    '--local-epochs',
    '4',
    ...args,
  ]);
  const decoded = decodeInvitation(coordinator.invitation);
  assert.ok(decoded.ok);
  const invitation = decoded.value;
  const tcpPorts = invitation.endpoints.filter(({ provider }) => provider !== 'quinn').map(({ port }) => port);
  assert.ok(tcpPorts.length > 0);
  await using first = join(coordinator.invitation, 'lab-1');
  await coordinator.command.until((command) => hasJoined(command, 'lab-1'));
  const calm = memoryMax(coordinator.command);
  const lorises = tcpPorts.map((port) => slowLoris(port, 40));
  try {
    // While the run waits for people: everybody who finds the port.
    for (const port of tcpPorts) await attackTcp(port);
    for (const endpoint of invitation.endpoints) {
      if (endpoint.provider === 'quinn') await attackUdp(endpoint.port);
      if (endpoint.provider === 'quinn' || endpoint.provider === 'webtransport') await attackStreams(endpoint);
    }
    // While it trains: somebody who has the invitation.
    await using second = join(coordinator.invitation, 'lab-2');
    await coordinator.command.until(({ lines }) => lines.some(({ event }) => event === 'round_started'));
    const attack = attackFromWithin(invitation);
    attack.catch(() => undefined);
    const ends = await Promise.all([first, second].map((command) => command.exit()));
    for (const end of ends) assert.equal(end.status, 0, end.stderr);
    const served = await coordinator.command.exit();
    assert.equal(served.status, 0, served.stderr);
    const honest = served.summary.participants.filter(({ id }) => id !== 'mallory');
    // A flood may fill the bounded queues of the recording; what gives way is counted, and most of it is there.
    const { recorded, dropped } = served.summary.packets;
    assert.ok(dropped < recorded, `${dropped} of ${recorded + dropped} packets gave way`);
    const events = { ...served.summary.events, dropped: 0 };
    const calmly = { ...served.summary, participants: honest, verdicts: [], packets: { recorded, dropped: 0 }, events };
    assertFlawless(calmly, { participants: 2, rounds });
    await attack;
    const grown = memoryMax(coordinator.command) - calm;
    assert.ok(grown < 400e6, `the coordinator grew by ${Math.round(grown / 1e6)} MB`);
  } finally {
    for (const end of lorises) end();
  }
}

describe('a hostile peer: the run of the others goes on', () => {
  test('at QUIC and WebTransport', () => siege([]));
  test('at the MQTT broker', () => siege(['--transport', 'mqtt']));
  test('at the gRPC server', () => siege(['--transport', 'grpc']));
});
