import assert from 'node:assert/strict';
import { existsSync, rmSync } from 'node:fs';
import { test } from 'node:test';
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import { findMosquitto, freePort, startMosquitto } from '#test/support/brokers/mosquitto.ts';
import { missingRabbitmq, startRabbitmq } from '#test/support/brokers/rabbitmq.ts';
import { participantLimits } from '#engine/transport/amqp/rights.ts';
import {
  sessionQueues,
  endedOf,
  endedQueue,
  exchangeOf,
  inboxOf,
  undeliverableOf,
} from '#engine/transport/amqp/names.ts';
import type { AmqpConnection, QueueReader } from '#engine/transport/amqp/connection.ts';
import { queuesOf } from '#test/support/hostile/amqp-stranger.ts';
import { hasQueue, stranger } from '#test/support/brokers/amqp-kit.ts';
import { brokerCertificate } from '#test/support/broker-certificate.ts';
import {
  assertUndisturbed,
  inTime,
  makeRules,
  runOfTwo,
  type OwnBroker,
} from '#test/support/brokers/two-at-own-broker.ts';
import { temporaryFolder } from '../command-line.ts';
import { join } from '../federation.ts';

const mosquitto = findMosquitto();
const skipMosquitto = 'missing' in mosquitto ? mosquitto.missing : false;
const session = 'ab'.repeat(16);

/** A client of the broker as itself, which is not asked back. */
function connectMqtt(
  url: string,
  options: { readonly ca: string; readonly clientId?: string; readonly will?: IClientOptions['will'] },
): Promise<MqttClient> {
  return mqtt.connectAsync(url, { reconnectPeriod: 0, protocolVersion: 5, ...options });
}

test(
  'at a Mosquitto with TLS by the printed rules a run of two ends well, and neither is the other or the coordinator there',
  { skip: skipMosquitto },
  async () => {
    assert.ok('path' in mosquitto);
    const folder = temporaryFolder();
    const port = await freePort();
    const { certificate, file, keyFile } = brokerCertificate(folder);
    const ca = certificate.certificatePem;
    const address = ['--broker', `mqtts://127.0.0.1:${port}`];
    const made = await makeRules(folder, ['mosquitto', ...address, '--participants', 'anna,ben']);
    const { run } = made;
    assert.ok(made.steps.includes(`listener ${port}`), made.steps.join('\n'));
    const lines = made.steps
      .filter((line) => /^(certfile|keyfile|tls_version|allow_anonymous|password_file|acl_file) /.test(line))
      .map((line) => line.replace('CERTIFICATE.pem', file).replace('KEY.pem', keyFile));
    assert.equal(lines.length, 6, made.steps.join('\n'));
    await using broker = await startMosquitto(mosquitto.path, lines, port);
    const heard = new Set<string>();
    const attack = async (): Promise<void> => {
      await assert.rejects(connectMqtt(`mqtts://127.0.0.1:${port}`, { ca }), /[Nn]ot authorized/);
      // In the clear it hears of nobody.
      await assert.rejects(connectMqtt(made.url('anna').replace('mqtts:', 'mqtt:'), { ca }), /./);
      await assert.rejects(connectMqtt(`mqtts://anna%40${run}:wrong@127.0.0.1:${port}`, { ca }), /[Nn]ot authorized/);
      const anna = await connectMqtt(made.url('anna'), { ca });
      let instance: unknown = null;
      anna.on('message', (topic, content) => {
        heard.add(content.toString() === 'x' ? `x on ${topic}` : topic);
        if (topic.endsWith('/coordinator/status') && content.toString() !== 'x')
          instance = Reflect.get(JSON.parse(content.toString()) as object, 'id');
      });
      // Granted by Mosquitto, whatever it is; what is delivered is another matter.
      for (const topic of ['#', `roundscope/${run}/#`, `roundscope/${run}/ben/+/down/#`, '+/+/+/+/up/#', '$SYS/#'])
        await anna.subscribeAsync(topic, { qos: 1 });
      for (const topic of [
        `roundscope/${run}/ben/${session}/open`,
        `roundscope/${run}/ben/${session}/up/session`,
        `roundscope/${run}/ben/status`,
        `roundscope/${run}/ben/${session}/down/control`,
        `roundscope/${run}/anna/${session}/down/control`,
        `roundscope/${run}/coordinator/status`,
        `roundscope/${run}/coordinator/${session}/open`,
        `roundscope/r-other/anna/${session}/open`,
        'elsewhere',
      ])
        for (const retain of [false, true])
          await assert.rejects(anna.publishAsync(topic, 'x', { qos: 1, retain }), /[Nn]ot authorized/, topic);
      await inTime(() => [...heard].some((topic) => topic.startsWith(`roundscope/${run}/coordinator/`)));
      // A broker hangs up on whoever has the client id of somebody who comes: nobody is told the coordinator's.
      assert.equal(typeof instance, 'string');
      await (await connectMqtt(made.url('anna'), { ca, clientId: `coordinator:${String(instance)}` })).endAsync();
      // A last will is a publish as well: it is checked when it is due.
      const topic = `roundscope/${run}/coordinator/status`;
      const will = { topic, payload: Buffer.from('x'), qos: 1, retain: true } as const;
      const dying = await connectMqtt(made.url('anna'), { ca, will });
      dying.stream.destroy();
    };
    // Participants have the certificate from their invitations.
    const authority = { coordinate: ['--broker-ca', file] };
    assertUndisturbed(await runOfTwo(made, { transport: 'mqtt', authority, attack }));
    const foreign = [...heard].filter((topic) => !topic.startsWith(`roundscope/${run}/anna/`));
    assert.deepEqual(foreign, [`roundscope/${run}/coordinator/status`]);
    assert.ok([...heard].every((topic) => !topic.includes('/up/')));

    const before = made.url('anna');
    const renewed = await makeRules(folder, ['mosquitto', '--participants', 'anna', '--renew', 'anna']);
    broker.reload();
    await inTime(
      async () =>
        await connectMqtt(before, { ca }).then(
          (client) => client.endAsync().then(() => false),
          () => true,
        ),
    );
    await assert.rejects(connectMqtt(made.url('ben'), { ca }), /[Nn]ot authorized/);
    await (await connectMqtt(renewed.url('anna'), { ca })).endAsync();
    rmSync(folder, { recursive: true, force: true });
  },
);

