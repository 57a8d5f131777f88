import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { describe, test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import { systemClock } from '#engine/host/system-clock.ts';
import { systemEntropy } from '#engine/host/system-entropy.ts';
import { createIdentity } from '#engine/identity/identity.ts';
import { RoundscopeError } from '#shared/base/errors.ts';
import { Bell } from '#test/support/bell.ts';
import { findMosquitto, startMosquitto } from '#test/support/brokers/mosquitto.ts';
import type { BrokerNews, Listener, Session } from '#engine/transport/transport.ts';
import { Asking } from '#engine/transport/sealed/asking.ts';
import { encodeHandshake } from '#engine/transport/sealed/handshake-message.ts';
import { participantCredentials } from './auth.ts';
import { limits } from '#shared/contract/limits.ts';
import { MqttTransport } from '../mqtt-transport.ts';
import { packetSizeChecker } from './packet-guard.ts';

const parts = { clock: systemClock, entropy: systemEntropy, identity: createIdentity() };
const run = 'r-1';
const token = 'the-token-of-this-run';
const signal = new AbortController().signal;
const ids = { session: '5e'.repeat(16), instance: '1d'.repeat(16) };

interface Served extends AsyncDisposable {
  readonly listener: Listener;
  readonly sessions: Session[];
  readonly refused: string[];
  /** What the listener said of its broker: `lost`, `connected`, ... */
  readonly brokerStates: string[];
  readonly port: number;
  /** Rings when one of these lists has grown. */
  readonly bell: Bell;
}

async function serve(transport = new MqttTransport(parts)): Promise<Served> {
  const sessions: Session[] = [];
  const refused: string[] = [];
  const brokerStates: string[] = [];
  const bell = new Bell();
  const note = <T>(list: T[], item: T): void => {
    list.push(item);
    bell.ring();
  };
  const listener = await transport.listen({
    signal,
    run,
    token,
    host: '127.0.0.1',
    port: 0,
    onSession: (session) => note(sessions, session),
    onRefused: ({ reason }) => note(refused, reason),
    onBroker: ({ state }) => note(brokerStates, state),
  });
  return {
    listener,
    sessions,
    refused,
    brokerStates,
    bell,
    port: listener.endpoints[0]?.port ?? 0,
    [Symbol.asyncDispose]: () => listener[Symbol.asyncDispose](),
  };
}

function dial(
  served: Served,
  participant = 'node-1',
  options: { readonly token?: string; readonly run?: string } = {},
): Promise<Session> {
  return new MqttTransport(parts).dial(served.listener.endpoints, { signal, run, token, participant, ...options });
}

/** The broker frees a name a moment after its client has hung up. */
async function dialUntilLetIn(served: Served): Promise<Session> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await dial(served);
    } catch (error) {
      if (attempt === 20) throw error;
    }
  }
}

/** A client of our own making at the broker of `served`. */
async function rawClient(served: Served, options: IClientOptions): Promise<MqttClient> {
  const client = mqtt.connect(`mqtts://127.0.0.1:${served.port}`, {
    rejectUnauthorized: false,
    reconnectPeriod: 0,
    protocolVersion: 4,
    ...options,
  });
  await new Promise<void>((resolve, reject) => {
    client.once('connect', () => resolve());
    client.once('error', reject);
    client.once('close', () => reject(new Error('the broker hung up')));
  });
  client.on('error', () => undefined);
  return client;
}

/** The broker hangs up on whoever publishes where it may not; what it took it would have acknowledged. */
async function assertMayNotPublish(
  served: Served,
  claim: Parameters<typeof participantCredentials>[1],
  topic: string,
): Promise<void> {
  const evil = await rawClient(served, participantCredentials(token, claim));
  const gone = new Promise<'hung up'>((resolve) => evil.once('close', () => resolve('hung up')));
  const taken = evil.publishAsync(topic, Buffer.alloc(20), { qos: 1 }).then(
    () => 'taken',
    () => gone,
  );
  try {
    assert.equal(await Promise.race([gone, taken]), 'hung up', topic);
  } finally {
    evil.end(true);
  }
}

function socketClosed(socket: Socket): Promise<void> {
  socket.on('error', () => undefined);
  socket.resume();
  return new Promise((resolve) => socket.once('close', () => resolve()));
}

