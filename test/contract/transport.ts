import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { RoundscopeError } from '#shared/base/errors.ts';
import type { Endpoint } from '#shared/contract/invitation.ts';
import { limits } from '#shared/contract/limits.ts';
import type { IncomingFrame, Lane, Listener, Session, Transport } from '#engine/transport/transport.ts';

/**
 * What a transport's own test builds: both ends' transport (one object where one process can be both) and what this
 * transport cannot do, declared instead of left out in silence.
 */
export interface TransportHarness extends AsyncDisposable {
  readonly dialer: Transport;
  readonly listener: Transport;
  /** Bound with port 0; default 127.0.0.1. */
  readonly host?: string;
  /** Largest body that fits; default `limits.frameBytesMax`. Less where the test itself has to put a frame around it. */
  readonly bodyBytesMax?: number;
  /** Endpoints at which nobody answers; the dialer must give up on them within 3 s. Absent: not applicable. */
  readonly nobody?: () => Promise<readonly Endpoint[]>;
  /** Reasons why a test cannot apply, by its key; shown as skipped. */
  readonly skip?: { readonly [K in 'takenPort' | 'vanish' | 'nobody' | 'handles' | 'backPressure']?: string };
  /** Makes the other end vanish without a word; default `session.abort`. */
  readonly vanish?: (session: Session) => void | Promise<void>;
}

const run = 'r-contract';
const token = 'contract-token-0123456789abcdef';
const chunkBytes = limits.chunkBytes;
const patience = { timeout: 90_000 };

/** A listener with one dialled session, both ends. */
interface Pair extends AsyncDisposable {
  readonly listening: Listening;
  /** The participant's end. */
  readonly near: Session;
  /** The coordinator's end. */
  readonly far: Session;
}

interface Listening extends AsyncDisposable {
  readonly listener: Listener;
  readonly sessions: readonly Session[];
  readonly nextSession: () => Promise<Session>;
}

/** The promises of `transport.ts`, checked on any transport; called by a short test beside each. */
export function describeTransport(name: string, makeHarness: () => Promise<TransportHarness>): void {
  describe(`transport contract: ${name}`, () => {
    let harness: TransportHarness;
    before(async () => {
      harness = await makeHarness();
    });
    after(async () => {
      await harness[Symbol.asyncDispose]();
    });
    const pair = (): Promise<Pair> => openPair(harness);

    describeFrames(pair, () => harness);
    describeFlow(pair, () => harness);
    describeEnds(pair, () => harness);
    describeOpening(pair, () => harness);
  });
}