test(
  'at a RabbitMQ with TLS by the printed rules a run of two ends well, and neither is the other or the coordinator there',
  { skip: missingRabbitmq() },
  async () => {
    const folder = temporaryFolder();
    const { certificate, file } = brokerCertificate(folder);
    const ca = certificate.certificatePem;
    const host = `127.0.0.1:${await freePort()}`;
    const made = await makeRules(folder, ['rabbitmq', '--broker', `amqps://${host}`, '--participants', 'anna,ben']);
    const { run } = made;
    await using rabbitmq = await startRabbitmq('r-other', { certificate, lines: tlsLines(made, host) });
    const as = (who: string, of = made): Promise<AmqpConnection> => stranger(of.url(who), ca);
    const definitions =
      made.steps.find((line) => line.startsWith('rabbitmqctl import_definitions '))?.split(' ')[2] ?? '';
    assert.ok(existsSync(definitions), made.steps.join('\n'));
    // What that command says to the broker.
    const importing = `{ok, B} = file:read_file("${definitions}"), rabbit_definitions:import_raw(B).`;
    await rabbitmq.tell(importing);
    const attack = async (joined: Promise<void>): Promise<void> => {
      await assert.rejects(stranger(`amqps://anna:x@${host}/roundscope-${run}`, ca), { code: 'broker_refused' });
      const elsewhere = new URL(made.url('anna'));
      elsewhere.pathname = '';
      await assert.rejects(stranger(elsewhere.href, ca), { code: 'broker_refused' });
      const anna = await as('anna');
      let open: readonly string[] = [];
      await inTime(async () => {
        open = (await queuesOf(rabbitmq)).filter((name) => name.includes(`.${run}.p.ben.`));
        return open.some((name) => name.endsWith('.down.will'));
      });
      await asBen(anna, run, open);
      await anna.end();
      await asOther(() => as('anna'), run, open);
      // She needs a place of her own first.
      await joined;
      await takesAll(() => as('anna'));
    };
    // Participants have the certificate from their invitations.
    const authority = { coordinate: ['--broker-ca', file] };
    const afterwards = async (ben: string): Promise<void> => {
      await takesWordAway(() => as('anna'), run);
      const late = await join(ben, 'ben').exit();
      assert.match(`${late.stdout}${late.stderr}`, /the run is over: completed/);
      // As a coordinator does that takes the run up again.
      const coordinator = await as('coordinator');
      await (await coordinator.openReader()).channel.deleteQueue(endedOf(run));
      assert.equal(await hasQueue(coordinator, endedOf(run)), false);
      await coordinator.end();
    };
    assertUndisturbed(await runOfTwo(made, { transport: 'amqp', authority, attack, afterwards }));
    // What Anna declared under her own name while she tried is hers.
    const left = (await queuesOf(rabbitmq)).filter((name) => name !== endedOf(run) && !name.includes(session));
    assert.deepEqual(left, [], 'nothing of the run is left but word of its end');

    const renewed = await makeRules(folder, ['rabbitmq', '--participants', 'anna', '--renew', 'anna']);
    await rabbitmq.tell(importing);
    const words = renewed.steps.find((line) => line.startsWith('rabbitmqctl delete_user')) ?? '';
    assert.match(words, new RegExp(`'ben@${run}'`));
    await assert.rejects(as('anna'), { code: 'broker_refused' });
    await (await as('anna', renewed)).end();
    rmSync(folder, { recursive: true, force: true });
  },
);

