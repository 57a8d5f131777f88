import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { systemClock } from '#engine/host/system-clock.ts';
import { systemEntropy } from '#engine/host/system-entropy.ts';
import { createIdentity, type Identity } from '#engine/identity/identity.ts';
import { limits } from '#shared/contract/limits.ts';
import { coordinatorIdentity, participantIdentity } from '#test/contract/session-pair.ts';
import { describeTransport } from '#test/contract/transport.ts';
import { framed, framingBytes } from '#test/support/kits/framed-transport.ts';
import { freePort } from '#test/support/brokers/mosquitto.ts';
import { MqttTransport } from '../mqtt/mqtt-transport.ts';
import { QuicTransport } from '../quic/quic-transport.ts';
import type { Session } from '../transport.ts';
import { pairingFrame, readPairing } from './pairing.ts';
import { SplitTransport } from './split-transport.ts';

const signal = new AbortController().signal;

function split(identity: Identity = createIdentity()): SplitTransport {
  const options = { connectTimeoutMs: 1500 };
  return new SplitTransport({
    control: new MqttTransport({ clock: systemClock, entropy: systemEntropy, identity }),
    bulk: new QuicTransport({ clock: systemClock, identity, providers: ['quinn'], options }),
    clock: systemClock,
    entropy: systemEntropy,
  });
}

describeTransport('control over mqtt, bulk over quic', async () => ({
  dialer: framed(split(participantIdentity)),
  listener: framed(split(coordinatorIdentity)),
  bodyBytesMax: limits.frameBytesMax - framingBytes,
  skip: { memory: 'QUIC alone has it' },
  nobody: async () => [
    {
      protocol: 'mqtt',
      provider: 'mqtt',
      host: '127.0.0.1',
      port: await freePort(),
      identity: createIdentity().peerId,
    },
    { protocol: 'quic', provider: 'quinn', host: '127.0.0.1', port: await freePort() },
  ],
  security: {
    token: 'proved',
    identity: 'proved',
    dialer: 'proved',
    foreign: { missing: 'each half is tested on its own; they are joined by an id that is drawn for the session' },
  },
  [Symbol.asyncDispose]: async () => undefined,
}));

async function serve(refused: string[] = []): Promise<
  {
    readonly sessions: Session[];
    readonly endpoints: Awaited<ReturnType<SplitTransport['listen']>>['endpoints'];
  } & AsyncDisposable
> {
  const sessions: Session[] = [];
  const listener = await split().listen({
    signal,
    run: 'r',
    token: 'a-token-for-this-run',
    host: '127.0.0.1',
    port: 0,
    onSession: (session) => sessions.push(session),
    onRefused: ({ reason }) => refused.push(reason),
  });
  return { sessions, endpoints: listener.endpoints, [Symbol.asyncDispose]: () => listener[Symbol.asyncDispose]() };
}

describe('split session', () => {
  test('each frame says which protocol carried it, at both ends', async () => {
    await using served = await serve();
    await using raw = await split().dial(served.endpoints, {
      signal,
      run: 'r',
      token: 'a-token-for-this-run',
      participant: 'node-1',
    });
    const near = framed({ protocol: 'quic', dial: async () => raw, listen: () => Promise.reject(new Error('unused')) });
    const session = await near.dial([], { signal, run: 'r', participant: 'node-1' });
    const control = await session.send({ lane: 'control', parts: [Buffer.from('c')] }, { signal });
    const bulk = await session.send({ lane: 'bulk:b', parts: [Buffer.from('b')], last: true }, { signal });
    assert.deepEqual(
      [control.protocol, control.stack, bulk.protocol, bulk.stack],
      ['mqtt', 'mqtt.js', 'quic', 'quinn'],
    );
    while (served.sessions.length === 0) await systemClock.sleep(5, { signal });
    const frames = served.sessions[0]?.frames()[Symbol.asyncIterator]();
    const got = [await frames?.next(), await frames?.next()]
      .map((next) => [next?.value?.lane, next?.value?.protocol])
      .toSorted((a, b) => String(a).localeCompare(String(b)));
    assert.deepEqual(got, [
      ['bulk:b', 'quic'],
      ['control', 'mqtt'],
    ]);
  });

  test('a half that cannot prove where it belongs is refused, and no session comes of it', async () => {
    const refused: string[] = [];
    await using served = await serve(refused);
    const alone = new QuicTransport({ clock: systemClock, identity: createIdentity(), providers: ['quinn'] });
    const options = { signal, run: 'r', token: 'a-token-for-this-run', participant: 'node-1' };
    const half = await alone.dial(served.endpoints, options);
    await half.send({ lane: 'control', parts: pairingFrame('guessed', 'bulk', 'ab'.repeat(16)) }, { signal });
    await half.closed;
    assert.equal(served.sessions.length, 0);
    assert.match(refused.join(), /proof/);
  });

  test('a proof is good for its half, id and token only', () => {
    const id = '01'.repeat(16);
    const frame = pairingFrame('t', 'bulk', id);
    assert.equal(readPairing('t', 'bulk', frame), id);
    assert.equal(readPairing('t', 'control', frame), null);
    assert.equal(readPairing('u', 'bulk', frame), null);
    assert.equal(readPairing('t', 'bulk', [Buffer.from('garbage')]), null);
  });
});
