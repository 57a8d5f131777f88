import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { connect as connectTls, createServer as createTlsServer, type TLSSocket } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { systemClock } from '#engine/host/system-clock.ts';
import { systemEntropy } from '#engine/host/system-entropy.ts';
import { selfSigned, type Certificate } from '#engine/identity/certificate.ts';
import { createIdentityCertificate } from '#engine/identity/identity-certificate.ts';
import { createIdentity } from '#engine/identity/identity.ts';
import { RoundscopeError } from '#shared/base/errors.ts';
import { childrenOf, isAlive, missingRabbitmq } from '#test/support/brokers/rabbitmq.ts';
import type { Listener, Session } from '#engine/transport/transport.ts';
import { AmqpTransport } from '../amqp-transport.ts';
import { AmqpConnection } from '../connection.ts';
import { brokerPassword } from './broker-password.ts';
import { inboxOf, sessionQueues, undeliverableOf } from '../names.ts';
import { PrivateBroker } from './private-broker.ts';

const parts = { clock: systemClock, entropy: systemEntropy, identity: createIdentity() };
const signal = new AbortController().signal;
const certificate = createIdentityCertificate(parts.identity, { nowMs: systemClock.wallMs() });
const run = 'r-private';
const token = 'the-token-of-this-run';

function listenOptions(port = 0) {
  return { signal, run, token, host: '127.0.0.1', port, onSession: () => undefined, onRefused: () => undefined };
}

function start(): Promise<PrivateBroker> {
  const passwords = { coordinator: 'c', participants: brokerPassword(token, run) };
  return PrivateBroker.start({ ...parts, signal, run, passwords, certificate, host: '127.0.0.1', port: 0 });
}

/** A certificate as any program may make one. */
function nobodys(): Certificate {
  const nowMs = systemClock.wallMs();
  const extension = (): Uint8Array => new Uint8Array(0);
  return selfSigned({ commonName: 'x', notBeforeMs: nowMs - 60_000, notAfterMs: nowMs + 3_600_000, extension });
}

/** Something else that listens, and shows a certificate. */
async function impostorOf(
  shown: Certificate,
  onData: (bytes: Buffer) => void,
): Promise<{ readonly port: number } & AsyncDisposable> {
  const sockets: TLSSocket[] = [];
  const server = createTlsServer({ cert: shown.certificatePem, key: shown.privateKeyPem }, (socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    socket.on('data', onData);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    port: address !== null && typeof address === 'object' ? address.port : 0,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function open(url: string, username: string, password: string): Promise<AmqpConnection> {
  const trust = { by: 'certificate', pem: certificate.certificatePem } as const;
  return AmqpConnection.open({ url, user: { username, password }, trust, name: 'test', signal, clock: systemClock });
}

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 400 && !condition(); i++) await delay(25);
  assert.ok(condition());
}

/** Dials until it is let in: the broker takes seconds to come back. */
async function eventually(dial: () => Promise<Session>): Promise<void> {
  for (const untilMs = performance.now() + 60_000; ; await delay(100)) {
    try {
      return await (await dial()).close('clean', 'found again');
    } catch (error) {
      assert.ok(error instanceof RoundscopeError && error.retryable, String(error));
      if (performance.now() > untilMs) throw error;
    }
  }
}

/** Loopback or not, of every TCP socket that listens under a process (Linux). */
function listeningOf(pid: number): readonly string[] {
  const inodes = new Set(
    readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      try {
        return [String(statSync(`/proc/${pid}/fd/${fd}`).ino)];
      } catch {
        // Closed since it was listed.
        return [];
      }
    }),
  );
  return ['tcp', 'tcp6'].flatMap((table) =>
    readFileSync(`/proc/net/${table}`, 'utf8')
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => fields[3] === '0A' && inodes.has(fields[9] ?? ''))
      .map((fields) => (fields[1] ?? '').split(':')[0] ?? ''),
  );
}
const loopback = ['0100007F', '00000000000000000000000001000000'];

test('without RabbitMQ the error says how to come by it and what else there is', async () => {
  const transport = new AmqpTransport({ ...parts, rabbitmq: '/nowhere/rabbitmq-server' });
  await assert.rejects(transport.listen(listenOptions()), (error) => {
    assert.ok(error instanceof RoundscopeError);
    assert.equal(error.code, 'transport_unavailable');
    assert.match(
      error.message,
      /names \/nowhere.*apt-get install rabbitmq-server.*a broker that runs already.*other transports/,
    );
    return true;
  });
});

