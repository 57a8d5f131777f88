import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { RoundscopeError } from '#shared/base/errors.ts';
import { limits } from '#shared/contract/limits.ts';
import type { Endpoint } from '#shared/contract/app/invitation.ts';
import { systemClock } from '#engine/host/system-clock.ts';
import { createIdentity } from '#engine/identity/identity.ts';
import { encodeFrame } from '#engine/framing/frame.ts';
import { quicDefaults, windows } from '#engine/transport/quic/quic-options.ts';
import type { QuicOptions } from '#engine/transport/quic/quic-options.ts';
import type { QuicListener, QuicProvider, QuicSession, QuicStream } from '#engine/transport/quic/quic-session.ts';
import { QuicTransport } from '#engine/transport/quic/quic-transport.ts';
import { helloProof } from '#engine/transport/quic/handshake.ts';
import { encodeRecord, type RecordToSend } from '#engine/transport/quic/records.ts';
import type { Session } from '#engine/transport/transport.ts';

export interface QuicHarness {
  /** A provider with an identity of its own and these times. */
  readonly make: (options: QuicOptions) => QuicProvider;
}

const patience = { timeout: 60_000 };
const megabyte = 1_000_000;
const idleTimeoutMs = 2000;
/** Times short enough to wait for. */
const quick: QuicOptions = {
  ...quicDefaults,
  connectTimeoutMs: 1500,
  idleTimeoutMs,
  keepAliveMs: 500,
  helloTimeoutMs: 700,
  closeTimeoutMs: 700,
};
const never = new AbortController().signal;

/** What a provider of QUIC sessions does, and the transport above it when its peer misbehaves. */
export function describeQuicSession(name: QuicProvider['name'], harness: QuicHarness): void {
  describe(`quic session contract: ${name}`, () => {
    describeStreams(harness);
    describeDialing(name, harness);
    describeEnds(name, harness);
    describeHostility(name, harness);
  });
}

function describeStreams(harness: QuicHarness): void {
  test('a stream carries bytes both ways, and each half ends by itself', patience, async () => {
    await using pair = await openPair(harness);
    for (const [from, to] of pair.directions) {
      const { near, far } = await openStream(from, to);
      assert.deepEqual(await readExactly(far, 5), Buffer.from('hello'));
      await near.finish();
      assert.equal(await far.read(100), null);
      await far.write(Buffer.from('still here'));
      await far.finish();
      assert.deepEqual(await readExactly(near, 10), Buffer.from('still here'));
      assert.equal(await near.read(100), null);
      assert.equal(near.id, far.id, 'both ends know it by the same name');
    }
  });

  test('hundreds of streams, one after the other and many at once', patience, async () => {
    await using pair = await openPair(harness);
    for (const [from, to] of pair.directions) {
      for (let batch = 0; batch < 20; batch++) {
        const echoing = Promise.all(Array.from({ length: 15 }, () => echoOne(to)));
        const seen = await Promise.all(
          Array.from({ length: 15 }, async (_, i) => {
            const stream = await from.openStream();
            await stream.write(Buffer.from(`stream ${batch} ${i}`));
            await stream.finish();
            return Buffer.concat(await readAll(stream)).toString();
          }),
        );
        assert.deepEqual(
          seen,
          Array.from({ length: 15 }, (_, i) => `stream ${batch} ${i}`),
        );
        await echoing;
      }
    }
  });

  test('100 MB each way at once arrive unchanged', patience, async (t) => {
    await using pair = await openPair(harness);
    const startedMs = performance.now();
    await Promise.all(
      pair.directions.map(async ([from, to]) => {
        const { near, far } = await openStream(from, to);
        await readExactly(far, 5);
        await Promise.all([sendPattern(near, 100 * megabyte), expectPattern(far, 100 * megabyte)]);
      }),
    );
    t.diagnostic(`${Math.round(200_000 / (performance.now() - startedMs))} MB/s, both ways together, one process`);
  });

  test('a reader that stops makes the writer wait', patience, async () => {
    await using pair = await openPair(harness);
    for (const [from, to] of pair.directions) {
      const { near, far } = await openStream(from, to);
      let written = 0;
      const writing = (async () => {
        for (; written < 100 * megabyte; written += 65_536) await near.write(new Uint8Array(65_536));
      })();
      const ended = assert.rejects(writing);
      let before = -1;
      while (before !== written) {
        before = written;
        await delay(200);
      }
      assert.ok(
        written > 0 && written < 2 * windows.webTransportSessionBytes,
        `${written} bytes were taken though nobody read`,
      );
      // Other streams go on meanwhile.
      const other = await openStream(from, to);
      assert.deepEqual(await readExactly(other.far, 5), Buffer.from('hello'));
      far.reset();
      await ended;
    }
  });

  test('a reset is an error at the other end, and the session lives on', patience, async () => {
    await using pair = await openPair(harness);
    const { near, far } = await openStream(pair.near, pair.far);
    await readExactly(far, 5);
    near.reset();
    await assert.rejects(readAll(far));
    const other = await openStream(pair.near, pair.far);
    assert.deepEqual(await readExactly(other.far, 5), Buffer.from('hello'));
  });
}