function describeFrames(pair: () => Promise<Pair>, harness: () => TransportHarness): void {
  test('frames arrive once, whole and in order, both ways', patience, async () => {
    await using both = await pair();
    const sizes = Array.from({ length: 60 }, (_, i) => (i * 977) % 5000);
    await Promise.all([
      sendAll(both.near, 'control', sizes),
      sendAll(both.far, 'control', sizes.toReversed()),
      expectFrames(both.far, 'control', sizes),
      expectFrames(both.near, 'control', sizes.toReversed()),
    ]);
  });

  test('bodies of 0 bytes up to the largest frame, on control and bulk lanes', patience, async () => {
    await using both = await pair();
    const sizes = [0, 1, 255, 65_535, 65_536, 300_000, harness().bodyBytesMax ?? limits.frameBytesMax];
    for (const lane of ['control', 'bulk:sizes'] as const) {
      await Promise.all([sendAll(both.near, lane, sizes), expectFrames(both.far, lane, sizes)]);
      await Promise.all([sendAll(both.far, lane, sizes), expectFrames(both.near, lane, sizes)]);
    }
  });

  test('the parts of a frame are joined', patience, async () => {
    await using both = await pair();
    const parts = [new Uint8Array(0), Uint8Array.of(1, 2), new Uint8Array(0), Uint8Array.of(3), body(7, 70_000)];
    const sent = await both.near.send({ lane: 'control', parts }, never());
    const [frame] = await take(both.far, 1);
    assert.deepEqual(Buffer.from(frame?.bytes ?? []), Buffer.concat(parts));
    assert.equal(typeof sent.stream, 'string');
    assert.notEqual(frame?.stream, '');
  });

  test('ten thousand small frames in order', patience, async () => {
    await using both = await pair();
    const count = 10_000;
    const sending = (async () => {
      const window: Promise<unknown>[] = [];
      for (let i = 0; i < count; i++) {
        window.push(both.near.send({ lane: 'control', parts: [counter(i)] }, never()));
        if (window.length === 100) await Promise.all(window.splice(0));
      }
      await Promise.all(window);
    })();
    const frames = await take(both.far, count);
    await sending;
    frames.forEach((frame, i) => assert.equal(Buffer.from(frame.bytes).readUInt32BE(0), i));
  });

  test('each lane keeps its own order while lanes interleave', patience, async () => {
    await using both = await pair();
    const lanes: Lane[] = ['control', 'bulk:a', 'bulk:b', 'bulk:c'];
    const each = 40;
    const sending = Promise.all(
      lanes.map(async (lane) => {
        for (let i = 0; i < each; i++) {
          await both.near.send(
            { lane, parts: [counter(i), body(i, 20_000)], last: lane !== 'control' && i === each - 1 },
            never(),
          );
        }
      }),
    );
    const next = new Map<Lane, number>();
    for (const frame of await take(both.far, lanes.length * each)) {
      const expected = next.get(frame.lane) ?? 0;
      assert.equal(Buffer.from(frame.bytes).readUInt32BE(0), expected, `order in ${frame.lane}`);
      next.set(frame.lane, expected + 1);
    }
    assert.deepEqual([...next.keys()].toSorted(), lanes.toSorted());
    await sending;
  });

  test('a lane that ended can be used again', patience, async () => {
    await using both = await pair();
    for (let i = 0; i < 3; i++) {
      const sent = both.near.send({ lane: 'bulk:again', parts: [counter(i), body(i, 1000)], last: true }, never());
      const [frame] = await take(both.far, 1);
      await sent;
      assert.equal(Buffer.from(frame?.bytes ?? []).readUInt32BE(0), i);
    }
  });
}