describe('embedded broker', () => {
  test('who has not the token is refused, and it is said to whom', async () => {
    await using served = await serve();
    await assert.rejects(dial(served, 'node-1', { token: 'guessed' }), (error) => {
      assert.ok(error instanceof RoundscopeError);
      assert.equal(error.code, 'broker_refused');
      assert.match(error.message, /invitation/);
      return true;
    });
    assert.match(served.refused.join(), /no proof of this run's invitation from "node-1"/);
  });

  test('a name in use by a live connection is not given to another, and is free after it', async () => {
    await using served = await serve();
    const first = await dial(served);
    await assert.rejects(dial(served), /refused/);
    assert.match(served.refused.join(), /name node-1 is in use/);
    await first.close('clean', 'done');
    await using again = await dialUntilLetIn(served);
    assert.equal(again.protocol, 'mqtt');
  });

  test('a participant can neither speak for another nor listen to it', async () => {
    await using served = await serve();
    await using victim = await dial(served);
    const far = served.sessions[0];
    assert.ok(far);
    const claim = { run, participant: 'node-2', session: ids.session, instance: ids.instance };
    const evil = await rawClient(served, { ...participantCredentials(token, claim) });
    const [granted] = await evil.subscribeAsync(`roundscope/${run}/node-1/#`, { qos: 1 }).catch(() => [{ qos: 128 }]);
    assert.equal(granted?.qos, 128);
    const { stream } = await victim.send({ lane: 'control', parts: [Uint8Array.of(1)] }, { signal });
    const gone = new Promise<void>((resolve) => evil.once('close', () => resolve()));
    evil.publish(stream, Buffer.alloc(20, 7), { qos: 1 });
    await gone;
    const frames = far.frames()[Symbol.asyncIterator]();
    assert.equal((await frames.next()).value?.parts[0]?.[0], 1);
    await victim.send({ lane: 'control', parts: [Uint8Array.of(2)] }, { signal });
    assert.equal((await frames.next()).value?.parts[0]?.[0], 2);
    evil.end(true);
  });

  test('garbage ends the session of its sender with a reason and no other', async () => {
    await using served = await serve();
    await using good = await dial(served, 'node-9');
    const { session, instance } = ids;
    const claim = { protocol: 'mqtt', run, participant: 'node-2', session } as const;
    const evil = await rawClient(served, { ...participantCredentials(token, { ...claim, instance }) });
    const coordinator = served.listener.endpoints[0]?.identity ?? '';
    using asking = new Asking({ claim, token, coordinator, where: 'here', clock: systemClock });
    const base = `roundscope/${run}/node-2/${session}`;
    await evil.publishAsync(`${base}/open`, encodeHandshake(asking.request), { qos: 1 });
    await served.bell.until(() => served.sessions.length === 2);
    const gone = new Promise<void>((resolve) => evil.once('close', () => resolve()));
    evil.publish(`${base}/up/control`, Buffer.from('not a piece'), { qos: 1 });
    const end = await served.sessions[1]?.closed;
    assert.equal(end?.code, 'garbage');
    await gone;
    await good.send({ lane: 'control', parts: [Uint8Array.of(5)] }, { signal });
    for await (const frame of served.sessions[0]?.frames() ?? []) {
      assert.equal(frame.parts[0]?.[0], 5);
      break;
    }
    evil.end(true);
  });

  test('who asks for more than a session needs is refused, and told about', async () => {
    await using served = await serve();
    const credentials = participantCredentials(token, {
      run,
      participant: 'node-2',
      session: ids.session,
      instance: ids.instance,
    });
    const status = { topic: `roundscope/${run}/node-2/status`, qos: 1, retain: true } as const;
    const asks: readonly (readonly [IClientOptions, RegExp])[] = [
      [{ clean: false }, /keep messages for it while it is away/],
      [{ will: { ...status, payload: Buffer.alloc(5000) } }, /last will is longer/],
      [{ will: { ...status, topic: `roundscope/${run}/node-1/status`, payload: Buffer.alloc(5) } }, /not its own/],
    ];
    for (const [ask, reason] of asks) {
      await assert.rejects(rawClient(served, { ...credentials, ...ask }));
      assert.match(served.refused.at(-1) ?? '', reason);
    }
    const client = await rawClient(served, { ...credentials, will: { ...status, payload: Buffer.alloc(5) } });
    const granted = async (topic: string): Promise<number | undefined> =>
      (await client.subscribeAsync(topic, { qos: 1 }).catch(() => [{ qos: 128 }]))[0]?.qos;
    const own = `roundscope/${run}/node-2/${ids.session}/down`;
    assert.equal(await granted(`${own}/#`), 1);
    assert.equal(await granted(`roundscope/${run}/coordinator/status`), 1);
    for (const other of [
      `${own}/bulk/1`,
      `${own}/+`,
      `${own}/bulk/#`,
      own,
      `roundscope/${run}/+/+/down/#`,
      '#',
      '$SYS/#',
    ])
      assert.equal(await granted(other), 128, other);
    const gone = new Promise<void>((resolve) => client.once('close', () => resolve()));
    client.publish(`roundscope/${run}/node-2/${ids.session}/up/session`, Buffer.alloc(5000), { qos: 1 });
    await gone;
    client.end(true);
  });

  test('a name that means more to a broker than to us is nobody: with it one could read what goes to all', async () => {
    await using served = await serve();
    await using _victim = await dial(served, 'victim');
    const names = ['+', '#', 'a/b', '', 'x'.repeat(49)];
    for (const participant of names) {
      const credentials = participantCredentials(token, { run, participant, ...ids });
      await assert.rejects(rawClient(served, credentials), `name ${participant}`);
    }
    for (const odd of ['+', 's2', '#', 'AB'.repeat(16)]) {
      const claim = { run, participant: 'node-2', ...ids };
      await assert.rejects(
        rawClient(served, participantCredentials(token, { ...claim, session: odd })),
        `session ${odd}`,
      );
      await assert.rejects(
        rawClient(served, participantCredentials(token, { ...claim, instance: odd })),
        `instance ${odd}`,
      );
    }
    assert.equal(served.refused.filter((reason) => reason.includes('no proof')).length > 0, true);
  });

  test('a participant says nothing on a topic below its own on which nobody listens', async () => {
    await using served = await serve();
    const base = `roundscope/${run}/node-2/${ids.session}`;
    const claim = { run, participant: 'node-2', ...ids };
    for (const topic of [`${base}/up/anything`, `${base}/up/bulk/a/b`, `${base}/up/control/x`, `${base}/down/control`])
      await assertMayNotPublish(served, claim, topic);
  });

  test('a participant publishes nothing under another name, and nothing of another session of its own', async () => {
    await using served = await serve();
    const claim = { run, participant: 'node-2', ...ids };
    const topics = [
      // The same session under another name, so that the name alone is what is wrong.
      `roundscope/${run}/node-1/${ids.session}/up/control`,
      `roundscope/${run}/node-1/status`,
      `roundscope/${run}/node-2/${'ab'.repeat(16)}/up/control`,
      `roundscope/${run}/node-2/${'ab'.repeat(16)}/open`,
    ];
    for (const topic of topics) await assertMayNotPublish(served, claim, topic);
  });

  test('nobody is the coordinator by calling itself so', async () => {
    await using served = await serve();
    const claim = { run, participant: 'coordinator', ...ids };
    await assert.rejects(rawClient(served, participantCredentials(token, claim)));
    assert.match(served.refused.join(), /only the coordinator itself may call itself so/);
  });

  test('a packet announced as 256 MB ends the connection before a byte of it is kept', async () => {
    await using served = await serve();
    const socket = connectTls({ port: served.port, host: '127.0.0.1', rejectUnauthorized: false });
    const closed = socketClosed(socket);
    socket.write(Buffer.from([0x10, 0xff, 0xff, 0xff, 0x7f]));
    await closed;
    assert.match(served.refused.join(), /announced an MQTT packet of more than 1048576 bytes/);
  });

  test('connections that never say who they are do not pile up, and keep nobody out', async () => {
    await using served = await serve();
    const sockets = Array.from({ length: limits.unauthenticatedSessionsMax + 16 }, () =>
      connect(served.port, '127.0.0.1'),
    );
    for (const socket of sockets) socket.on('error', () => undefined);
    await served.bell.until(() => served.refused.some((reason) => reason.includes('had waited longest')));
    await using session = await dial(served);
    assert.equal(session.stack, 'mqtt.js');
    for (const socket of sockets) socket.destroy();
  });

  test('the same packet headers are found however the bytes are split', () => {
    const bytes = Buffer.concat([
      Buffer.from([0x30, 0x80, 0x02]),
      Buffer.alloc(256),
      Buffer.from([0xc0, 0x00, 0x30, 0xff, 0xff, 0x7f]),
    ]);
    for (let split = 1; split <= 9; split++) {
      const check = packetSizeChecker(1000);
      let found: number | null = null;
      for (let at = 0; at < bytes.length; at += split) found ??= check(bytes.subarray(at, at + split));
      assert.ok(found !== null && found > 1000, `split ${split}`);
    }
    assert.equal(packetSizeChecker(1000)(bytes.subarray(0, 261)), null);
  });
});

describe('a broker elsewhere', () => {
  const mosquitto = findMosquitto();
  const skip = 'missing' in mosquitto ? mosquitto.missing : false;
  const path = 'path' in mosquitto ? mosquitto.path : '';

  test('a run that nobody serves, and one that is over, are told apart at once', { skip }, async () => {
    await using broker = await startMosquitto(path);
    const served = await serve(new MqttTransport({ ...parts, brokerUrl: broker.url }));
    const { endpoints } = served.listener;
    await served[Symbol.asyncDispose]();
    const transport = new MqttTransport(parts);
    await assert.rejects(transport.dial(endpoints, { signal, run, token, participant: 'node-1' }), /has ended/);
  });

  test('an uninvited participant is refused by the coordinator, whom the broker does not know', { skip }, async () => {
    await using broker = await startMosquitto(path);
    await using served = await serve(new MqttTransport({ ...parts, brokerUrl: broker.url }));
    await assert.rejects(dial(served, 'node-1', { token: 'guessed' }), (error) => {
      assert.ok(error instanceof RoundscopeError);
      assert.equal(error.code, 'link_rejected');
      return true;
    });
    assert.match(served.refused.join(), /no proof/);
  });

  test('a broker that dies ends the sessions; when it is back the run can be joined again', { skip }, async () => {
    const broker = await startMosquitto(path);
    await using served = await serve(new MqttTransport({ ...parts, brokerUrl: broker.url }));
    const session = await dial(served);
    await broker.kill();
    assert.equal((await session.closed).code, 'lost');
    assert.equal((await served.sessions[0]?.closed)?.code, 'lost');
    await using _again = await startMosquitto(path, [], broker.port);
    await served.bell.until(() => served.brokerStates[0] === 'lost');
    let second: Session | null = null;
    for (let i = 0; i < 20 && second === null; i++) {
      // The coordinator may be back at the broker a little later than the participant.
      second = await new MqttTransport(parts)
        .dial(served.listener.endpoints, { signal: AbortSignal.timeout(500), run, token, participant: 'node-1' })
        .catch(() => null);
    }
    assert.ok(second);
    assert.equal(served.brokerStates.at(-1), 'connected');
    assert.deepEqual(served.refused, [], 'a lost broker is nobody that was refused');
    await second.close('clean', 'done');
    await broker[Symbol.asyncDispose]();
  });
});

const mosquitto = findMosquitto();

describe('a broker elsewhere', { skip: 'missing' in mosquitto && mosquitto.missing }, () => {
  test('that nobody answers for is told once as lost, and once as there again', async () => {
    assert.ok('path' in mosquitto);
    const transport = new MqttTransport(parts);
    const told: string[] = [];
    const observer = { onBroker: ({ state, reason }: BrokerNews) => told.push(`${state}: ${reason.slice(0, 14)}`) };
    let port = 0;
    let endpoints: Listener['endpoints'] = [];
    {
      await using broker = await startMosquitto(mosquitto.path);
      port = broker.port;
      await using served = await serve(new MqttTransport({ ...parts, brokerUrl: broker.url }));
      ({ endpoints } = served.listener);
    }
    const dialed = (): Promise<Session> =>
      transport.dial(endpoints, { signal, run, token, participant: 'node-1', observer });
    await assert.rejects(dialed());
    await assert.rejects(dialed());
    assert.deepEqual(told, ['lost: nobody listens']);
    await using broker = await startMosquitto(mosquitto.path, [], port);
    await using served = await serve(new MqttTransport({ ...parts, brokerUrl: broker.url }));
    assert.equal(served.port, port);
    await using _session = await dialed();
    assert.deepEqual(told.slice(1), ['connected: ']);
  });

  test("the coordinator's own is gone with it, and not told as a broker's trouble", async () => {
    const told: BrokerNews[] = [];
    let endpoints: Listener['endpoints'] = [];
    {
      await using served = await serve();
      ({ endpoints } = served.listener);
    }
    const observer = { onBroker: (news: BrokerNews) => void told.push(news) };
    await assert.rejects(
      new MqttTransport(parts).dial(endpoints, { signal, run, token, participant: 'node-1', observer }),
    );
    assert.deepEqual(told, []);
  });
});