function describeDialing(name: QuicProvider['name'], harness: QuicHarness): void {
  test('an impostor is refused', patience, async () => {
    await using pair = await openPair(harness);
    const identity = createIdentity().peerId;
    await assert.rejects(harness.make(quick).dial({ ...pair.endpoint, identity }, { signal: never }), (error) => {
      assert.ok(error instanceof RoundscopeError, String(error));
      assert.equal(error.code, 'identity_mismatch');
      assert.match(error.message, /new invitation/);
      return true;
    });
  });

  test('aborted before it began, a dial does nothing; aborted under way, it ends at once', patience, async () => {
    await using silent = await openSilentPeer();
    const endpoint = { ...invited(name), port: silent.port };
    const gone = AbortSignal.abort(new Error('changed my mind'));
    await assert.rejects(harness.make(quick).dial(endpoint, { signal: gone }), /changed my mind/);
    assert.equal(silent.seen, 0);
    const controller = new AbortController();
    const startedMs = performance.now();
    setTimeout(() => controller.abort(new Error('enough')), 100);
    await assert.rejects(harness.make(quick).dial(endpoint, { signal: controller.signal }), /enough/);
    assert.ok(performance.now() - startedMs < 1000);
  });

  test('a peer that never answers costs the connect limit and an error that says what to try', patience, async () => {
    await using silent = await openSilentPeer();
    const endpoints = [{ ...invited(name), port: silent.port }];
    const startedMs = performance.now();
    await assert.rejects(transportOf(name).dial(endpoints, { signal: never, participant: 'p', run: 'r' }), (error) => {
      assert.ok(error instanceof RoundscopeError, String(error));
      assert.equal(error.code, 'connect_timeout');
      assert.match(error.message, new RegExp(`127.0.0.1:${silent.port}.*1.5 s.*running`));
      return true;
    });
    assert.ok(performance.now() - startedMs < quick.connectTimeoutMs + 1500);
  });

  test('a name that nobody knows is called by its name', patience, async () => {
    const endpoint = { ...invited(name), host: 'no-such-host.invalid' };
    await assert.rejects(harness.make(quick).dial(endpoint, { signal: never }), { code: 'connect_failed' });
  });
}

/** An endpoint of somebody who is not there. */
function invited(provider: QuicProvider['name']): Endpoint {
  return { protocol: 'quic', provider, host: '127.0.0.1', port: 1, identity: createIdentity().peerId };
}