function describeFlow(pair: () => Promise<Pair>, harness: () => TransportHarness): void {
  test('control flows beside a bulk stream of 32 MB', patience, async () => {
    await using both = await pair();
    const chunks = 64;
    let bulkDone = false;
    let echoedBeforeEnd = 0;
    const bulk = (async () => {
      for (let i = 0; i < chunks; i++) {
        await both.near.send(
          { lane: 'bulk:big', parts: [counter(i), body(i, chunkBytes - 4)], last: i === chunks - 1 },
          never(),
        );
      }
    })();
    const echo = (async () => {
      let received = 0;
      const incoming = reader(both.far);
      for (let next = await incoming.next(); next.done !== true; next = await incoming.next()) {
        const frame = next.value;
        if (frame.lane === 'control') await both.far.send({ lane: 'control', parts: [frame.bytes] }, never());
        else assert.equal(Buffer.from(frame.bytes).readUInt32BE(0), received++);
        if (received === chunks) bulkDone = true;
        if (frame.lane === 'control' && frame.bytes.length === 1) break;
      }
      assert.equal(received, chunks);
    })();
    const replies = reader(both.near);
    for (let i = 0; !bulkDone; i++) {
      await both.near.send({ lane: 'control', parts: [counter(i)] }, never());
      const reply = await replies.next();
      assert.equal(Buffer.from((reply.value as IncomingFrame).bytes).readUInt32BE(0), i);
      if (!bulkDone) echoedBeforeEnd++;
      // In memory both ends answer without the event loop, which would starve the timers that deliver the bulk lane.
      await delay(0);
    }
    await bulk;
    await both.near.send({ lane: 'control', parts: [Uint8Array.of(0)] }, never());
    await echo;
    // One is proof enough: queued behind the bulk lane it would have come after the last chunk.
    assert.ok(echoedBeforeEnd >= 1, 'no echo came while the bulk lane was busy');
  });

  test('a reader that stops makes the sender wait, then everything arrives', patience, async (t) => {
    const reason = harness().skip?.backPressure;
    if (reason !== undefined) return void t.skip(reason);
    await using both = await pair();
    const chunks = 128;
    let taken = 0;
    const sending = (async () => {
      for (let i = 0; i < chunks; i++) {
        await both.near.send(
          { lane: 'bulk:wait', parts: [counter(i), body(i, chunkBytes - 4)], last: i === chunks - 1 },
          never(),
        );
        taken = i + 1;
      }
    })();
    await quiet(() => taken);
    const held = taken * chunkBytes;
    assert.ok(taken < chunks && held <= 3 * limits.inboundBytesMax, `${held} bytes were taken though nobody read`);
    const frames = await take(both.far, chunks);
    await sending;
    frames.forEach((frame, i) => assert.equal(Buffer.from(frame.bytes).readUInt32BE(0), i));
  });

  test('abort during send rejects it and leaves no torn frame and a session that goes on', patience, async (t) => {
    const reason = harness().skip?.backPressure;
    if (reason !== undefined) return void t.skip(reason);
    await using both = await pair();
    const abort = new AbortController();
    let taken = 0;
    const sending = (async () => {
      for (let i = 0; i < 512; i++) {
        await both.near.send(
          { lane: 'bulk:stop', parts: [counter(i), body(i, chunkBytes - 4)] },
          { signal: abort.signal },
        );
        taken = i + 1;
      }
    })();
    await Promise.all([
      assert.rejects(sending, /enough of it/),
      (async () => {
        await quiet(() => taken);
        abort.abort(new Error('enough of it'));
      })(),
    ]);
    await both.near.send({ lane: 'control', parts: [Uint8Array.of(42)] }, never());
    let whole = 0;
    let controlSeen = false;
    while (whole < taken || !controlSeen) {
      const [frame] = await take(both.far, 1);
      if (frame?.lane === 'control') {
        assert.equal(frame.bytes[0], 42);
        controlSeen = true;
      } else {
        assert.equal(frame?.bytes.length, chunkBytes, 'a torn frame');
        assert.equal(Buffer.from(frame.bytes).readUInt32BE(0), whole++);
      }
    }
    await both.far.send({ lane: 'control', parts: [Uint8Array.of(43)] }, never());
    assert.equal((await take(both.near, 1))[0]?.bytes[0], 43);
  });

  test('send with an aborted signal has no effect', patience, async () => {
    await using both = await pair();
    const signal = AbortSignal.abort(new Error('no longer wanted'));
    await assert.rejects(
      both.near.send({ lane: 'control', parts: [Uint8Array.of(1)] }, { signal }),
      /no longer wanted/,
    );
    await both.near.send({ lane: 'control', parts: [Uint8Array.of(2)] }, never());
    assert.equal((await take(both.far, 1))[0]?.bytes[0], 2);
  });
}

