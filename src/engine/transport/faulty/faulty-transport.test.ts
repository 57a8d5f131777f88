import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { systemClock } from '#engine/host/system-clock.ts';
import { systemEntropy } from '#engine/host/system-entropy.ts';
import { createIdentity } from '#engine/identity/identity.ts';
import { seededRandom } from '#shared/base/random.ts';
import { coordinatorIdentity, participantIdentity } from '#test/contract/session-pair.ts';
import { describeTransport } from '#test/contract/transport.ts';
import { MqttTransport } from '../mqtt/mqtt-transport.ts';
import type { Listener, OutgoingFrame, Session } from '../transport.ts';
import { FaultyTransport } from './faulty-transport.ts';

const signal = new AbortController().signal;

function plain(identity = createIdentity()): MqttTransport {
  return new MqttTransport({ clock: systemClock, entropy: systemEntropy, identity });
}

function faulty(seed = 1, identity = createIdentity()): FaultyTransport {
  return new FaultyTransport(plain(identity), { clock: systemClock, random: seededRandom(seed) });
}

describeTransport('faulty, with no fault switched on', async () => ({
  dialer: faulty(1, participantIdentity),
  listener: faulty(1, coordinatorIdentity),
  security: {
    token: 'proved',
    identity: 'proved',
    dialer: 'proved',
    foreign: { missing: 'tested on the transport that it wraps' },
  },
  skip: { links: 'MQTT alone has them', memory: 'MQTT alone has it' },
  [Symbol.asyncDispose]: async () => undefined,
}));

interface Served extends AsyncDisposable {
  readonly transport: FaultyTransport;
  readonly endpoints: Listener['endpoints'];
  readonly near: Session;
  readonly sessions: Session[];
}

async function pair(): Promise<Served> {
  const sessions: Session[] = [];
  const listener: Listener = await plain().listen({
    signal,
    run: 'r',
    host: '127.0.0.1',
    port: 0,
    onSession: (session) => sessions.push(session),
    onRefused: () => undefined,
  });
  const transport = faulty();
  const near = await transport.dial(listener.endpoints, { signal, run: 'r', participant: 'node-1' });
  return {
    transport,
    endpoints: listener.endpoints,
    near,
    sessions,
    [Symbol.asyncDispose]: async () => {
      await near.close('clean', 'end');
      await listener[Symbol.asyncDispose]();
    },
  };
}

function text(frame: { readonly parts: readonly Uint8Array[] } | undefined): string {
  return Buffer.concat(frame?.parts ?? []).toString();
}

function frameOf(words: string, more: Partial<OutgoingFrame> = {}): OutgoingFrame {
  return { lane: 'control', parts: [Buffer.from(words)], ...more };
}

describe('a network that fails on command', () => {
  test('a dropped link is lost at both ends without a word', async () => {
    await using served = await pair();
    served.transport.dropLink();
    assert.equal((await served.near.closed).code, 'lost');
    assert.equal((await served.sessions[0]?.closed)?.code, 'lost');
  });

  test('a partition holds frames until it heals', async () => {
    await using served = await pair();
    served.transport.partition('on');
    let sent = false;
    const sending = served.near.send(frameOf('held'), { signal }).then(() => (sent = true));
    // One that is sent later over a sound session has arrived meanwhile.
    await using sound = await plain().dial(served.endpoints, { signal, run: 'r', participant: 'node-2' });
    await sound.send(frameOf('sound'), { signal });
    const other = await served.sessions[1]?.frames()[Symbol.asyncIterator]().next();
    assert.deepEqual([text(other?.value), sent], ['sound', false]);
    served.transport.partition('off');
    await sending;
    const next = await served.sessions[0]?.frames()[Symbol.asyncIterator]().next();
    assert.equal(text(next?.value), 'held');
  });

  test('the same seed breaks the session at the same frame', async () => {
    const brokenAt = async (): Promise<number> => {
      await using served = await pair();
      served.transport.setWire({ breakProbability: 0.1 });
      for (let i = 0; i < 200; i++) {
        const sent = await served.near.send(frameOf(String(i)), { signal }).then(
          () => true,
          () => false,
        );
        if (!sent) return i;
      }
      return -1;
    };
    const [first, second] = [await brokenAt(), await brokenAt()];
    assert.ok(first >= 0);
    assert.equal(first, second);
  });
});
