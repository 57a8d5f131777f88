import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createIdentity } from '#engine/identity/identity.ts';
import { RoundscopeError } from '#shared/base/errors.ts';
import { limits, timing } from '#shared/contract/limits.ts';
import { amqpParts, comesBack, dial, hasQueue, never, serve, stranger, token } from '#test/support/brokers/amqp-kit.ts';
import { until } from '#test/support/until.ts';
import { missingRabbitmq, startRabbitmq, type RunningRabbitmq } from '#test/support/brokers/rabbitmq.ts';
import { bytesIn } from '../../framing/parts.ts';
import type { Session } from '../transport.ts';
import { AmqpCarrier } from './amqp-carrier.ts';
import { AmqpTransport } from './amqp-transport.ts';
import { declareInbox } from './listener.ts';
import type { AmqpConnection } from './connection.ts';
import { Gatekeeper } from '../sealed/gatekeeper.ts';
import { sealedVersion, sessionKeys, type Request } from '../sealed/handshake.ts';
import { encodeHandshake } from '../sealed/handshake-message.ts';
import { freshKeyShare } from '../sealed/key-share.ts';
import { inboxOf, laneQueue, sessionQueues, undeliverableOf } from './names.ts';
import { answerType, requestType, type Who } from './session-message.ts';

const run = 'r-amqp';