/** What rabbitmq.conf is to say, but for what the broker of tests says already; on this machine alone. */
function tlsLines({ steps }: OwnBroker, host: string): readonly string[] {
  const { port } = new URL(`amqps://${host}`);
  const lines = steps.filter((line) => /^(listeners|ssl_options)\./.test(line));
  const said = ['listeners.tcp = none', 'ssl_options.certfile = CERTIFICATE.pem', 'ssl_options.keyfile = KEY.pem'];
  for (const line of [...said, 'ssl_options.versions.1 = tlsv1.3']) assert.ok(lines.includes(line), steps.join('\n'));
  const listener = `listeners.ssl.default = ${port}`;
  assert.ok(lines.includes(listener), steps.join('\n'));
  return [listener.replace(port, host), ...lines.filter((line) => line.startsWith('ssl_options.versions.2'))];
}

/** Reads word of the end, says that it has it, and tries to take it away, each in a connection: some of it costs one. */
async function takesWordAway(as: () => Promise<AmqpConnection>, run: string): Promise<void> {
  const queue = endedOf(run);
  const fromFirst = { exclusive: true, arguments: { 'x-stream-offset': 'first' } };
  const reading = await (await as()).openReader();
  await reading.channel.prefetch(1);
  const heard = Promise.withResolvers<string>();
  const tag = await reading.channel.consume(
    queue,
    (message) => {
      if (message === null) return;
      reading.channel.ack(message);
      heard.resolve(message.content.toString());
    },
    fromFirst,
  );
  // For who has the invitation alone, as all that a participant reads there.
  assert.match(await heard.promise, /^\{"word":"[\w+/=]+","proof":"[0-9a-f]{128}"\}$/);
  await reading.channel.cancel(tag.consumerTag);
  const tries: Record<string, (channel: QueueReader['channel']) => unknown> = {
    emptied: (channel) => channel.purgeQueue(queue),
    'taken away': (channel) => channel.deleteQueue(queue),
    'taken out': (channel) => channel.get(queue),
    'another made of it': (channel) => channel.assertQueue(queue, endedQueue()),
  };
  for (const [what, attempt] of Object.entries(tries)) {
    const { channel } = await (await as()).openReader();
    await assert.rejects(async () => attempt(channel), /./, what);
  }
  const writer = await as();
  const content = Buffer.alloc(8);
  await assert.rejects(writer.publish('control', { exchange: '', queue, type: 'ended', content }), /./);
  // A reader that stays and says nothing, alone at it if it could be.
  const stays = await (await as()).openReader();
  await stays.channel.prefetch(1);
  await stays.channel.consume(queue, () => undefined, fromFirst);
}

