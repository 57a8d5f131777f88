import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import type { Endpoint } from '#shared/contract/app/invitation.ts';
import { systemClock } from '#engine/host/system-clock.ts';
import { createIdentity } from '#engine/identity/identity.ts';
import { encodeFrame } from '#engine/framing/frame.ts';
import type { Session, SessionObserver } from '../transport.ts';
import { quicDefaults } from './quic-options.ts';
import { QuicTransport } from './quic-transport.ts';

const signal = new AbortController().signal;

function makeTransport(connectTimeoutMs = 3000): QuicTransport {
  return new QuicTransport({ clock: systemClock, identity: createIdentity(), options: { connectTimeoutMs } });
}

interface Served extends AsyncDisposable {
  readonly endpoints: readonly Endpoint[];
  readonly next: Promise<Session>;
}

async function serve(): Promise<Served> {
  const { promise: next, resolve } = Promise.withResolvers<Session>();
  const listener = await makeTransport().listen({
    signal,
    run: 'r',
    host: '127.0.0.1',
    port: 0,
    onSession: resolve,
    onRefused: () => undefined,
  });
  return { endpoints: listener.endpoints, next, [Symbol.asyncDispose]: () => listener[Symbol.asyncDispose]() };
}

/** A UDP port that swallows everything. */
async function openHole(): Promise<
  AsyncDisposable & { readonly before: (endpoints: readonly Endpoint[]) => readonly Endpoint[] }
> {
  const hole = createSocket('udp4');
  hole.bind(0, '127.0.0.1');
  await once(hole, 'listening');
  const { port } = hole.address();
  return {
    before: (endpoints) => endpoints.map((e) => (e.provider === 'quinn' ? { ...e, port } : e)),
    [Symbol.asyncDispose]: () => new Promise((resolve) => void hole.close(() => resolve())),
  };
}

