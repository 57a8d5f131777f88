/** What a user would pick instead of our sessions: the libraries alone, as their own examples use them. */
import { createServer, type AddressInfo } from 'node:net';
import { Aedes } from 'aedes';
import * as grpc from '@grpc/grpc-js';
import { connect as connectAmqp, type ChannelModel, type ConfirmChannel } from 'amqplib';
import { connectAsync, type MqttClient } from 'mqtt';
import { systemClock } from '#engine/host/system-clock.ts';
import { systemEntropy } from '#engine/host/system-entropy.ts';
import { createIdentity } from '#engine/identity/identity.ts';
import { createIdentityCertificate } from '#engine/identity/identity-certificate.ts';
import { PrivateBroker } from '#engine/transport/amqp/private-broker.ts';
import { coordinatorUser } from '#engine/transport/amqp/private-broker-files.ts';
import type { Endpoint } from '#shared/contract/invitation.ts';
import { limits } from '#shared/contract/limits.ts';
import type { Connection } from './connection.ts';

const piece = new Uint8Array(limits.chunkBytes).fill(7);
const host = '127.0.0.1';

export interface Library {
  /** In the peer's process: serves, and answers echoes and uploads. */
  readonly serve: () => Promise<Endpoint>;
  readonly open: (endpoint: Endpoint) => Promise<Connection>;
}

export type LibraryName = 'mqtt.js' | 'amqplib' | 'grpc-js' | 'grpc-js with TLS';

/** Answers to one connection, in order: echoes and uploads are asked for one at a time each. */
class Answers {
  readonly #waiting: (() => void)[] = [];