function describeEnds(pair: () => Promise<Pair>, harness: () => TransportHarness): void {
  for (const side of ['near', 'far'] as const) {
    test(`code and reason of a close by the ${side} end reach the other, after what was sent`, patience, async () => {
      await using both = await pair();
      const [closing, other] = side === 'near' ? [both.near, both.far] : [both.far, both.near];
      for (let i = 0; i < 20; i++) await closing.send({ lane: 'control', parts: [counter(i)] }, never());
      const reading = readToEnd(other);
      await closing.close('clean', 'the run is over');
      const seen = await other.closed;
      assert.deepEqual([seen.code, seen.reason, seen.local], ['clean', 'the run is over', false]);
      const own = await closing.closed;
      assert.deepEqual([own.code, own.reason, own.local], ['clean', 'the run is over', true]);
      assert.equal((await reading).length, 20);
    });
  }

  test('closing twice is fine; use after close is an error', patience, async () => {
    await using both = await pair();
    await Promise.all([both.near.close('clean', 'first'), both.near.close('clean', 'second')]);
    await both.near.close('clean', 'third');
    assert.equal((await both.near.closed).reason, 'first');
    await assert.rejects(both.near.send({ lane: 'control', parts: [Uint8Array.of(1)] }, never()), isSessionEnd);
    assert.deepEqual(await readToEnd(both.near), []);
    await both.far.closed;
    await assert.rejects(both.far.send({ lane: 'control', parts: [Uint8Array.of(1)] }, never()), isSessionEnd);
  });

  test('a send that waits is rejected when the session ends', patience, async (t) => {
    const reason = harness().skip?.backPressure;
    if (reason !== undefined) return void t.skip(reason);
    await using both = await pair();
    let taken = 0;
    const sending = (async () => {
      for (let i = 0; i < 512; i++) {
        await both.near.send({ lane: 'bulk:x', parts: [body(i, chunkBytes)] }, never());
        taken = i;
      }
    })();
    await Promise.all([
      assert.rejects(sending, isSessionEnd),
      (async () => {
        await quiet(() => taken);
        await both.far.close('refused', 'not you');
      })(),
    ]);
  });

  test('a peer that vanishes ends the session of the other', patience, async (t) => {
    const reason = harness().skip?.vanish;
    if (reason !== undefined) return void t.skip(reason);
    const vanish = harness().vanish ?? ((session: Session) => session.abort?.());
    await using both = await pair();
    if (harness().vanish === undefined && both.near.abort === undefined) return void t.skip('the session has no abort');
    const reading = readToEnd(both.far);
    await vanish(both.near);
    const seen = await both.far.closed;
    assert.notEqual(seen.code, 'clean');
    assert.equal(seen.local, false);
    await reading;
    await assert.rejects(both.far.send({ lane: 'control', parts: [Uint8Array.of(1)] }, never()), isSessionEnd);
  });

  test('closing the listener ends its sessions and answers nobody any more', patience, async () => {
    await using both = await pair();
    const { endpoints } = both.listening.listener;
    await both.listening.listener[Symbol.asyncDispose]();
    await both.near.closed;
    await using abort = aborter(3000);
    await assert.rejects(harness().dialer.dial(endpoints, { signal: abort.signal, participant: 'node-9', run, token }));
  });

  test('nothing is left open', patience, async (t) => {
    const reason = harness().skip?.handles;
    if (reason !== undefined) return void t.skip(reason);
    await delay(50);
    const before = handles();
    for (let i = 0; i < 2; i++) {
      await using both = await pair();
      await Promise.all([sendAll(both.near, 'bulk:z', [1, 2, 3]), expectFrames(both.far, 'bulk:z', [1, 2, 3])]);
      await both.near.close('clean', 'done');
    }
    // What an earlier test left to run out may go meanwhile; nothing may come.
    const extra = (): string[] => {
      const rest = [...before];
      return handles().filter((kind) => !rest.includes(kind) || void rest.splice(rest.indexOf(kind), 1));
    };
    for (let i = 0; i < 40 && extra().length > 0; i++) await delay(50);
    assert.deepEqual(extra(), []);
  });
}

