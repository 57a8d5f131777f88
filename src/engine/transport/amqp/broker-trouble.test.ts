import assert from 'node:assert/strict';
import { networkInterfaces } from 'node:os';
import { after, before, describe, test } from 'node:test';
import type { RoundscopeError } from '#shared/base/errors.ts';
import { amqpParts, dial, never, serve, stranger, token, type Served } from '#test/support/brokers/amqp-kit.ts';
import { until } from '#test/support/until.ts';
import { freePort } from '#test/support/brokers/mosquitto.ts';
import { TcpPath } from '#test/support/network-path.ts';
import { missingRabbitmq, startRabbitmq, type RunningRabbitmq } from '#test/support/brokers/rabbitmq.ts';
import { systemEntropy } from '#engine/host/system-entropy.ts';
import { createIdentity } from '#engine/identity/identity.ts';
import { leaveEnd } from '../last-word.ts';
import { bytesIn } from '../../framing/parts.ts';
import { BrokerTrouble } from '../broker-trouble.ts';
import type { BrokerNews, Session } from '../transport.ts';
import { AmqpTransport } from './amqp-transport.ts';
import { dialBroker } from './dial.ts';
import { encodeEnd, endType } from './session-message.ts';
import { endedOf, endedQueue, inboxOf } from './names.ts';

const run = 'r-trouble';
const patience = { timeout: 60_000 };
const noIpv6 = !Object.values(networkInterfaces()).some((own) => own?.some(({ address }) => address === '::1'));