describe('sessions at a RabbitMQ', { skip: missingRabbitmq() }, () => {
  let rabbitmq: RunningRabbitmq;
  before(async () => {
    rabbitmq = await startRabbitmq(run);
  });
  after(async () => {
    await rabbitmq[Symbol.asyncDispose]();
  });

  /** Queue that the session's frames to the other end go through, as its packets name it. */
  async function controlQueueOf(session: Session): Promise<string> {
    return (await session.send({ lane: 'control', parts: [Uint8Array.of(1)] }, { signal: never })).stream;
  }

  /** Takes the requests of the run without being its coordinator; `dial` asks for a session of whose key is named. */
  async function sitAtInbox(
    at: AmqpConnection,
    answer: (request: Request & Who) => Promise<void>,
  ): Promise<AsyncDisposable & { dial(identity: string): Promise<Session> }> {
    const reader = await at.openReader();
    await declareInbox(reader.channel, run, timing.amqpQueueExpiryMs);
    const take = ({ content }: { readonly content: Buffer }): boolean => {
      void answer(JSON.parse(content.toString()) as Request & Who);
      return true;
    };
    await reader.read(inboxOf(run), 1, { take, onCancelled: () => undefined });
    const { hostname, port } = new URL(rabbitmq.url);
    return {
      dial: (identity) => {
        const place = { host: hostname, port: Number(port), url: rabbitmq.url, identity };
        const options = { signal: never, run, token, participant: 'node-1' };
        return new AmqpTransport(amqpParts).dial([{ protocol: 'amqp', provider: 'amqp', ...place }], options);
      },
      [Symbol.asyncDispose]: async () => {
        await reader.channel.deleteQueue(inboxOf(run));
        await at.end();
      },
    };
  }

  test('a user that the broker does not know is refused, and no text has the password', async () => {
    const url = new URL(rabbitmq.url);
    url.password = 'wrong-and-secret';
    await assert.rejects(serve(run, url.href), (error) => {
      assert.ok(error instanceof RoundscopeError);
      assert.equal(error.code, 'broker_refused');
      assert.match(error.message, /user, password/);
      assert.doesNotMatch(everyText(error), /wrong-and-secret|pass%2B/);
      return true;
    });
  });

  test('a virtual host that is not there is named by the broker', async () => {
    await assert.rejects(serve(run, `${rabbitmq.url}/elsewhere`), {
      code: 'broker_refused',
      retryable: false,
      message: /\/elsewhere refused: NOT_ALLOWED - vhost elsewhere not found/,
    });
  });

  test('a run that nobody serves is told at once, also after it has ended', async () => {
    await using served = await serve(run, rabbitmq.url);
    await served[Symbol.asyncDispose]();
    await assert.rejects(dial(served, run), { code: 'connect_refused', message: /no coordinator of this run/ });
  });

  test('who has not the token is refused by the coordinator, and it is said to whom', async () => {
    await using served = await serve(run, rabbitmq.url);
    await assert.rejects(dial(served, run, { token: 'guessed' }), { code: 'link_rejected', message: /no proof/ });
    assert.match(served.refused.join(), /node-1 via .*no proof of the invitation/);
    assert.equal(served.sessions.length, 0);
  });

  test('a coordinator that has not the key of the invitation cannot give a session', async () => {
    await using served = await serve(run, rabbitmq.url);
    const endpoints = served.listener.endpoints.map((endpoint) => ({ ...endpoint, identity: createIdentity().peerId }));
    const dialing = new AmqpTransport(amqpParts).dial(endpoints, { signal: never, run, token, participant: 'node-1' });
    await assert.rejects(dialing, {
      code: 'identity_mismatch',
      message: /another key.*ask the coordinator for a new/,
    });
    assert.match(served.refused.join(), /node-1 via .*names another key/);
    assert.equal(served.sessions.length, 0);
    const unknown = served.listener.endpoints.map(({ identity: _identity, ...endpoint }) => endpoint);
    await assert.rejects(
      new AmqpTransport(amqpParts).dial(unknown, { signal: never, run, token, participant: 'node-1' }),
      { code: 'identity_mismatch' },
    );
  });

  test('who sits in the place of the coordinator without its key is an impostor, and soon', async () => {
    const evil = await stranger(rabbitmq.url);
    await using impostor = await sitAtInbox(evil, async ({ session }) => {
      const { control } = sessionQueues({ run, participant: 'node-1', session }, 'down').out;
      await evil.publish('control', { queue: control, type: answerType, content: Buffer.alloc(60, 7) });
    });
    const startedMs = amqpParts.clock.monotonicMs();
    await assert.rejects(impostor.dial(createIdentity().peerId), {
      code: 'identity_mismatch',
      message: /stands in for it/,
    });
    assert.ok(amqpParts.clock.monotonicMs() - startedMs < timing.connectTimeoutMs / 2, 'it took the limit of a dial');
  });

  test("an answer that somebody else puts before the coordinator's own does not hold it up", async () => {
    const evil = await stranger(rabbitmq.url);
    const identity = createIdentity();
    const gatekeeper = new Gatekeeper({ protocol: 'amqp', run, token, identity });
    await using honest = await sitAtInbox(evil, async (request) => {
      const who = { participant: 'node-1', session: request.session };
      const queues = sessionQueues({ run, ...who }, 'down');
      const say = (content: Buffer): Promise<void> =>
        evil.publish('control', { queue: queues.out.control, type: answerType, content });
      await say(Buffer.alloc(60, 7));
      // With the token, and signed by somebody else than the invitation names.
      const other = new Gatekeeper({ protocol: 'amqp', run, token, identity: createIdentity() });
      await say(encodeHandshake(other.refuse(who, request, 'go home')));
      const checked = gatekeeper.check(who, request);
      assert.ok(typeof checked !== 'string', String(checked));
      const sizes = { publishBytes: 1024, queueExpiryMs: 5000 };
      const ends = { reader: await evil.openReader(), queues, keys: checked.keys, peerIdentity: null, elsewhere: true };
      const parts = { connection: evil, ...ends, remote: 'test', ...sizes };
      const carrier = new AmqpCarrier({ ...parts, clock: amqpParts.clock, release: async () => undefined });
      await carrier.start('read');
      await say(encodeHandshake(checked.answer));
    });
    await using near = await honest.dial(identity.peerId);
    // Longer than the doubt that the other answers raised.
    await amqpParts.clock.sleep(timing.doubtMs + 200, { signal: never });
    await near.send({ lane: 'control', parts: [Uint8Array.of(5)] }, { signal: never });
    assert.equal(counter(near, 'messages_foreign'), 2);
  });

  test('a second coordinator of the same run is told that there is one', async () => {
    await using _served = await serve(run, rabbitmq.url);
    await assert.rejects(serve(run, rabbitmq.url), { code: 'broker_refused', message: /exclusive use/ });
  });

  test('messages of somebody else do a session no harm, are counted and told', async () => {
    await using served = await serve(run, rabbitmq.url);
    await using near = await dial(served, run);
    const [far] = served.sessions;
    assert.ok(far);
    const frames = far.frames()[Symbol.asyncIterator]();
    const queue = await controlQueueOf(near);
    assert.equal((await frames.next()).value?.parts[0]?.[0], 1);
    const evil = await stranger(rabbitmq.url);
    const hostile = ['', 'control', 'session', 'bulk/x', 'x'.repeat(200)].flatMap((type) =>
      [Buffer.alloc(0), Buffer.alloc(13), Buffer.alloc(29, 7), Buffer.alloc(5000, 255)].map((content) => ({
        type,
        content,
      })),
    );
    for (const { type, content } of hostile) await evil.publish('control', { queue, type, content });
    await until(() => counter(far, 'messages_undeliverable') === hostile.length);
    assert.equal(counter(far, 'messages_foreign'), hostile.length);
    assert.match(served.refused.join('\n'), /up\.control: a message could not be delivered \(rejected\)/);
    await near.send({ lane: 'control', parts: [Uint8Array.of(2)] }, { signal: never });
    assert.equal((await frames.next()).value?.parts[0]?.[0], 2);
    await evil.end();
  });

  test('requests that are none, or for queues that are not there, harm no session', async () => {
    await using served = await serve(run, rabbitmq.url);
    await using near = await dial(served, run);
    const evil = await stranger(rabbitmq.url);
    const words = { participant: 'node-2', session: 'ab'.repeat(16), key: 'cd'.repeat(32), proof: 'ef'.repeat(32) };
    const coordinator = createIdentity().peerId;
    const requests = [
      Buffer.from('not JSON'),
      Buffer.alloc(100_000, 123),
      encodeHandshake({ version: 99, coordinator, ...words }),
      encodeHandshake({ version: sealedVersion, coordinator, ...words }),
      // As it was before the coordinator signed.
      Buffer.from(JSON.stringify({ type: 'open', version: 2, ...words })),
      encodeHandshake({ version: sealedVersion, coordinator, ...words, participant: '../#.*' }),
    ];
    for (const content of requests) await evil.publish('control', { queue: inboxOf(run), type: requestType, content });
    await until(() => served.refused.length >= requests.length);
    assert.match(served.refused.join('\n'), /version 99/);
    assert.match(served.refused.join('\n'), /version 2,/);
    await near.send({ lane: 'control', parts: [Uint8Array.of(3)] }, { signal: never });
    for await (const frame of served.sessions[0]?.frames() ?? []) {
      assert.equal(frame.parts[0]?.[0], 3);
      break;
    }
    await evil.end();
  });

  test('nobody else may read the queues of a session', async () => {
    await using served = await serve(run, rabbitmq.url);
    await using near = await dial(served, run);
    const queue = await controlQueueOf(near);
    const evil = await stranger(rabbitmq.url);
    for (const name of [queue, inboxOf(run), queue.replace('.control', '.bulk'), queue.replace('.control', '.will')]) {
      const reader = await evil.openReader();
      const reading = reader.read(name, 1, { take: () => true, onCancelled: () => undefined });
      await assert.rejects(reading, /exclusive use/, name);
    }
    await evil.end();
  });

  test('a queue that is taken away ends the sessions of its two ends and no other', async () => {
    await using served = await serve(run, rabbitmq.url);
    const victim = await dial(served, run);
    await using other = await dial(served, run, { participant: 'node-2' });
    const evil = await stranger(rabbitmq.url);
    const queue = await controlQueueOf(victim);
    await (await evil.openReader()).channel.deleteQueue(queue);
    const [near, far] = await Promise.all([victim.closed, served.sessions[0]?.closed]);
    assert.equal(far?.code, 'lost');
    assert.match(far.reason, /queue that the other end sends to is gone/);
    assert.equal(near.code, 'lost');
    await other.send({ lane: 'control', parts: [Uint8Array.of(4)] }, { signal: never });
    await evil.end();
  });

  test('a publish that a full queue refuses ends the session with the reason', async () => {
    const evil = await stranger(rabbitmq.url);
    const claim = { run, participant: 'node-1', session: 'full' };
    const queues = sessionQueues(claim, 'up');
    const keeper = await evil.openReader();
    for (const set of [queues.out, queues.in]) {
      await keeper.channel.assertQueue(set.bulk, laneQueue(run, 'bulk', 5000));
      // One message, and nobody reads it.
      const options = laneQueue(run, 'control', 5000);
      await keeper.channel.assertQueue(set.control, {
        ...options,
        arguments: { ...options.arguments, 'x-max-length': 1 },
      });
    }
    const connection = await stranger(rabbitmq.url);
    const coordinator = createIdentity().peerId;
    const parts = { own: freshKeyShare(), offered: freshKeyShare().offered, token, coordinator };
    const keys = sessionKeys('up', { ...parts, claim: { protocol: 'amqp', ...claim } });
    assert.ok(keys);
    const carrier = new AmqpCarrier({
      connection,
      reader: await connection.openReader(),
      queues,
      keys,
      peerIdentity: null,
      elsewhere: true,
      remote: 'test',
      publishBytes: 1024,
      queueExpiryMs: 5000,
      clock: amqpParts.clock,
      release: () => connection.end(),
    });
    await carrier.start('read');
    for (let i = 0; i < 3; i++)
      await carrier.session.send({ lane: 'control', parts: [Uint8Array.of(i)] }, { signal: never });
    const end = await carrier.session.closed;
    assert.deepEqual([end.code, end.local], ['lost', false]);
    assert.match(end.reason, /refused a message for .*full\.up\.control, which is full/);
    await evil.end();
  });

  test('after a clean close, from either end, the broker has nothing of the session', async () => {
    await using served = await serve(run, rabbitmq.url);
    const watcher = await stranger(rabbitmq.url);
    const queues: string[] = [inboxOf(run), undeliverableOf(run)];
    for (const closing of ['near', 'far'] as const) {
      const near = await dial(served, run);
      const far = served.sessions.at(-1);
      assert.ok(far);
      const base = (await controlQueueOf(near)).replace('.up.control', '');
      queues.push(
        ...['up', 'down'].flatMap((way) => ['control', 'bulk', 'will'].map((what) => `${base}.${way}.${what}`)),
      );
      for (const queue of queues) assert.ok(await hasQueue(watcher, queue), queue);
      await (closing === 'near' ? near : far).close('clean', 'done');
      await Promise.all([near.closed, far.closed]);
      const own = queues.splice(2);
      await until(async () => {
        const left = await Promise.all(own.map((queue) => hasQueue(watcher, queue)));
        return !left.includes(true);
      });
    }
    await served[Symbol.asyncDispose]();
    for (const queue of queues) assert.equal(await hasQueue(watcher, queue), false, queue);
    const { channel } = await watcher.openReader();
    await assert.rejects(channel.checkExchange(undeliverableOf(run)), /404/);
    await watcher.end();
  });

  test('what both ends leave when they vanish at once expires', async () => {
    await using served = await serve(run, rabbitmq.url, { queueExpiryMs: 1000 });
    const near = await dial(served, run, { queueExpiryMs: 1000 });
    const watcher = await stranger(rabbitmq.url);
    const queue = await controlQueueOf(near);
    near.abort?.();
    served.sessions[0]?.abort?.();
    for (const way of ['up', 'down'])
      for (const what of ['control', 'bulk', 'will'])
        await until(() => comesBack(watcher, queue.replace('up.control', `${way}.${what}`)));
    await served[Symbol.asyncDispose]();
    await watcher.end();
  });

  test('a participant that vanishes is known to be gone at once, by its last will', async () => {
    await using served = await serve(run, rabbitmq.url);
    const near = await dial(served, run);
    near.abort?.();
    const end = await served.sessions[0]?.closed;
    assert.deepEqual([end?.code, end?.reason], ['lost', 'the broker says that the other end vanished']);
  });

  test('one connection with two channels to send on and one to read on, whatever is sent', async () => {
    await using served = await serve(run, rabbitmq.url);
    await using near = await dial(served, run);
    const [far] = served.sessions;
    assert.ok(far);
    const reading = (async () => {
      let bytes = 0;
      for await (const frame of far.frames()) if ((bytes += bytesIn(frame.parts)) >= 20 * limits.chunkBytes) break;
      return bytes;
    })();
    for (let i = 0; i < 20; i++)
      await near.send({ lane: `bulk:t${i % 3}`, parts: [Buffer.alloc(limits.chunkBytes, i)] }, { signal: never });
    assert.equal(await reading, 20 * limits.chunkBytes);
    assert.equal(near.protocol, 'amqp');
    assert.equal(near.stack, 'amqplib');
    assert.equal(counter(near, 'publishes_returned'), 0);
    assert.ok(counter(near, 'publishes_sent') >= (20 * limits.chunkBytes) / limits.amqpFrameBytes);
  });

  test('an attempt that nobody answers leaves the broker as it was', async () => {
    const watcher = await stranger(rabbitmq.url);
    const reader = await watcher.openReader();
    // Somebody holds the place of the coordinator and says nothing.
    await declareInbox(reader.channel, run, timing.amqpQueueExpiryMs);
    const asked = Promise.withResolvers<string>();
    const take = ({ content }: { readonly content: Buffer }): boolean => {
      asked.resolve((JSON.parse(content.toString()) as { session: string }).session);
      return true;
    };
    await reader.read(inboxOf(run), 1, { take, onCancelled: () => undefined });
    const url = new URL(rabbitmq.url);
    const place = { host: url.hostname, port: Number(url.port), url: rabbitmq.url, identity: createIdentity().peerId };
    const gone = new AbortController();
    const dialing = new AmqpTransport(amqpParts).dial([{ protocol: 'amqp', provider: 'amqp', ...place }], {
      signal: gone.signal,
      run,
      token,
      participant: 'node-1',
    });
    const session = await asked.promise;
    gone.abort(new Error('changed my mind'));
    await assert.rejects(dialing, /changed my mind/);
    const { in: heard, out } = sessionQueues({ run, participant: 'node-1', session }, 'up');
    for (const queue of [out.control, out.bulk, out.will, heard.control, heard.bulk])
      assert.equal(await hasQueue(watcher, queue), false, queue);
    await reader.channel.deleteQueue(inboxOf(run));
    await watcher.end();
  });
});

function counter(session: Session, name: string): number {
  return session.stats().counters.find((known) => known.name === name)?.value ?? -1;
}

/** An error with its causes, as a log would show it. */
function everyText(error: Error): string {
  const context = error instanceof RoundscopeError ? JSON.stringify(error.context) : '';
  return `${error.message} ${context} ${error.stack ?? ''} ${error.cause instanceof Error ? everyText(error.cause) : ''}`;
}
