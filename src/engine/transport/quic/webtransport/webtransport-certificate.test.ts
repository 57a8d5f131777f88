import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { once } from 'node:events';
import { connect } from 'node:tls';
import type { Clock } from '#shared/base/time/clock.ts';
import { createIdentity, type Identity } from '#engine/identity/identity.ts';
import { systemClock } from '#engine/host/system-clock.ts';
import type { Endpoint } from '#shared/contract/app/invitation.ts';
import { encodeFrame } from '#engine/framing/frame.ts';
import type { Listener, Session } from '#engine/transport/transport.ts';
import { QuicTransport } from '../quic-transport.ts';

const signal = new AbortController().signal;
const dayMs = 24 * 3_600_000;

/** The machine's clock, but its date can be set, and its hourly look at the date comes when it is asked for. */
class SetClock implements Clock {
  agoMs = 0;
  readonly #hourly = new Set<() => void>();

  readonly monotonicMs = systemClock.monotonicMs;
  readonly sleep = systemClock.sleep;
  readonly deadline = systemClock.deadline;

  wallMs(): number {
    return systemClock.wallMs() - this.agoMs;
  }

  timer(ms: number, callback: () => void): Disposable {
    if (ms < 3_600_000) return systemClock.timer(ms, callback);
    this.#hourly.add(callback);
    return { [Symbol.dispose]: () => void this.#hourly.delete(callback) };
  }

  get waiting(): number {
    return this.#hourly.size;
  }

  look(): void {
    for (const callback of [...this.#hourly]) {
      this.#hourly.delete(callback);
      callback();
    }
  }
}

interface Served extends AsyncDisposable {
  readonly endpoint: Endpoint;
  readonly sessions: Session[];
}

async function serve(identity: Identity, clock: Clock = systemClock, port = 0): Promise<Served> {
  const sessions: Session[] = [];
  const transport = new QuicTransport({ clock, identity, providers: ['webtransport'] });
  const listener: Listener = await transport.listen({
    signal,
    run: 'r',
    host: '127.0.0.1',
    port,
    onSession: (session) => void sessions.push(session),
    onRefused: () => undefined,
  });
  return {
    endpoint: listener.endpoints[0] as Endpoint,
    sessions,
    [Symbol.asyncDispose]: () => listener[Symbol.asyncDispose](),
  };
}

function dial(endpoint: Endpoint): Promise<Session> {
  const transport = new QuicTransport({ clock: systemClock, identity: createIdentity(), providers: ['webtransport'] });
  return transport.dial([endpoint], { signal, participant: 'p', run: 'r' });
}

async function shownAt(port: number): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false, ALPNProtocols: ['h2'] });
  await once(socket, 'secureConnect');
  const shown = socket.getPeerX509Certificate()?.fingerprint256 ?? '';
  socket.destroy();
  return shown;
}

describe('certificate of a WebTransport listener', () => {
  test('an invitation outlives the process that made it: the same identity answers with another certificate', async () => {
    const identity = createIdentity();
    let endpoint: Endpoint;
    let shown: string;
    {
      await using before = await serve(identity);
      endpoint = before.endpoint;
      shown = await shownAt(endpoint.port);
      await using session = await dial(endpoint);
      assert.equal(session.peerIdentity, identity.peerId);
    }
    {
      await using _after = await serve(identity, systemClock, endpoint.port);
      assert.notEqual(await shownAt(endpoint.port), shown);
      await using session = await dial(endpoint);
      assert.equal(session.peerIdentity, identity.peerId);
    }
    await using _other = await serve(createIdentity(), systemClock, endpoint.port);
    await assert.rejects(dial(endpoint), { code: 'identity_mismatch' });
  });

  test('it is renewed in time, and sessions live through that', async () => {
    const clock = new SetClock();
    clock.agoMs = 8 * dayMs;
    await using served = await serve(createIdentity(), clock);
    const { endpoint } = served;
    const first = await shownAt(endpoint.port);
    await using old = await dial(endpoint);
    clock.agoMs = 3 * dayMs;
    clock.look();
    assert.equal(await shownAt(endpoint.port), first, 'still young');
    clock.agoMs = 0;
    clock.look();
    assert.notEqual(await shownAt(endpoint.port), first);
    await using young = await dial(endpoint);
    for (const [index, session] of [old, young].entries()) {
      await session.send({ lane: 'control', parts: encodeFrame({ index }) }, { signal });
      const frame = await served.sessions[index]?.frames()[Symbol.asyncIterator]().next();
      assert.equal(frame?.done, false);
    }
    assert.equal(clock.waiting, 1);
  });

  test('one that was not renewed is refused in words, and no other way is tried', async () => {
    const clock = new SetClock();
    clock.agoMs = 13 * dayMs;
    await using served = await serve(createIdentity(), clock);
    await assert.rejects(dial(served.endpoint), (error) => {
      assert.match(String(error), /is who the invitation names, but its certificate is good from .* to /);
      return true;
    });
    clock.agoMs = 0;
    clock.look();
    await using _session = await dial(served.endpoint);
  });

  test('with the listener its rotation ends', async () => {
    const clock = new SetClock();
    {
      await using _served = await serve(createIdentity(), clock);
      assert.equal(clock.waiting, 1);
    }
    assert.equal(clock.waiting, 0);
  });
});