function describeOpening(pair: () => Promise<Pair>, harness: () => TransportHarness): void {
  test('a dial aborted before it began has no effect', patience, async () => {
    await using listening = await listen(harness());
    const signal = AbortSignal.abort(new Error('changed my mind'));
    await assert.rejects(
      harness().dialer.dial(listening.listener.endpoints, { signal, participant: 'node-1', run, token }),
      /changed my mind/,
    );
    await delay(20);
    assert.equal(listening.sessions.length, 0);
  });

  test('dialling nobody is a typed error that says what to try', patience, async (t) => {
    const { nobody, skip } = harness();
    if (nobody === undefined) return void t.skip(skip?.nobody ?? 'not applicable');
    const endpoints = await nobody();
    await assert.rejects(
      harness().dialer.dial(endpoints, { ...never(), participant: 'node-1', run, token }),
      (error) => {
        assert.ok(error instanceof RoundscopeError, String(error));
        assert.ok(['connect_refused', 'connect_timeout', 'connect_failed'].includes(error.code), error.code);
        assert.equal(error.layer, 'transport');
        assert.equal(error.retryable, true);
        return true;
      },
    );
  });

  test('a taken port is named', patience, async (t) => {
    const reason = harness().skip?.takenPort;
    if (reason !== undefined) return void t.skip(reason);
    await using first = await listen(harness());
    const port = first.listener.endpoints[0]?.port ?? 0;
    await assert.rejects(listen(harness(), port), (error) => {
      assert.ok(error instanceof RoundscopeError, String(error));
      assert.equal(error.code, 'port_in_use');
      assert.match(error.message, new RegExp(String(port)));
      return true;
    });
  });

  test('two participants at once do not hear each other', patience, async () => {
    await using both = await pair();
    const other = await dial(harness(), both.listening, 'node-2');
    await using _other = other;
    const otherFar = both.listening.sessions[1];
    assert.ok(otherFar);
    await Promise.all([
      sendAll(both.near, 'control', [10, 11]),
      sendAll(other, 'control', [20, 21, 22]),
      sendAll(both.far, 'bulk:t', [30]),
      sendAll(otherFar, 'bulk:t', [40, 41]),
      expectFrames(both.far, 'control', [10, 11]),
      expectFrames(otherFar, 'control', [20, 21, 22]),
      expectFrames(both.near, 'bulk:t', [30]),
      expectFrames(other, 'bulk:t', [40, 41]),
    ]);
    await other.close('clean', 'bye');
    await Promise.all([sendAll(both.near, 'control', [1]), expectFrames(both.far, 'control', [1])]);
  });

  test('one participant may open a second session after the first', patience, async () => {
    await using both = await pair();
    await both.near.close('clean', 'first');
    await using again = await dial(harness(), both.listening, 'node-1');
    const far = both.listening.sessions[1];
    assert.ok(far);
    await Promise.all([sendAll(again, 'control', [5]), expectFrames(far, 'control', [5])]);
  });

  test('a session tells its peer, stack and traffic', patience, async () => {
    await using both = await pair();
    await Promise.all([sendAll(both.near, 'control', [1000]), expectFrames(both.far, 'control', [1000])]);
    assert.equal(both.near.protocol, harness().dialer.protocol);
    assert.equal(both.near.stack, both.far.stack);
    assert.notEqual(both.far.remote, '');
    assert.ok(both.near.stats().sentBytes >= 1000);
    assert.ok(both.far.stats().receivedBytes >= 1000);
  });
}

async function listen(harness: TransportHarness, port = 0): Promise<Listening> {
  const sessions: Session[] = [];
  let wake = (): void => undefined;
  const listener = await harness.listener.listen({
    ...never(),
    run,
    token,
    host: harness.host ?? '127.0.0.1',
    port,
    onSession: (session) => {
      sessions.push(session);
      wake();
    },
    onRefused: () => undefined,
  });
  let handed = 0;
  const nextSession = async (): Promise<Session> => {
    while (sessions.length <= handed) await new Promise<void>((resolve) => (wake = resolve));
    return sessions[handed++] as Session;
  };
  return { listener, sessions, nextSession, [Symbol.asyncDispose]: () => listener[Symbol.asyncDispose]() };
}