describe('a RabbitMQ with limits and troubles', { skip: missingRabbitmq() }, () => {
  let rabbitmq: RunningRabbitmq;
  let ipv6Port = 0;
  before(async () => {
    if (!noIpv6) ipv6Port = await freePort('::1');
    const overIpv6 = noIpv6 ? [] : [`listeners.tcp.2 = ::1:${ipv6Port}`];
    rabbitmq = await startRabbitmq(run, { lines: ['max_message_size = 65536', ...overIpv6] });
  });
  after(async () => {
    await rabbitmq[Symbol.asyncDispose]();
  });

  const dialWith = (transport: AmqpTransport, { listener }: Served, onBroker?: (news: BrokerNews) => void) =>
    transport.dial(listener.endpoints, {
      signal: never,
      run,
      token,
      participant: 'node-1',
      ...(onBroker === undefined ? {} : { observer: { onBroker } }),
    });

  /** The largest message that channels that are opened from now on take. */
  const takeAtMost = (bytes: number) => rabbitmq.tell(`application:set_env(rabbit, max_message_size, ${bytes}).`);

  async function passes(from: Session, to: Session | undefined, bytes: number): Promise<void> {
    const frames = to?.frames()[Symbol.asyncIterator]();
    await from.send({ lane: 'bulk:t', parts: [Buffer.alloc(bytes, 7)], last: true }, { signal: never });
    assert.equal(bytesIn((await frames?.next())?.value?.parts ?? []), bytes);
  }

  test('is reached by its IPv6 address', { ...patience, skip: noIpv6 && 'this machine has no IPv6' }, async () => {
    const url = new URL(rabbitmq.url);
    url.host = `[::1]:${ipv6Port}`;
    await using served = await serve(run, url.href);
    const [told] = served.listener.endpoints;
    assert.deepEqual([told?.host, told?.port], ['::1', ipv6Port]);
    await using near = await dial(served, run);
    await passes(near, served.sessions[0], 1000);
  });

  describe('that limits messages', () => {
    test('gets pieces that it takes, and says why they are smaller', patience, async () => {
      await using served = await serve(run, rabbitmq.url);
      assert.match(served.news.join(), /no larger messages than about 63 KiB \(.*configured max size 65536\)/);
      await using near = await dial(served, run);
      await passes(near, served.sessions[0], 1_000_000);
      await passes(served.sessions[0] as Session, near, 1_000_000);
    });

    test('to less than anything needs is told with what to raise', patience, async () => {
      await using served = await serve(run, rabbitmq.url);
      await takeAtMost(2000);
      try {
        const refusal = {
          code: 'broker_refused',
          retryable: false,
          message: /takes no message of 4 KiB \(PRECONDITION_FAILED - message size 4096 .*\): raise max_message_size$/,
        };
        await assert.rejects(serve(`${run}.small`, rabbitmq.url), refusal);
        await assert.rejects(dial(served, run), refusal);
      } finally {
        await takeAtMost(65_536);
      }
    });

    test('further in mid-run: the session ends in its words, and the next one keeps to it', patience, async () => {
      await using served = await serve(run, rabbitmq.url);
      const participant = new AmqpTransport(amqpParts);
      await (await dialWith(participant, served)).close('clean', 'done');
      await takeAtMost(20_000);
      try {
        const near = await dialWith(participant, served);
        await near.send({ lane: 'bulk:t', parts: [Buffer.alloc(60_000)] }, { signal: never });
        assert.match((await near.closed).reason, /PRECONDITION_FAILED - message size \d+ is larger/);
        await using again = await dialWith(participant, served);
        await passes(again, served.sessions.at(-1), 60_000);
      } finally {
        await takeAtMost(65_536);
      }
    });
  });

  describe('that is low on memory', () => {
    const memory = (share: string) => rabbitmq.tell(`vm_memory_monitor:set_vm_memory_high_watermark(${share}).`);

    async function dialInAlarm({ listener }: Served, onBroker: (news: BrokerNews) => void): Promise<Session> {
      const identity = listener.endpoints[0]?.identity ?? '';
      const options = { signal: never, run, token, participant: 'node-2', observer: { onBroker } };
      return await dialBroker(rabbitmq.url, options, {
        clock: amqpParts.clock,
        publishBytes: 1024,
        queueExpiryMs: 5000,
        session: 'ab'.repeat(16),
        coordinator: identity,
        trust: { by: 'authorities' },
        timeoutMs: 1500,
        trouble: new BrokerTrouble({ protocol: 'amqp', address: 'here' }, true),
      });
    }

    test('is told at both ends as long as it lasts, and the session goes on afterwards', patience, async () => {
      await using served = await serve(run, rabbitmq.url);
      const told: BrokerNews[] = [];
      await using near = await dialWith(new AmqpTransport(amqpParts), served, (news) => told.push(news));
      assert.equal(near.blocked, '');
      await memory('0');
      try {
        // A broker that is low on memory says so to who sends, and takes a moment to know it.
        await until(async () => {
          if (told.length === 0) await near.send({ lane: 'control', parts: [Uint8Array.of(1)] }, { signal: never });
          return told.length > 0 && served.news.includes('blocked: low on memory');
        });
        assert.deepEqual(
          [told[0]?.state, told[0]?.reason, near.blocked],
          ['blocked', 'low on memory', 'low on memory'],
        );
      } finally {
        await memory('0.4');
      }
      await until(() => told.length > 1 && served.news.at(-1) === 'connected: ');
      assert.deepEqual([told.length, told[1]?.state, near.blocked], [2, 'connected', '']);
      const frames = served.sessions[0]?.frames()[Symbol.asyncIterator]();
      assert.equal((await frames?.next())?.value?.parts[0]?.[0], 1);
    });

    test('is waited for by nobody without end', patience, async () => {
      await using served = await serve(run, rabbitmq.url);
      await using near = await dial(served, run);
      await memory('0');
      try {
        const told: string[] = [];
        await assert.rejects(
          dialInAlarm(served, ({ state }) => told.push(state)),
          { code: 'broker_blocked', retryable: true, message: /blocks publishers: low on memory$/ },
        );
        assert.deepEqual(told, ['blocked']);
        // One that starts meanwhile says so instead of waiting for it.
        await using other = await serve(`${run}.2`, rabbitmq.url);
        assert.deepEqual(other.news, ['blocked: low on memory']);
        await near.send({ lane: 'control', parts: [Uint8Array.of(1)] }, { signal: never });
        await near.close('clean', 'over');
        await other[Symbol.asyncDispose]();
        await served[Symbol.asyncDispose]();
      } finally {
        await memory('0.4');
      }
    });
  });

  describe('that refuses or closes', () => {
    test('a user without rights hears in its words what it may not', patience, async () => {
      await using served = await serve(run, rabbitmq.url);
      const weak = new URL(rabbitmq.url);
      [weak.username, weak.password] = ['weak', 'weak-secret'];
      await rabbitmq.tell('rabbit_auth_backend_internal:add_user(<<"weak">>, <<"weak-secret">>, <<"test">>).');
      const noRights = {
        code: 'broker_refused',
        retryable: false,
        message: /access to vhost '\/' refused for user 'weak'/,
      };
      await assert.rejects(serve(`${run}.weak`, weak.href), noRights);
      weak.pathname = '/nowhere';
      const noVhost = { code: 'broker_refused', retryable: false, message: /vhost nowhere not found/ };
      await assert.rejects(serve(`${run}.weak`, weak.href), noVhost);
      weak.pathname = '';
      await rabbitmq.tell(
        'rabbit_auth_backend_internal:set_permissions(<<"weak">>, <<"/">>, <<"^$">>, <<".*">>, <<".*">>, <<"test">>).',
      );
      const refusal = {
        code: 'broker_refused',
        message: /ACCESS_REFUSED - .*access to (queue|exchange) '.*' in vhost '\/' refused for user 'weak'/,
      };
      await assert.rejects(serve(`${run}.weak`, weak.href), refusal);
      const endpoints = served.listener.endpoints.map((endpoint) => ({ ...endpoint, url: weak.href }));
      const dialing = new AmqpTransport(amqpParts).dial(endpoints, {
        signal: never,
        run,
        token,
        participant: 'node-1',
      });
      await assert.rejects(dialing, refusal);
    });

    test(
      'who has all its connections is told so in its words, and comes in when one of them is free',
      patience,
      async () => {
        await using served = await serve(run, rabbitmq.url);
        const few = new URL(rabbitmq.url);
        [few.username, few.password] = ['few', 'few-secret'];
        const everything = '<<".*">>, <<".*">>, <<".*">>';
        for (const said of [
          'add_user(<<"few">>, <<"few-secret">>, <<"test">>)',
          `set_permissions(<<"few">>, <<"/">>, ${everything}, <<"test">>)`,
          'set_user_limits(<<"few">>, <<"{\\"max-connections\\": 1}">>, <<"test">>)',
        ])
          await rabbitmq.tell(`rabbit_auth_backend_internal:${said}.`);
        const [first] = served.listener.endpoints;
        assert.ok(first !== undefined);
        const others = { listener: { endpoints: [{ ...first, url: few.href }] } };
        const holds = await stranger(few.href);
        const full = {
          code: 'broker_refused',
          retryable: true,
          message:
            /takes no connection for now: .*user 'few'.*connection limit \(1\) is reached; it does when others have gone/,
        };
        await assert.rejects(dial(others, run), full);
        await assert.rejects(serve(`${run}.few`, few.href), full);
        await holds.end();
        // The broker counts it a moment longer.
        let session: Session | null = null;
        await until(async () => (session = await dial(others, run).catch(() => null)) !== null);
        await (session as Session | null)?.close('clean', 'done');
      },
    );

    test('connections that its owner closes end in its words, and the run goes on', patience, async () => {
      await using served = await serve(run, rabbitmq.url);
      await using near = await dial(served, run);
      await rabbitmq.tell('rabbit_networking:close_connections(rabbit_networking:connections(), "for maintenance").');
      const [mine, theirs] = await Promise.all([near.closed, served.sessions[0]?.closed]);
      // Whose connection went first is known to the other one by its last will.
      for (const end of [mine, theirs]) assert.match(end?.reason ?? '', /CONNECTION_FORCED - for maintenance|vanished/);
      await until(() => served.news.at(-1) === 'connected: ');
      assert.match(served.news.join('\n'), /^lost: CONNECTION_FORCED - for maintenance$/m);
      await using again = await dial(served, run);
      await passes(again, served.sessions.at(-1), 1000);
    });

    test('one that goes away while it is tried is not listened at', patience, async () => {
      await using path = await TcpPath.open(Number(new URL(rabbitmq.url).port));
      const url = new URL(rabbitmq.url);
      url.port = String(path.port);
      // Queues are declared within less; more is sent only to find out how much it takes.
      const tried = path.meter.passed(20_000).then(() => path.cut());
      await assert.rejects(serve(`${run}.cut`, url.href), {
        code: 'connect_failed',
        retryable: true,
        message: /ended while the session was being opened/,
      });
      await tried;
    });

    test("the coordinator's own queue that is taken away is named, and made again", patience, async () => {
      await using served = await serve(run, rabbitmq.url);
      const evil = await stranger(rabbitmq.url);
      await (await evil.openReader()).channel.deleteQueue(inboxOf(run));
      await until(() => served.news.at(-1) === 'connected: ');
      assert.match(served.news.join('\n'), /^lost: somebody took away the queue of requests at the broker$/m);
      await using _again = await dial(served, run);
      await evil.end();
    });
  });

  describe('at which a run is over', () => {
    test('whoever comes later finds what it came to, until somebody serves it again', patience, async () => {
      await using served = await serve(run, rabbitmq.url);
      served.listener.leaveWord?.({ status: 'completed', reason: 'the run is over: completed' });
      await served[Symbol.asyncDispose]();
      // Each finds it, the second as well.
      for (const participant of ['lab-1', 'lab-2']) {
        await assert.rejects(dial(served, run, { participant }), (error: RoundscopeError) => {
          const { code, message, retryable, context } = error;
          assert.deepEqual([code, message, retryable], ['run_over', 'the run is over: completed', false]);
          assert.equal(context['status'], 'completed');
          return true;
        });
      }
      await using again = await serve(run, rabbitmq.url);
      // It is another coordinator, with the same key.
      await using session = await dial(again, run);
      assert.equal(session.blocked, '');
      await again[Symbol.asyncDispose]();
      await assert.rejects(dial(again, run), { code: 'connect_refused', retryable: true });
    });

    test(
      'who is a user of its own finds it also where the broker could not have it in a stream',
      patience,
      async () => {
        await using served = await serve(run, rabbitmq.url);
        served.listener.leaveWord?.({ status: 'completed', reason: 'the run is over: completed' });
        await served[Symbol.asyncDispose]();
        const own = new URL(rabbitmq.url);
        [own.username, own.password] = [encodeURIComponent(`lab-1@${run}`), 'own-secret'];
        const user = `<<"lab-1@${run}">>`;
        const everything = '<<".*">>, <<".*">>, <<".*">>';
        await rabbitmq.tell(`rabbit_auth_backend_internal:add_user(${user}, <<"own-secret">>, <<"test">>).`);
        await rabbitmq.tell(
          `rabbit_auth_backend_internal:set_permissions(${user}, <<"/">>, ${everything}, <<"test">>).`,
        );
        const [first] = served.listener.endpoints;
        assert.ok(first !== undefined);
        const there = { listener: { endpoints: [{ ...first, url: own.href }] } };
        for (const participant of ['lab-1', 'lab-2'])
          await assert.rejects(dial(there, run, { participant }), { code: 'run_over' });
      },
    );

    test('who is not the coordinator ends nothing, also with the token', patience, async () => {
      const evil = await stranger(rabbitmq.url);
      const { channel } = await evil.openReader();
      await channel.assertQueue(endedOf(run), endedQueue());
      const word = { status: 'failed', reason: 'go home' } as const;
      const left = leaveEnd(createIdentity(), { run, token }, word, systemEntropy);
      const forged = [
        encodeEnd({ ...left, proof: 'ab'.repeat(64) }),
        encodeEnd(left),
        Buffer.from('{"status":"completed"}'),
        Buffer.alloc(60_000, 123),
      ];
      const { hostname, port } = new URL(rabbitmq.url);
      const place = { host: hostname, port: Number(port), url: rabbitmq.url, identity: createIdentity().peerId };
      for (const content of forged) {
        await channel.purgeQueue(endedOf(run));
        await evil.publish('control', { queue: endedOf(run), type: endType, content });
        const told: string[] = [];
        await assert.rejects(
          new AmqpTransport(amqpParts).dial([{ protocol: 'amqp', provider: 'amqp', ...place }], {
            signal: never,
            run,
            token,
            participant: 'lab-1',
            observer: { onBroker: ({ state }) => void told.push(state) },
          }),
          { code: 'connect_refused', retryable: true },
        );
        assert.deepEqual(told, [], 'the broker is there');
      }
      await channel.deleteQueue(endedOf(run));
      await evil.end();
    });
  });
});