  next(): Promise<void> {
    return new Promise((resolve) => void this.#waiting.push(resolve));
  }

  came(): void {
    this.#waiting.shift()?.();
  }
}

/** A whole payload in one publish at QoS 1 through aedes, the broker that the peer brings. */
const mqttJs: Library = {
  async serve() {
    const broker = await Aedes.createBroker();
    const server = createServer((socket) => broker.handle(socket));
    await new Promise<void>((resolve) => server.listen(0, host, resolve));
    const { port } = server.address() as AddressInfo;
    const client = await connectMqtt(port);
    await client.subscribeAsync('up/#', { qos: 1 });
    client.on('message', (topic, payload) => {
      const answer = topic === 'up/echo' ? payload : Buffer.from('d');
      void client.publishAsync(topic.replace('up/', 'down/'), answer, { qos: 1 });
    });
    return { protocol: 'mqtt', provider: 'mqtt', host, port };
  },
  async open({ port }) {
    const client = await connectMqtt(port);
    const [echoes, uploads] = [new Answers(), new Answers()];
    client.on('message', (topic) => (topic === 'down/echo' ? echoes : uploads).came());
    await client.subscribeAsync('down/#', { qos: 1 });
    return {
      async roundTrip(bytes) {
        const back = echoes.next();
        await client.publishAsync('up/echo', Buffer.from(piece.subarray(0, bytes)), { qos: 1 });
        await back;
      },
      async upload(bytes) {
        const back = uploads.next();
        await client.publishAsync('up/model', Buffer.alloc(bytes, 7), { qos: 1 });
        await back;
      },
      close: () => client.endAsync(),
    };
  },
};

function connectMqtt(port: number): Promise<MqttClient> {
  return connectAsync({ host, port, protocol: 'mqtt', reconnectPeriod: 0 });
}

/** Below the name that a private broker's user has rights on. */
const queueOf = (way: 'up' | 'down', name: 'echo' | 'model'): string => `roundscope.bench.${way}.${name}`;
const queues = (['up', 'down'] as const).flatMap((way) => [queueOf(way, 'echo'), queueOf(way, 'model')]);

/** A whole payload in one confirmed publish through a RabbitMQ of its own, over TLS 1.3 as ours, consumed with acknowledgements. */
const amqplib: Library = {
  async serve() {
    // As a run's own has it; TLS 1.3, like our sessions.
    const certificate = createIdentityCertificate(createIdentity(), { nowMs: systemClock.wallMs() });
    const { url } = await PrivateBroker.start({
      certificate,
      signal: new AbortController().signal,
      clock: systemClock,
      entropy: systemEntropy,
      host,
      port: 0,
      run: 'bench',
      passwords: { coordinator: password, participants: password },
      // Whole payloads, as its default of 128 MiB allows.
      lines: ['max_message_size = 134217728'],
    });
    const { port } = new URL(url);
    const { channel } = await openChannel(Number(port));
    for (const name of ['echo', 'model'] as const) {
      await channel.consume(queueOf('up', name), (message) => {
        if (message === null) return;
        channel.ack(message);
        channel.sendToQueue(queueOf('down', name), name === 'echo' ? message.content : Buffer.from('d'));
      });
    }
    return { protocol: 'amqp', provider: 'amqp', host, port: Number(port) };
  },
  async open({ port }) {
    const { connection, channel } = await openChannel(port);
    const answers = { echo: new Answers(), model: new Answers() };
    for (const name of ['echo', 'model'] as const) {
      await channel.consume(queueOf('down', name), (message) => {
        if (message === null) return;
        channel.ack(message);
        answers[name].came();
      });
    }
    const publish = async (name: 'echo' | 'model', bytes: Buffer): Promise<void> => {
      const back = answers[name].next();
      channel.sendToQueue(queueOf('up', name), bytes);
      await channel.waitForConfirms();
      await back;
    };
    return {
      roundTrip: (bytes) => publish('echo', Buffer.from(piece.subarray(0, bytes))),
      upload: (bytes) => publish('model', Buffer.alloc(bytes, 7)),
      close: () => connection.close(),
    };
  },
};

const password = 'bench-password-0123456789abcdef';

async function openChannel(port: number): Promise<{ connection: ChannelModel; channel: ConfirmChannel }> {
  const address = { protocol: 'amqps', hostname: host, port, username: coordinatorUser, password };
  // Whose certificate it is costs nothing to find out and is not what is measured.
  const connection = await connectAmqp(address, { rejectUnauthorized: false });
  const channel = await connection.createConfirmChannel();
  for (const queue of queues) await channel.assertQueue(queue, { durable: false });
  return { connection, channel };
}

const same = (bytes: Buffer): Buffer => bytes;
const bytesMethod = (name: string, responseStream: boolean): grpc.MethodDefinition<Buffer, Buffer> => ({
  path: `/bench/${name}`,
  requestStream: true,
  responseStream,
  requestSerialize: same,
  requestDeserialize: same,
  responseSerialize: same,
  responseDeserialize: same,
});
const service = { echo: bytesMethod('echo', true), upload: bytesMethod('upload', false) };

/**
 * A two-way stream for echoes, a client stream of 512 KiB messages for uploads, all options as they come; in plain text,
 * or over TLS 1.3 as our sessions are.
 */
const grpcJs = (secure: boolean): Library => ({
  async serve() {
    const server = new grpc.Server();
    server.addService(service, {
      echo: (call: grpc.ServerDuplexStream<Buffer, Buffer>) => {
        call.on('data', (bytes: Buffer) => call.write(bytes));
        call.on('end', () => call.end());
        call.on('error', () => call.end());
      },
      upload: (call: grpc.ServerReadableStream<Buffer, Buffer>, done: grpc.sendUnaryData<Buffer>) => {
        call.on('data', () => undefined);
        call.on('end', () => done(null, Buffer.from('d')));
      },
    });
    const bind = new Promise<number>((resolve, reject) =>
      server.bindAsync(`${host}:0`, secure ? serverTls() : grpc.ServerCredentials.createInsecure(), (error, port) =>
        error === null ? resolve(port) : reject(error),
      ),
    );
    return { protocol: 'grpc', provider: 'grpc', host, port: await bind };
  },
  async open({ port }) {
    const client = new grpc.Client(`${host}:${port}`, secure ? clientTls() : grpc.credentials.createInsecure());
    await new Promise<void>((resolve, reject) =>
      client.waitForReady(Date.now() + 10_000, (error) => (error === undefined ? resolve() : reject(error))),
    );
    const echoes = new Answers();
    const echo = client.makeBidiStreamRequest(service.echo.path, same, same);
    echo.on('data', () => echoes.came());
    echo.on('error', () => undefined);
    return {
      async roundTrip(bytes) {
        const back = echoes.next();
        echo.write(Buffer.from(piece.subarray(0, bytes)));
        await back;
      },
      async upload(bytes) {
        const done = Promise.withResolvers<void>();
        const call = client.makeClientStreamRequest(service.upload.path, same, same, (error) =>
          error === null ? done.resolve() : done.reject(error),
        );
        for (let left = bytes; left > 0; left -= piece.byteLength) {
          const flowing = call.write(Buffer.from(piece.subarray(0, Math.min(piece.byteLength, left))));
          if (!flowing) await new Promise((resolve) => call.once('drain', resolve));
        }
        call.end();
        await done.promise;
      },
      close: () => {
        echo.end();
        client.close();
        return Promise.resolve();
      },
    };
  },
});

function serverTls(): grpc.ServerCredentials {
  const { certificatePem, privateKeyPem } = createIdentityCertificate(createIdentity(), { nowMs: Date.now() });
  return grpc.ServerCredentials.createSsl(null, [
    { cert_chain: Buffer.from(certificatePem), private_key: Buffer.from(privateKeyPem) },
  ]);
}

const clientTls = (): grpc.ChannelCredentials =>
  grpc.credentials.createSsl(null, null, null, { rejectUnauthorized: false });

export const libraries: Readonly<Record<LibraryName, Library>> = {
  'mqtt.js': mqttJs,
  amqplib,
  'grpc-js': grpcJs(false),
  'grpc-js with TLS': grpcJs(true),
};
