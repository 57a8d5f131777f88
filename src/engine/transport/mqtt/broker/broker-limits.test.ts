import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { systemClock } from '#engine/host/system-clock.ts';
import { systemEntropy } from '#engine/host/system-entropy.ts';
import { createIdentity } from '#engine/identity/identity.ts';
import { findMosquitto, startMosquitto, type RunningBroker } from '#test/support/brokers/mosquitto.ts';
import { until } from '#test/support/until.ts';
import { joined } from '#engine/framing/parts.ts';
import type { BrokerNews, Listener, Session } from '#engine/transport/transport.ts';
import { PieceSize } from '#engine/transport/credited/piece-size.ts';
import { BrokerConnection } from '../connection.ts';
import { Dialect } from '../dialect.ts';
import { MqttTransport } from '../mqtt-transport.ts';

const mosquitto = findMosquitto();
const skip = 'missing' in mosquitto ? mosquitto.missing : false;
const path = 'path' in mosquitto ? mosquitto.path : '';
const signal = new AbortController().signal;
const about = { run: 'r-1', token: 'a-token-of-sixteen-or-more', signal };

interface Ends extends AsyncDisposable {
  readonly listener: Listener;
  readonly news: BrokerNews[];
  readonly accepted: Session[];
  dial(participant?: string, until?: AbortSignal): Promise<Session>;
}

async function ends(broker: RunningBroker, version: 4 | 5 = 5): Promise<Ends> {
  const parts = { clock: systemClock, entropy: systemEntropy, version };
  const news: BrokerNews[] = [];
  const accepted: Session[] = [];
  const listener = await new MqttTransport({ ...parts, identity: createIdentity(), brokerUrl: broker.url }).listen({
    ...about,
    host: '127.0.0.1',
    port: 0,
    onSession: (session) => accepted.push(session),
    onRefused: () => undefined,
    onBroker: (told) => news.push(told),
  });
  const dialer = new MqttTransport({ ...parts, identity: createIdentity() });
  return {
    listener,
    news,
    accepted,
    dial: (participant = 'lab-1', over = signal) =>
      dialer.dial(listener.endpoints, { ...about, participant, signal: over }),
    [Symbol.asyncDispose]: () => listener[Symbol.asyncDispose](),
  };
}

/** Both ends have said something, as a link's do before anything else. */
async function greet(near: Session, far: Session): Promise<void> {
  await near.send({ lane: 'control', parts: [Uint8Array.of(1)] }, { signal });
  await far.send({ lane: 'control', parts: [Uint8Array.of(1)] }, { signal });
}

const body = Buffer.alloc(900_000, 'x');

async function bulkPasses(from: Session, to: Session, id: string): Promise<void> {
  const sending = from.send({ lane: `bulk:${id}`, parts: [body], last: true }, { signal });
  // Told below, which may be after it has happened.
  sending.catch(() => undefined);
  for await (const frame of to.frames()) {
    if (frame.lane === 'control') continue;
    assert.ok(body.equals(joined(frame.parts)), 'as it was sent');
    break;
  }
  await sending;
}

/** Rules that let the coordinator, which has no user name here, do everything, and lab-1 everything but that. */
const everythingBut = (...denied: readonly string[]): readonly string[] => [
  'topic readwrite #',
  'user lab-1',
  ...denied.map((topic) => `topic deny ${topic}`),
  'topic readwrite #',
];

const limits = [
  { lines: ['max_packet_size 65536'], version: 5 },
  { lines: ['max_packet_size 100000'], version: 5 },
  { lines: ['message_size_limit 65536'], version: 5 },
  { lines: ['message_size_limit 100000'], version: 5 },
  { lines: ['message_size_limit 65536'], version: 4 },
  { lines: ['retain_available false'], version: 5 },
] as const;

