import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { systemClock } from '#engine/host/system-clock.ts';
import { systemEntropy } from '#engine/host/system-entropy.ts';
import { seededRandom } from '#shared/base/random.ts';
import { describeTransport } from '#test/contract/transport.ts';
import { MqttTransport } from '../mqtt/mqtt-transport.ts';
import type { Listener, OutgoingFrame, Session } from '../transport.ts';
import { FaultyTransport } from './faulty-transport.ts';

const signal = new AbortController().signal;

function faulty(seed = 1): FaultyTransport {
  const inner = new MqttTransport({ clock: systemClock, entropy: systemEntropy });
  return new FaultyTransport(inner, { clock: systemClock, random: seededRandom(seed) });
}

describeTransport('faulty, with no fault switched on', async () => ({
  dialer: faulty(),
  listener: faulty(),
  [Symbol.asyncDispose]: async () => undefined,
}));

interface Served extends AsyncDisposable {
  readonly transport: FaultyTransport;
  readonly near: Session;
  readonly sessions: Session[];
}

async function pair(): Promise<Served> {
  const sessions: Session[] = [];
  const listener: Listener = await new MqttTransport({ clock: systemClock, entropy: systemEntropy }).listen({
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
    near,
    sessions,
    [Symbol.asyncDispose]: async () => {
      await near.close('clean', 'end');
      await listener[Symbol.asyncDispose]();
    },
  };
}

function text(frame: { readonly bytes: Uint8Array } | undefined): string {
  return Buffer.from(frame?.bytes ?? []).toString();
}

function frameOf(words: string, more: Partial<OutgoingFrame> = {}): OutgoingFrame {
  return { lane: 'control', parts: [Buffer.from(words)], ...more };
}

async function all(session: Session | undefined): Promise<string[]> {
  const words: string[] = [];
  for await (const frame of session?.frames() ?? []) words.push(text(frame));
  return words;
}

describe('connection per message', () => {
  test('each message arrives on a connection of its own, answers never do, and the sender believes all is well', async () => {
    await using served = await pair();
    const { near, sessions, transport } = served;
    await near.send(frameOf('hello'), { signal });
    transport.connectionPerMessage('on');
    await near.send(frameOf('one'), { signal });
    await near.send(frameOf('part 1', { lane: 'bulk:u' }), { signal });
    await near.send(frameOf('part 2', { lane: 'bulk:u', last: true }), { signal });
    assert.equal(sessions.length, 3);
    assert.deepEqual(await all(sessions[0]), ['hello']);
    assert.deepEqual(await all(sessions[1]), ['hello', 'one']);
    assert.deepEqual(await all(sessions[2]), ['hello', 'part 1', 'part 2']);
    for (const session of sessions) await assert.rejects(session.send(frameOf('answer'), { signal }));
    const heard = near.frames()[Symbol.asyncIterator]().next();
    const first = await Promise.race([heard, systemClock.sleep(100, { signal }).then(() => 'nothing')]);
    assert.equal(first, 'nothing');
  });

  test('switched off, the sender learns that there is no session', async () => {
    await using served = await pair();
    served.transport.connectionPerMessage('on');
    served.transport.connectionPerMessage('off');
    assert.equal((await served.near.closed).code, 'lost');
  });
});

describe('a bad network', () => {
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
    await systemClock.sleep(50, { signal });
    assert.equal(sent, false);
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