/** What ends a channel of Anna's with 403: her rights are to her own. */
async function asBen(anna: AmqpConnection, run: string, open: readonly string[]): Promise<void> {
  const claim = { run, participant: 'ben', session };
  const { out } = sessionQueues(claim, 'up');
  const own = sessionQueues({ ...claim, participant: 'anna' }, 'up').out.control;
  const tries: Record<string, (channel: Awaited<ReturnType<AmqpConnection['openReader']>>['channel']) => unknown> = {
    "a queue under Ben's name": (channel) => channel.assertQueue(out.control, { durable: true }),
    'a queue of any other name': (channel) => channel.assertQueue('mine', { durable: true }),
    'a queue that the broker names': (channel) => channel.assertQueue('', { exclusive: true }),
    "an exchange under Ben's name": (channel) => channel.assertExchange(exchangeOf(claim), 'direct'),
    'the requests of the run': (channel) => channel.consume(inboxOf(run), () => undefined),
    'what could not be delivered': (channel) => channel.get(undeliverableOf(run)),
    'the requests taken away': (channel) => channel.deleteQueue(inboxOf(run)),
    'the requests emptied': (channel) => channel.purgeQueue(inboxOf(run)),
    'a will that goes to any queue': (channel) =>
      channel.assertQueue(own, { durable: true, arguments: { 'x-dead-letter-exchange': '' } }),
    'the requests of all, led to a queue of its own': async (channel) => {
      await channel.assertQueue(own, { durable: true });
      await channel.bindQueue(own, inboxOf(run), '');
    },
    'everything that passes, by tracing': (channel) => channel.bindQueue(own, 'amq.rabbitmq.trace', '#'),
    ...Object.fromEntries(
      open.flatMap((queue): [string, (typeof tries)[string]][] => [
        [`reading ${queue}`, (channel) => channel.consume(queue, () => undefined)],
        [`one message of ${queue}`, (channel) => channel.get(queue)],
        [`emptying ${queue}`, (channel) => channel.purgeQueue(queue)],
        [`taking away ${queue}`, (channel) => channel.deleteQueue(queue)],
      ]),
    ),
  };
  for (const [what, attempt] of Object.entries(tries)) {
    const { channel } = await anna.openReader();
    await assert.rejects(async () => attempt(channel), /403|ACCESS.REFUSED/, what);
  }
}

/** Connections and channels are the broker's to hand out, and others need some. */
async function takesAll(anna: () => Promise<AmqpConnection>): Promise<void> {
  const held: AmqpConnection[] = [];
  const more = async (): Promise<void> => {
    for (let times = 0; times <= participantLimits['max-connections']; times++) held.push(await anna());
  };
  // It passes, so who means well tries again.
  await assert.rejects(more, {
    code: 'broker_refused',
    retryable: true,
    message: /user connection limit \(32\) is reached/,
  });
  // Anna's own one is among those that are counted.
  assert.equal(held.length, participantLimits['max-connections'] - 1);
  const [first, ...others] = held;
  await Promise.all(others.map((one) => one.end()));
  const channels = async (): Promise<void> => {
    for (let times = 0; times <= participantLimits['max-channels']; times++) await first?.openReader();
  };
  await assert.rejects(channels, /./);
  await first?.end();
}

/** Publishing costs the connection where it may not be. */
async function asOther(as: () => Promise<AmqpConnection>, run: string, open: readonly string[]): Promise<void> {
  const [queue = ''] = open;
  const exchange = queue.replace(/\.(up|down)\..*$/, '.up');
  for (const way of ['', exchange, 'amq.direct', 'amq.topic', `roundscope.${run}.x`]) {
    const anna = await as();
    const closed = anna.closed;
    const publishing = anna.publish('control', { exchange: way, queue, type: 'session', content: Buffer.alloc(8) });
    await assert.rejects(publishing, /./, way);
    assert.match(await closed, way.endsWith('.x') ? /NOT_FOUND|ACCESS_REFUSED/ : /ACCESS_REFUSED/, way);
  }
}