describe('a private RabbitMQ', { skip: missingRabbitmq() }, () => {
  test('a port that is taken is named, and nothing is started', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const address = other.address();
    const port = address !== null && typeof address === 'object' ? address.port : 0;
    await assert.rejects(new AmqpTransport(parts).listen(listenOptions(port)), (error) => {
      assert.ok(error instanceof RoundscopeError);
      assert.equal(error.code, 'port_in_use');
      assert.match(error.message, new RegExp(String(port)));
      return true;
    });
    other.close();
  });

  test('two at once: own ports on loopback only, own users, nothing left of either', async () => {
    const both = await Promise.all([start(), start()]);
    const [first, second] = both;
    assert.notEqual(first.url, second.url);
    const processes = both.flatMap(({ place }) => [place.pid, ...childrenOf(place.pid).map(({ pid }) => pid)]);
    const addresses = processes.flatMap((pid) => listeningOf(pid));
    assert.ok(addresses.length >= 6, `${addresses.length} listening sockets`);
    for (const address of addresses) assert.ok(loopback.includes(address), address);
    for (const { place } of both) {
      assert.equal(statSync(place.folder).mode & 0o077, 0, 'others can look into its folder');
      for (const { command } of childrenOf(place.pid)) assert.doesNotMatch(command, /password|cookie/i);
    }
    await assert.rejects(open(first.url, 'guest', 'guest'), { code: 'broker_refused' });
    await Promise.all(both.map((broker) => broker[Symbol.asyncDispose]()));
    assert.deepEqual(processes.filter(isAlive), []);
    assert.deepEqual(
      both.map(({ place }) => existsSync(place.folder)),
      [false, false],
    );
  });

  describe('to which some talk', () => {
    let broker: PrivateBroker;
    before(async () => {
      broker = await start();
    });
    after(() => broker[Symbol.asyncDispose]());

    test('who has the invitation may neither read requests nor the undeliverable, nor declare outside its run', async () => {
      const coordinator = await open(broker.url, 'coordinator', 'c');
      const own = await coordinator.openReader();
      for (const queue of [inboxOf(run), undeliverableOf(run)]) await own.channel.assertQueue(queue, { durable: true });
      const participant = await open(broker.url, 'participant', brokerPassword(token, run));
      for (const queue of [inboxOf(run), undeliverableOf(run)]) {
        const reader = await participant.openReader();
        const reading = reader.read(queue, 1, { take: () => true, onCancelled: () => undefined });
        await assert.rejects(reading, /403/);
      }
      const claim = { run, participant: 'node-1', session: '0'.repeat(32) };
      const { out } = sessionQueues(claim, 'up');
      const others = ['roundscope.r-other.p.x', 'anything', inboxOf(run), `${out.control}.x`, out.control.slice(1)];
      for (const queue of others) {
        const reader = await participant.openReader();
        await assert.rejects(reader.channel.assertQueue(queue, { durable: false }), /403/);
      }
      const reader = await participant.openReader();
      await reader.channel.assertQueue(out.control, { durable: true });
      // Nor publish to what is not led through an exchange of its own.
      const lost = participant.publish('control', { queue: inboxOf(run), type: 'open', content: Buffer.alloc(1) });
      await assert.rejects(lost, /ACCESS_REFUSED.*amq\.default|closed|403/);
      await participant.end();
      await coordinator.end();
    });

    test('it speaks TLS 1.3 and nothing else, and keeps its key to itself', async () => {
      const { hostname, port, protocol } = new URL(broker.url);

      assert.equal(protocol, 'amqps:');
      const place = { host: hostname, port: Number(port) };
      const plain = connect(place);
      plain.write('AMQP\0\0\x09\x01');
      const [answer] = (await once(plain, 'data')) as [Buffer];
      // A TLS alert (RFC 8446, section 5.1), not the header of AMQP or its first method.
      assert.equal(answer[0], 0x15);
      plain.destroy();
      const old = connectTls({ ...place, maxVersion: 'TLSv1.2', rejectUnauthorized: false });
      // Rejects with the socket's error.
      await assert.rejects(once(old, 'secureConnect'), /protocol version/i);
      old.destroy();
      for (const name of ['certificate.pem', 'key.pem'])
        assert.equal(statSync(join(broker.place.folder, name)).mode & 0o777, 0o600);
    });
  });

  describe('at which a coordinator listens', () => {
    let listener: Listener;
    before(async () => {
      listener = await new AmqpTransport(parts).listen(listenOptions());
    });
    after(() => listener[Symbol.asyncDispose]());

    test('a participant without the token is not let in by the broker', async () => {
      const dialing = new AmqpTransport(parts).dial(listener.endpoints, {
        signal,
        run,
        token: 'guessed',
        participant: 'node-1',
      });
      await assert.rejects(dialing, (error) => {
        assert.ok(error instanceof RoundscopeError);
        assert.equal(error.code, 'broker_refused');
        assert.match(error.message, /invitation/);
        return true;
      });
      assert.ok(listener.endpoints.every(({ url }) => url === undefined));
    });

    test('the coordinator proves its identity with it; somebody else at its port is told nothing', async () => {
      const { endpoints } = listener;
      const heard: number[] = [];
      const options = { signal, run, token, participant: 'node-1' };
      for (const shown of [createIdentityCertificate(createIdentity(), { nowMs: systemClock.wallMs() }), nobodys()]) {
        await using impostor = await impostorOf(shown, (bytes) => heard.push(bytes.byteLength));
        const { port } = impostor;
        const astray = endpoints.map((endpoint) => ({ ...endpoint, port }));
        await assert.rejects(new AmqpTransport(parts).dial(astray, options), (error) => {
          assert.ok(error instanceof RoundscopeError);
          assert.equal(error.code, 'identity_mismatch');
          assert.match(error.message, /answers with .* instead of 12D3KooW.*Ask for a new invitation/);
          return true;
        });
        // Nor is who already knows the certificate deceived, which the coordinator does.
        await assert.rejects(open(`amqps://127.0.0.1:${port}`, 'coordinator', 'c'), {
          code: 'identity_mismatch',
          message: /does not show the certificate of this run's coordinator.*try again/,
        });
      }
      assert.deepEqual(heard, []);
      const nameless = endpoints.map(({ identity: _, ...endpoint }) => endpoint);
      await assert.rejects(new AmqpTransport(parts).dial(nameless, options), {
        code: 'identity_mismatch',
        message: /does not say which identity/,
      });
      const session = await new AmqpTransport(parts).dial(endpoints, options);
      await session.close('clean', 'done');
    });
  });

  test('one that dies is started again on its port; a coordinator that starts again is found where it was', async () => {
    const sessions: Session[] = [];
    const told: string[] = [];
    const options = {
      ...listenOptions(),
      onSession: (session: Session) => void sessions.push(session),
      onProgress: (text: string) => void told.push(text),
    };
    const listener = await new AmqpTransport(parts).listen(options);
    const { endpoints } = listener;
    const dial = (): Promise<Session> =>
      new AmqpTransport(parts).dial(endpoints, { signal, run, token, participant: 'node-1' });
    const first = await dial();
    assert.match(told.join(' '), /Starting a RabbitMQ.*it took [\d.]+ s/);
    const keeper = childrenOf(process.pid).find(({ command }) => command.includes('roundscope-broker'));
    const server = childrenOf(keeper?.pid ?? 0).find(({ command }) => command.includes('beam.smp'));
    assert.ok(server);
    process.kill(server.pid, 'SIGKILL');
    assert.equal((await first.closed).code, 'lost');
    assert.equal((await sessions[0]?.closed)?.code, 'lost');
    await eventually(dial);
    await listener[Symbol.asyncDispose]();
    // A new process would make this: the same identity, run and token, and the endpoints of its former life.
    await using _again = await new AmqpTransport(parts).listen({ ...options, again: endpoints });
    await using _second = await dial();
  });

  test('it ends with the process that started it, however that ends', async () => {
    const script = fileURLToPath(new URL('../../../../../test/support/brokers/rabbitmq-child.ts', import.meta.url));
    const child = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] });
    const lines = createInterface({ input: child.stdout });
    const [line] = (await once(lines, 'line')) as [string];
    const { pid, folder } = JSON.parse(line) as { readonly pid: number; readonly folder: string };
    const processes = [pid, ...childrenOf(pid).map((found) => found.pid)];
    assert.ok(processes.length >= 3 && existsSync(join(folder, 'rabbitmq.conf')));
    child.kill('SIGKILL');
    await until(() => !processes.some(isAlive));
    await until(() => !existsSync(folder));
  });
});
