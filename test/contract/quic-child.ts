import { systemClock } from '#engine/host/system-clock.ts';
import { createIdentity } from '#engine/identity/identity.ts';
import { encodeFrame } from '#engine/framing/frame.ts';
import { bytesIn } from '#engine/framing/parts.ts';
import { QuicTransport } from '#engine/transport/quic/quic-transport.ts';
import type { Endpoint } from '#shared/contract/app/invitation.ts';
import type { Session } from '#engine/transport/transport.ts';

/**
 * The other process of the QUIC suites. `hold ENDPOINTS`: dials, says so on stdout and stays until it is killed.
 * `wait PROVIDER`: listens and does nothing else, until it is killed. `whole PROVIDER`: a listener and a session of its own, closed in order; nothing may keep it from ending by itself.
 */
const [mode, argument = ''] = process.argv.slice(2);
const never = new AbortController().signal;

async function hold(): Promise<void> {
  const transport = new QuicTransport({ clock: systemClock, identity: createIdentity() });
  const endpoints = JSON.parse(argument) as Endpoint[];
  const session = await transport.dial(endpoints, { signal: never, participant: 'child', run: 'r' });
  process.stdout.write('ready\n');
  // The parent kills it; a parent that died lets it go.
  process.stdin.resume().once('end', () => session.abort?.());
}

async function wait(): Promise<void> {
  const transport = new QuicTransport({
    clock: systemClock,
    identity: createIdentity(),
    providers: [argument === 'quinn' ? 'quinn' : 'webtransport'],
  });
  await transport.listen({
    signal: never,
    run: 'r',
    host: '127.0.0.1',
    port: 0,
    onSession: () => undefined,
    onRefused: () => undefined,
  });
  process.stdout.write('listening\n');
}

async function whole(): Promise<void> {
  const make = (): QuicTransport =>
    new QuicTransport({
      clock: systemClock,
      identity: createIdentity(),
      providers: [argument === 'quinn' ? 'quinn' : 'webtransport'],
    });
  const { promise: incoming, resolve } = Promise.withResolvers<Session>();
  const listener = await make().listen({
    signal: never,
    run: 'r',
    host: '127.0.0.1',
    port: 0,
    onSession: resolve,
    onRefused: () => undefined,
  });
  const near = await make().dial(listener.endpoints, { signal: never, participant: 'p', run: 'r' });
  const far = await incoming;
  await near.send({ lane: 'bulk:x', parts: encodeFrame({}, new Uint8Array(100_000)), last: true }, { signal: never });
  for await (const frame of far.frames()) if (bytesIn(frame.parts) > 100_000) break;
  await near.close('clean', 'done');
  await far.closed;
  await listener[Symbol.asyncDispose]();
  process.stdout.write('closed\n');
}

await (mode === 'hold' ? hold() : mode === 'wait' ? wait() : whole());