function describeEnds(name: QuicProvider['name'], harness: QuicHarness): void {
  test('abort ends both ends', patience, async () => {
    await using pair = await openPair(harness);
    const accepting = pair.far.acceptStream();
    pair.near.abort('aborted', 'test');
    assert.deepEqual(await pair.near.closed, { code: 'aborted', reason: 'test', local: true });
    const seen = await pair.far.closed;
    assert.deepEqual([seen.code, seen.local], ['lost', false]);
    assert.equal(await accepting, null);
    await assert.rejects(async () => (await pair.far.openStream()).write(Buffer.from('x')));
    pair.near.abort('aborted', 'twice');
  });

  test('a peer that is killed is noticed within the idle limit', patience, async (t) => {
    await using listening = await listenTransport(name);
    const child = spawn(process.execPath, [childPath, 'hold', JSON.stringify(listening.endpoints)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    const [session] = listening.sessions;
    assert.ok(session);
    const startedMs = performance.now();
    child.kill('SIGKILL');
    const end = await session.closed;
    t.diagnostic(`noticed after ${Math.round(performance.now() - startedMs)} ms: ${end.code}, ${end.reason}`);
    assert.equal(end.local, false);
    assert.ok(performance.now() - startedMs < idleTimeoutMs + 2500);
  });

  test('a process that only listens stays', patience, async () => {
    const child = spawn(process.execPath, [childPath, 'wait', name], { stdio: ['ignore', 'pipe', 'inherit'] });
    const exited = once(child, 'exit');
    await once(child.stdout, 'data');
    await delay(300);
    assert.equal(child.exitCode, null);
    child.kill('SIGKILL');
    await exited;
  });

  test('a process that has closed everything ends by itself', patience, async () => {
    const child = spawn(process.execPath, [childPath, 'whole', name], { stdio: ['ignore', 'pipe', 'inherit'] });
    const exited = once(child, 'exit');
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    assert.equal(line.toString(), 'closed\n');
    const closedMs = performance.now();
    assert.deepEqual(await exited, [0, null]);
    assert.ok(performance.now() - closedMs < 2000, 'something kept the process');
  });
}

function helloFor(claim: { readonly run: string; readonly participant: string }, token = ''): RecordToSend {
  return { record: 'hello', ...claim, proof: helloProof(token, claim) };
}

function describeHostility(name: QuicProvider['name'], harness: QuicHarness): void {
  const frame = Buffer.concat(encodeFrame({ any: 1 }));
  const claim = Buffer.from(frame);
  claim.writeUInt32LE(0xffff_ffff, 8);
  const openings: readonly (readonly [string, Uint8Array, RegExp])[] = [
    ['garbage', Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'), /frame prefix/],
    ['a length of 4 GB', claim, /exceeds the limit/],
    ['another frame', frame, /does not begin/],
    ['another run', encodeRecord(helloFor({ run: 'elsewhere', participant: 'p' })), /run elsewhere/],
    [
      'a guessed token',
      encodeRecord(helloFor({ run: 'r', participant: 'p' }, 'guessed')),
      /no proof of the invitation/,
    ],
    ['half a frame and silence', frame.subarray(0, 5), /no hello within/],
  ];

  test('who opens with anything but a hello is refused, and the others go on', patience, async () => {
    await using listening = await listenTransport(name);
    await using good = await transportOf(name).dial(listening.endpoints, {
      signal: never,
      participant: 'good',
      run: 'r',
    });
    for (const [index, [what, bytes, reason]] of openings.entries()) {
      const raw = await harness.make(quick).dial(listening.endpoint, { signal: never });
      const stream = await raw.openStream();
      await stream.write(bytes);
      if (what === 'another run' || what === 'a guessed token') await readAll(stream).then(() => raw.abort('done', ''));
      await raw.closed;
      while (listening.refusals.length <= index) await delay(10);
      assert.match(listening.refusals[index]?.reason ?? '', reason, what);
      await good.send({ lane: 'control', parts: [frame] }, { signal: never });
    }
    assert.equal(listening.sessions.length, 1);
    assert.equal(listening.refusals.length, openings.length);
  });

  test('garbage later on, or on a stream of its own, closes that session with a reason', patience, async () => {
    await using listening = await listenTransport(name);
    await using good = await transportOf(name).dial(listening.endpoints, {
      signal: never,
      participant: 'good',
      run: 'r',
    });
    for (const where of ['control', 'bulk', 'new'] as const) {
      const raw = await harness.make(quick).dial(listening.endpoint, { signal: never });
      const control = await raw.openStream();
      await control.write(encodeRecord(helloFor({ run: 'r', participant: 'bad' })));
      await control.read(1000);
      const stream = where === 'control' ? control : await raw.openStream();
      if (where === 'bulk') await stream.write(encodeRecord({ record: 'bulk', lane: 'bulk:x' }));
      await stream.write(Buffer.concat([where === 'new' ? Buffer.alloc(0) : frame, Buffer.from('\0\0 no frame')]));
      const session = listening.sessions.at(-1);
      assert.ok(session);
      const end = await session.closed;
      assert.deepEqual([end.code, end.local], ['garbage', true], where);
      assert.match(end.reason, /frame prefix/);
      raw.abort('done', '');
      await good.send({ lane: 'control', parts: [frame] }, { signal: never });
    }
  });

  test('a hello that never comes does not hold a place for ever', patience, async () => {
    await using listening = await listenTransport(name);
    const raw = await harness.make(quick).dial(listening.endpoint, { signal: never });
    await raw.closed;
    while (listening.refusals.length === 0) await delay(10);
    assert.match(listening.refusals[0]?.reason ?? '', /no hello within/);
  });

  test('tiny frames without end are held back by a reader that does not read', patience, async () => {
    await using listening = await listenTransport(name);
    await using flood = await transportOf(name).dial(listening.endpoints, {
      signal: never,
      participant: 'p',
      run: 'r',
    });
    const abort = new AbortController();
    const many = Buffer.concat(Array.from({ length: 1000 }, () => frame));
    let sent = 0;
    const flooding = (async () => {
      for (;;) {
        await flood.send({ lane: 'control', parts: [many] }, { signal: abort.signal });
        sent += many.byteLength;
      }
    })();
    const ended = assert.rejects(flooding);
    let before = -1;
    while (before !== sent) {
      before = sent;
      await delay(200);
    }
    assert.ok(sent < limits.inboundBytesMax + 2 * windows.webTransportSessionBytes, `${sent} bytes taken`);
    abort.abort(new Error('enough'));
    await ended;
  });
}

const childPath = fileURLToPath(new URL('./quic-child.ts', import.meta.url));

function transportOf(provider: QuicProvider['name']): QuicTransport {
  return new QuicTransport({ clock: systemClock, identity: createIdentity(), providers: [provider], options: quick });
}

interface Listening extends AsyncDisposable {
  readonly endpoints: readonly Endpoint[];
  readonly endpoint: Endpoint;
  readonly sessions: readonly Session[];
  readonly refusals: readonly { readonly reason: string }[];
}

async function listenTransport(provider: QuicProvider['name']): Promise<Listening> {
  const sessions: Session[] = [];
  const refusals: { reason: string }[] = [];
  const listener = await transportOf(provider).listen({
    signal: never,
    run: 'r',
    host: '127.0.0.1',
    port: 0,
    onSession: (session) => void sessions.push(session),
    onRefused: (refusal) => void refusals.push(refusal),
  });
  const { endpoints } = listener;
  return {
    endpoints,
    endpoint: endpoints[0] as Endpoint,
    sessions,
    refusals,
    [Symbol.asyncDispose]: () => listener[Symbol.asyncDispose](),
  };
}

interface Pair extends AsyncDisposable {
  readonly near: QuicSession;
  readonly far: QuicSession;
  readonly endpoint: Endpoint;
  readonly directions: readonly (readonly [QuicSession, QuicSession])[];
}

async function openPair(harness: QuicHarness): Promise<Pair> {
  const provider = harness.make(quick);
  await provider.load();
  const { promise, resolve } = Promise.withResolvers<QuicSession>();
  const listener: QuicListener = await provider.listen({ host: '127.0.0.1', port: 0, onSession: resolve });
  const { port, identity } = listener;
  const endpoint: Endpoint = { protocol: 'quic', provider: provider.name, host: '127.0.0.1', port, identity };
  const near = await harness.make(quick).dial(endpoint, { signal: never });
  const far = await promise;
  return {
    near,
    far,
    endpoint,
    directions: [
      [near, far],
      [far, near],
    ],
    [Symbol.asyncDispose]: async () => {
      near.abort('test', 'end of test');
      await far.closed;
      await near.closed;
      await listener[Symbol.asyncDispose]();
    },
  };
}

/** A stream with its first five bytes, `hello`, not yet read. */
async function openStream(from: QuicSession, to: QuicSession): Promise<{ near: QuicStream; far: QuicStream }> {
  const accepted = to.acceptStream();
  const near = await from.openStream();
  await near.write(Buffer.from('hello'));
  const far = await accepted;
  assert.ok(far);
  return { near, far };
}

async function echoOne(session: QuicSession): Promise<void> {
  const stream = await session.acceptStream();
  assert.ok(stream);
  for (const bytes of await readAll(stream)) await stream.write(bytes);
  await stream.finish();
}

async function readAll(stream: QuicStream): Promise<Uint8Array[]> {
  const all: Uint8Array[] = [];
  for (let bytes = await stream.read(65_536); bytes !== null; bytes = await stream.read(65_536)) all.push(bytes);
  return all;
}

async function readExactly(stream: QuicStream, count: number): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for (let bytes = 0; bytes < count;) {
    const next = await stream.read(count - bytes);
    assert.ok(next, `the stream ended after ${bytes} of ${count} bytes`);
    all.push(next);
    bytes += next.byteLength;
  }
  return Buffer.concat(all);
}

/** Position modulo a prime, so that a piece lost, doubled or moved shows. */
const pattern = Uint8Array.from({ length: 251 * 1024 }, (_, i) => i % 251);

async function sendPattern(stream: QuicStream, total: number): Promise<void> {
  for (let sent = 0; sent < total; sent += pattern.byteLength) {
    await stream.write(pattern.subarray(0, Math.min(pattern.byteLength, total - sent)));
  }
  await stream.finish();
}

async function expectPattern(stream: QuicStream, total: number): Promise<void> {
  const expected = Buffer.concat([pattern, pattern]);
  let received = 0;
  for (let bytes = await stream.read(65_536); bytes !== null; bytes = await stream.read(65_536)) {
    for (let at = 0; at < bytes.byteLength; at += pattern.byteLength) {
      const piece = bytes.subarray(at, at + pattern.byteLength);
      const start = (received + at) % 251;
      assert.ok(expected.subarray(start, start + piece.byteLength).equals(piece), `differs after ${received} bytes`);
    }
    received += bytes.byteLength;
  }
  assert.equal(received, total);
}

/** Takes what is sent to it over UDP and TCP alike and says nothing. */
async function openSilentPeer(): Promise<AsyncDisposable & { readonly port: number; readonly seen: number }> {
  let seen = 0;
  const sockets = new Set<{ destroy(): void }>();
  const tcp = createServer((socket) => {
    seen++;
    sockets.add(socket.on('error', () => undefined));
  });
  await once(tcp.listen(0, '127.0.0.1'), 'listening');
  const { port } = tcp.address() as AddressInfo;
  const udp = createSocket('udp4', () => void seen++);
  udp.bind(port, '127.0.0.1');
  await once(udp, 'listening');
  return {
    port,
    get seen() {
      return seen;
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      tcp.close();
      udp.close();
    },
  };
}