describe('quic over two providers', () => {
  test('an invitation names both, the dialer takes the first', async () => {
    await using served = await serve();
    assert.deepEqual(
      served.endpoints.map(({ provider }) => provider),
      ['quinn', 'webtransport'],
    );
    const attempts: string[] = [];
    const observer = { onAttempt: ({ stack }: { readonly stack: string }): void => void attempts.push(stack) };
    await using session = await makeTransport().dial(served.endpoints, {
      signal,
      participant: 'p',
      run: 'r',
      observer,
    });
    assert.equal(session.stack, 'quinn');
    assert.equal((await served.next).stack, 'quinn');
    assert.deepEqual(attempts, ['quinn']);
    assert.ok(session.stats().counters.length <= 60, 'more than a link_stats event takes');
    assert.match((await served.next).peerIdentity ?? '', /^12D3KooW/);
  });

  test('where UDP is swallowed it goes on over TCP within the limit, and says so', async () => {
    await using served = await serve();
    await using hole = await openHole();
    const endpoints = hole.before(served.endpoints);
    const falls: string[] = [];
    const observer = {
      onFallback: (fall: { readonly from: string; readonly to: string; readonly reason: string }): void =>
        void falls.push(`${fall.from} > ${fall.to}: ${fall.reason}`),
    };
    await using session = await makeTransport().dial(endpoints, { signal, participant: 'p', run: 'r', observer });
    assert.equal(session.stack, 'webtransport-h2');
    assert.equal(falls.length, 1);
    const why = 'No answer over UDP: none in 1.5 s; over TCP now, and UDP is tried again';
    assert.equal(falls[0], `quinn > webtransport-h2: ${why}`);
    assert.equal(session.fallback, why);
  });

  test('however long the limit is, silence over UDP costs less than 3 s', async (t) => {
    await using served = await serve();
    await using hole = await openHole();
    const startedMs = performance.now();
    await using session = await makeTransport(quicDefaults.connectTimeoutMs).dial(hole.before(served.endpoints), {
      signal,
      participant: 'p',
      run: 'r',
    });
    t.diagnostic(`over TCP after ${Math.round(performance.now() - startedMs)} ms`);
    assert.equal(session.fallback, 'No answer over UDP: none in 2.5 s; over TCP now, and UDP is tried again');
  });

  test('while no way has answered nobody says that UDP is blocked', async () => {
    const served = await serve();
    await using hole = await openHole();
    const endpoints = hole.before(served.endpoints);
    // From now on its TCP port refuses.
    await served[Symbol.asyncDispose]();
    const told: string[] = [];
    const observer: SessionObserver = {
      onAttempt: ({ stack }) => void told.push(`${stack} begins`),
      onAttemptEnd: ({ stack }, error) =>
        void told.push(`${stack} ${String((error as { code?: string } | null)?.code)}`),
      onFallback: ({ reason }) => void told.push(reason),
    };
    await assert.rejects(makeTransport().dial(endpoints, { signal, participant: 'p', run: 'r', observer }), (error) => {
      assert.match(String(error), /Nobody listens at 127\.0\.0\.1:\d+ \(TCP\), and nothing answers at .*\(UDP\)/);
      assert.equal(Reflect.get(error as object, 'code'), 'connect_refused');
      return true;
    });
    assert.deepEqual(told, [
      'quinn begins',
      'quinn connect_timeout',
      'webtransport-h2 begins',
      'webtransport-h2 connect_refused',
    ]);
  });

  test('silence over UDP and TCP: both are named, each with its own time', async () => {
    await using served = await serve();
    await using hole = await openHole();
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const endpoints = hole.before(served.endpoints).map((e) => (e.provider === 'webtransport' ? { ...e, port } : e));
    try {
      await assert.rejects(makeTransport().dial(endpoints, { signal, participant: 'p', run: 'r' }), {
        code: 'connect_timeout',
        message: /answered at 127\.0\.0\.1:\d+ \(UDP\) within 1\.5 s, 127\.0\.0\.1:\d+ \(TCP\) within 1\.[45] s/,
      });
    } finally {
      silent.close();
    }
  });

  test('who has a session over TCP can look for UDP alone', async () => {
    await using served = await serve();
    await using hole = await openHole();
    const options = { signal, participant: 'p', run: 'r', noFallback: true };
    await assert.rejects(makeTransport(500).dial(hole.before(served.endpoints), options), {
      code: 'connect_timeout',
      message: /\(UDP\) within 0\.5 s\. /,
    });
    await using session = await makeTransport().dial(served.endpoints, options);
    assert.equal(session.stack, 'quinn');
  });

  test('an impostor is not a reason to try the next way', async () => {
    await using served = await serve();
    const endpoints = served.endpoints.map((e) =>
      e.provider === 'quinn' ? { ...e, identity: createIdentity().peerId } : e,
    );
    await assert.rejects(makeTransport().dial(endpoints, { signal, participant: 'p', run: 'r' }), {
      code: 'identity_mismatch',
    });
  });

  test('a coordinator of another run refuses with words', async () => {
    await using served = await serve();
    await assert.rejects(
      makeTransport().dial(served.endpoints, { signal, participant: 'p', run: 'other' }),
      (error) => {
        assert.match(String(error), /run other is not served here; ask for/);
        return true;
      },
    );
  });

  test('control stays quick beside uploads', async (t) => {
    await using served = await serve();
    await using near = await makeTransport().dial(served.endpoints, { signal, participant: 'p', run: 'r' });
    const far = await served.next;
    void (async () => {
      for await (const frame of far.frames())
        if (frame.lane === 'control') await far.send({ lane: 'control', parts: frame.parts }, { signal });
    })().catch(() => undefined);
    const body = new Uint8Array(500_000);
    let uploading = true;
    const uploads = Promise.all(
      ['a', 'b', 'c', 'd'].map(async (id) => {
        for (let i = 0; i < 200; i++)
          await near.send({ lane: `bulk:${id}`, parts: encodeFrame({ i }, body), last: i === 199 }, { signal });
      }),
    ).finally(() => (uploading = false));
    const roundTripsMs: number[] = [];
    const replies = near.frames()[Symbol.asyncIterator]();
    const startedMs = performance.now();
    while (uploading) {
      const sentMs = performance.now();
      await near.send({ lane: 'control', parts: encodeFrame({}, new Uint8Array(1000)) }, { signal });
      await replies.next();
      roundTripsMs.push(performance.now() - sentMs);
    }
    const seconds = (performance.now() - startedMs) / 1000;
    await uploads;
    roundTripsMs.sort((a, b) => a - b);
    const [p50, p99] = [0.5, 0.99].map((share) => roundTripsMs[Math.floor(roundTripsMs.length * share)] ?? 0);
    t.diagnostic(
      `400 MB at ${Math.round(400 / seconds)} MB/s; control of 1 KB: p50 ${p50?.toFixed(1)} ms, p99 ${p99?.toFixed(1)} ms`,
    );
    // Head-of-line blocking would make it wait for whole transfers: seconds.
    assert.ok((p99 ?? Infinity) < 1000);
  });
});