describe('a broker elsewhere that takes less', { skip, concurrency: true }, () => {
  for (const { lines, version } of limits) {
    test(`${lines.join()}, MQTT ${version}: smaller pieces pass both ways over the same sessions`, async () => {
      await using broker = await startMosquitto(path, lines);
      await using both = await ends(broker, version);
      await using near = await both.dial();
      await until(() => both.accepted.length === 1);
      const far = both.accepted[0] as Session;
      await greet(near, far);
      await bulkPasses(near, far, 'up');
      await bulkPasses(far, near, 'down');
      assert.equal(near.obstacle, null);
      assert.equal(far.obstacle, null);
      assert.deepEqual(both.news, [], 'the connection of the coordinator was never lost');
    });
  }

  test('one that cuts the connection over a large packet and does not say why is sent smaller ones soon', async () => {
    await using broker = await startMosquitto(path, ['max_packet_size 65536']);
    await using both = await ends(broker, 4);
    for (let dials = 1; ; dials++) {
      assert.ok(dials <= 4, 'half as much each time');
      await using near = await both.dial();
      await until(() => both.accepted.length === dials);
      const far = both.accepted[dials - 1] as Session;
      await greet(near, far);
      const passed = await Promise.race([
        bulkPasses(near, far, 'up').then(() => true),
        near.closed.then(() => false),
      ]).catch(() => false);
      if (passed) break;
    }
  });

  test('so little that nothing can go on is one error, and names what to raise', async () => {
    await using small = await startMosquitto(path, ['max_packet_size 2000']);
    await assert.rejects(ends(small), {
      code: 'broker_refused',
      message: /takes no packet of 5 KiB \(Maximum Packet Size 2000\): raise max_packet_size/,
    });
    await using broker = await startMosquitto(path, ['message_size_limit 2000']);
    await using both = await ends(broker);
    await using near = await both.dial();
    await until(() => both.accepted.length === 1);
    const far = both.accepted[0] as Session;
    await greet(near, far);
    const over = new AbortController();
    const sending = near.send({ lane: 'bulk:b', parts: [body] }, { signal: over.signal });
    const words =
      'the broker takes no packet of 4 KiB (it says: Packet too large): raise max_packet_size / message_size_limit there';
    await until(() => near.obstacle === words && far.obstacle === words);
    over.abort(new Error('enough'));
    await assert.rejects(sending, /enough/);
  });
});