async function dial(harness: TransportHarness, listening: Listening, participant: string): Promise<Session> {
  const session = await harness.dialer.dial(listening.listener.endpoints, { ...never(), participant, run, token });
  // Some transports show a session to the listener with its first bytes only, others before the dial resolves.
  for (let i = 0; i < 100 && listening.sessions.length === 0; i++) await delay(10);
  await listening.nextSession();
  return session;
}

async function openPair(harness: TransportHarness): Promise<Pair> {
  const listening = await listen(harness);
  const near = await dial(harness, listening, 'node-1');
  const far = listening.sessions[0] as Session;
  return {
    listening,
    near,
    far,
    [Symbol.asyncDispose]: async () => {
      await near.close('clean', 'end of test');
      await far.close('clean', 'end of test');
      await listening[Symbol.asyncDispose]();
    },
  };
}

async function sendAll(session: Session, lane: Lane, sizes: readonly number[]): Promise<void> {
  for (const [i, size] of sizes.entries()) await session.send({ lane, parts: [body(i, size)] }, never());
}

async function expectFrames(session: Session, lane: Lane, sizes: readonly number[]): Promise<void> {
  const frames = await take(session, sizes.length);
  for (const [i, size] of sizes.entries()) {
    const frame = frames[i];
    assert.equal(frame?.lane, lane);
    assert.equal(frame?.bytes.length, size, `length of frame ${i}`);
    assert.equal(digest(frame?.bytes ?? new Uint8Array()), digest(body(i, size)), `content of frame ${i}`);
  }
}

async function take(session: Session, count: number): Promise<IncomingFrame[]> {
  const frames: IncomingFrame[] = [];
  const iterator = reader(session);
  while (frames.length < count) {
    const next = await iterator.next();
    assert.ok(next.done !== true, `the session ended after ${frames.length} of ${count} frames`);
    frames.push(next.value);
  }
  return frames;
}

async function readToEnd(session: Session): Promise<IncomingFrame[]> {
  const frames: IncomingFrame[] = [];
  const iterator = reader(session);
  for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) frames.push(next.value);
  return frames;
}

const readers = new WeakMap<Session, AsyncIterator<IncomingFrame>>();

/** The one reader of a session. Not for-await: leaving such a loop would end an iterator that the test goes on with. */
function reader(session: Session): AsyncIterator<IncomingFrame> {
  const known = readers.get(session) ?? session.frames()[Symbol.asyncIterator]();
  readers.set(session, known);
  return known;
}

/** Waits until a number has not changed for a while. */
async function quiet(value: () => number): Promise<void> {
  let last = -1;
  for (let i = 0; i < 100; i++) {
    if (value() === last && last > 0) return;
    last = value();
    await delay(150);
  }
}

function isSessionEnd(error: unknown): boolean {
  assert.ok(error instanceof RoundscopeError, String(error));
  assert.ok(error.code === 'session_closed' || error.code === 'session_lost', error.code);
  return true;
}

function never(): { readonly signal: AbortSignal } {
  return { signal: new AbortController().signal };
}

function aborter(ms: number): { readonly signal: AbortSignal } & AsyncDisposable {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(new Error('too slow')), ms);
  return { signal: controller.signal, [Symbol.asyncDispose]: async () => clearTimeout(timer) };
}

function counter(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** Bytes that differ by position and by seed, so that a swapped or shifted piece shows. */
function body(seed: number, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  for (let i = 0; i < size; i++) bytes[i] = (i * 31 + (i >> 8) * 7 + seed * 13) & 0xff;
  return bytes;
}

function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

const watched = new Set([
  'TCPSocketWrap',
  'TCPServerWrap',
  'UDPWRAP',
  'PipeWrap',
  'Timeout',
  'Immediate',
  'MessagePort',
]);

function handles(): string[] {
  return process
    .getActiveResourcesInfo()
    .filter((kind) => watched.has(kind))
    .toSorted();
}