describe('a broker elsewhere that lacks rights', { skip, concurrency: true }, () => {
  const bulkOf = (who: string, way: string): string => `roundscope/+/${who}/+/${way}/bulk/#`;

  test('to publish bulk: both ends hear the broker, the session holds, and what waits goes on once it may', async () => {
    await using broker = await startMosquitto(path, [], 0, everythingBut(bulkOf('lab-1', 'up')));
    await using both = await ends(broker);
    await using near = await both.dial();
    await until(() => both.accepted.length === 1);
    const far = both.accepted[0] as Session;
    await greet(near, far);
    const passing = bulkPasses(near, far, 'b');
    await until(() => near.obstacle !== null && far.obstacle !== null);
    assert.match(
      far.obstacle ?? '',
      /^the broker does not take what is published on roundscope\/r-1\/lab-1\/\+\/up\/bulk\/# \(it says: Not authorized\)$/,
    );
    await broker.allow(everythingBut());
    await passing;
    await until(() => near.obstacle === null && far.obstacle === null);
  });

  test('to read bulk, of which it says nothing: told by who did not hear it', async () => {
    const readable = ['+/status', '+/+/down/control', '+/+/down/session'].map(
      (topic) => `topic read roundscope/+/${topic}`,
    );
    const rules = ['topic readwrite #', 'user lab-1', 'topic write #', ...readable];
    await using broker = await startMosquitto(path, [], 0, rules);
    await using both = await ends(broker);
    await using near = await both.dial();
    await until(() => both.accepted.length === 1);
    const far = both.accepted[0] as Session;
    await greet(near, far);
    await until(() => near.obstacle !== null && far.obstacle !== null);
    assert.match(
      near.obstacle ?? '',
      /down\/bulk\/# does not come out of the broker, which does not say why; look at the rights/,
    );
    await bulkPasses(near, far, 'up');
  });

  for (const version of [5, 4] as const) {
    test(`for control, MQTT ${version}: the session ends at both ends with why`, async () => {
      await using broker = await startMosquitto(path, [], 0, everythingBut('roundscope/+/lab-1/+/up/control'));
      await using both = await ends(broker, version);
      await using near = await both.dial();
      await until(() => both.accepted.length === 1);
      await near.send({ lane: 'control', parts: [Uint8Array.of(1)] }, { signal });
      const [own, other] = await Promise.all([near.closed, (both.accepted[0] as Session).closed]);
      assert.deepEqual([own.code, other.code], ['broker_refused', 'broker_refused']);
      assert.match(
        other.reason,
        version === 5 ? /up\/control \(it says: Not authorized\)$/ : /up\/control does not come out/,
      );
    });
  }

  test('taken away in mid-run: the session ends with why, and the next one is held', async () => {
    await using broker = await startMosquitto(path, [], 0, everythingBut());
    await using both = await ends(broker);
    await using near = await both.dial();
    await until(() => both.accepted.length === 1);
    const far = both.accepted[0] as Session;
    await greet(near, far);
    await bulkPasses(near, far, 'b1');
    await broker.allow(everythingBut(bulkOf('lab-1', 'up')));
    const sent = async (): Promise<void> => {
      while (!signal.aborted) await near.send({ lane: 'bulk:b2', parts: [Buffer.alloc(1000)] }, { signal });
    };
    sent().catch(() => undefined);
    const { code, reason } = await far.closed;
    assert.equal(code, 'broker_refused');
    assert.match(reason, /up\/bulk\/# \(it says: Not authorized\)/);
  });
});

describe('a broker elsewhere that ends or stands still', { skip, concurrency: true }, () => {
  test('what it says when it ends a connection is why the connection ended', async () => {
    await using broker = await startMosquitto(path, ['max_packet_size 65536']);
    const connection = await BrokerConnection.open({
      url: broker.url,
      trust: { by: 'nothing' },
      clientId: 'lab-1',
      signal,
      clock: systemClock,
      dialect: new Dialect(),
      size: new PieceSize(100_000),
      onMessage: () => undefined,
    });
    connection.publish('roundscope', Buffer.alloc(100_000)).catch(() => undefined);
    assert.equal(await connection.closed, 'the broker ended the connection: Packet too large');
  });

  test('closing waits for neither end of it longer than it may', async () => {
    await using broker = await startMosquitto(path);
    const both = await ends(broker);
    const near = await both.dial();
    await until(() => both.accepted.length === 1);
    await greet(near, both.accepted[0] as Session);
    broker.freeze();
    const startedMs = systemClock.monotonicMs();
    await Promise.all([near.close('clean', 'done'), both.listener[Symbol.asyncDispose]()]);
    // Two limits of two seconds each, and room for a busy machine.
    assert.ok(systemClock.monotonicMs() - startedMs < 15_000);
    broker.thaw();
  });

  test('the coordinator says of one that stands still that it does, and that it goes on', async () => {
    await using broker = await startMosquitto(path);
    await using both = await ends(broker);
    await using near = await both.dial();
    await until(() => both.accepted.length === 1);
    const far = both.accepted[0] as Session;
    await greet(near, far);
    broker.freeze();
    await far.send({ lane: 'control', parts: [Uint8Array.of(2)] }, { signal });
    await until(() => both.news.length > 0);
    broker.thaw();
    await until(() => both.news.length > 1);
    assert.deepEqual(
      both.news.map(({ state, reason }) => [state, reason]),
      [
        ['lost', 'it acknowledges nothing, and keeps the connection'],
        ['connected', ''],
      ],
    );
  });

  test('a dial at one that stands still ends when it is to end', async () => {
    await using broker = await startMosquitto(path);
    await using both = await ends(broker);
    broker.freeze();
    await assert.rejects(both.dial('lab-1', AbortSignal.timeout(500)), /timeout/);
    broker.thaw();
  });
});
