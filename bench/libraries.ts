/**
 * What a user would pick instead of our sessions: the libraries alone, with what our sessions give them: TLS 1.3, Nagle's
 * algorithm off, pieces and windows of the same size.
 */
import type { AddressInfo } from 'node:net';
import { connect as connectTls, createServer as createTlsServer } from 'node:tls';
import { Aedes } from 'aedes';
import * as grpc from '@grpc/grpc-js';
import { connect as connectAmqp, type ChannelModel, type ConfirmChannel } from 'amqplib';
import { MqttClient } from 'mqtt';
import { systemClock } from '#engine/host/system-clock.ts';
import { systemEntropy } from '#engine/host/system-entropy.ts';
import { createIdentity } from '#engine/identity/identity.ts';
import { createIdentityCertificate } from '#engine/identity/identity-certificate.ts';
import { PrivateBroker } from '#engine/transport/amqp/broker/private-broker.ts';
import { coordinatorUser } from '#engine/transport/amqp/broker/private-broker-files.ts';
import { channelOptions, grpcDefaults, serverOptions } from '#engine/transport/grpc/grpc-options.ts';
import type { Endpoint } from '#shared/contract/app/invitation.ts';
import { limits } from '#shared/contract/limits.ts';
import type { Connection } from './connection.ts';

const piece = new Uint8Array(limits.chunkBytes).fill(7);
const host = '127.0.0.1';

export interface Library {
  /** In the peer's process: serves, and answers echoes and uploads. */
  readonly serve: () => Promise<Endpoint>;
  readonly open: (endpoint: Endpoint) => Promise<Connection>;
}

export type LibraryName = 'mqtt.js' | 'amqplib' | 'grpc-js';

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

/** As many as `most` acts at once; the rest wait their turn. */
class Turns {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(most: number) {
    this.#free = most;
  }

  async take(): Promise<void> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => void this.#waiting.push(resolve));
  }

  give(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free++;
    else next();
  }
}

/** Bytes that have come of each upload, by its name; true once all are there. */
class Arrivals {
  readonly #bytes = new Map<string, number>();

  whole(upload: string, bytes: number, total: number): boolean {
    const came = (this.#bytes.get(upload) ?? 0) + bytes;
    this.#bytes.set(upload, came);
    if (came < total) return false;
    return this.#bytes.delete(upload);
  }
}

/** Publishes at QoS 1 through aedes inside the peer, which reads without a socket of its own: as our coordinator does. */
const mqttJs: Library = {
  async serve() {
    const broker = await Aedes.createBroker({ concurrency: 1000 });
    const { cert, key } = serverCertificate();
    const server = createTlsServer({ cert, key, minVersion: 'TLSv1.3', noDelay: true }, (socket) =>
      broker.handle(socket),
    );
    await new Promise<void>((resolve) => server.listen(0, host, resolve));
    const arrivals = new Arrivals();
    const answer = (topic: string, payload: Buffer): void =>
      broker.publish({ cmd: 'publish', topic, payload, qos: 1, retain: false, dup: false }, () => undefined);
    broker.subscribe(
      'up/#',
      ({ topic, payload }, done) => {
        const bytes = payload as Buffer;
        const [, what, upload = '', total = ''] = topic.split('/');
        if (what === 'echo') answer('down/echo', bytes);
        else if (arrivals.whole(upload, bytes.byteLength, Number(total))) answer(`down/${upload}`, Buffer.from('d'));
        done();
      },
      () => undefined,
    );
    return { protocol: 'mqtt', provider: 'mqtt', host, port: (server.address() as AddressInfo).port };
  },
  async open({ port }) {
    const socket = connectTls({ host, port, rejectUnauthorized: false, minVersion: 'TLSv1.3' });
    socket.setNoDelay(true);
    const client = new MqttClient(() => socket, { reconnectPeriod: 0 });
    await new Promise<void>((resolve) => client.once('connect', () => resolve()));
    const echoes = new Answers();
    const uploads = new Map<string, () => void>();
    client.on('message', (topic) => (topic === 'down/echo' ? echoes.came() : uploads.get(topic)?.()));
    await client.subscribeAsync('down/#', { qos: 1 });
    const turns = new Turns(limits.mqttBulkWindowBytes / limits.mqttPublishBytes);
    let count = 0;
    return {
      async roundTrip(bytes) {
        const back = echoes.next();
        await client.publishAsync('up/echo', Buffer.from(piece.subarray(0, bytes)), { qos: 1 });
        await back;
      },
      async upload(bytes) {
        const name = String(++count);
        const back = new Promise<void>((resolve) => void uploads.set(`down/${name}`, resolve));
        for (const part of piecesOf(bytes, limits.mqttPublishBytes)) {
          await turns.take();
          client.publish(`up/model/${name}/${bytes}`, part, { qos: 1 }, () => turns.give());
        }
        await back;
        uploads.delete(`down/${name}`);
      },
      close: () => client.endAsync(),
    };
  },
};

function* piecesOf(bytes: number, size: number): Iterable<Buffer> {
  for (let left = bytes; left > 0; left -= size) yield Buffer.from(piece.buffer, 0, Math.min(size, left));
}

function serverCertificate(): { readonly cert: string; readonly key: string } {
  const { certificatePem, privateKeyPem } = createIdentityCertificate(createIdentity(), { nowMs: Date.now() });
  return { cert: certificatePem, key: privateKeyPem };
}

/** Below the name that a private broker's user has rights on. */
const queueOf = (way: 'up' | 'down', name: 'echo' | 'model'): string => `roundscope.bench.${way}.${name}`;
const queues = (['up', 'down'] as const).flatMap((way) => [queueOf(way, 'echo'), queueOf(way, 'model')]);

/** A piece of an upload: what of it is under way belongs to its frame of AMQP. */
const amqpPieceBytes = limits.amqpFrameBytes - 64;

/** Confirmed publishes through a RabbitMQ of its own, consumed with acknowledgements. */
const amqplib: Library = {
  async serve() {
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
    });
    const { port } = new URL(url);
    const { channel } = await openChannel(Number(port));
    const arrivals = new Arrivals();
    await channel.consume(queueOf('up', 'echo'), (message) => {
      if (message === null) return;
      channel.ack(message);
      channel.sendToQueue(queueOf('down', 'echo'), message.content);
    });
    await channel.consume(queueOf('up', 'model'), (message) => {
      if (message === null) return;
      channel.ack(message);
      const { correlationId, messageId } = message.properties as { correlationId: string; messageId: string };
      if (arrivals.whole(correlationId, message.content.byteLength, Number(messageId)))
        channel.sendToQueue(queueOf('down', 'model'), Buffer.from('d'), { correlationId });
    });
    return { protocol: 'amqp', provider: 'amqp', host, port: Number(port) };
  },
  async open({ port }) {
    const { connection, channel } = await openChannel(port);
    const echoes = new Answers();
    const uploads = new Map<string, () => void>();
    await channel.consume(queueOf('down', 'echo'), (message) => {
      if (message === null) return;
      channel.ack(message);
      echoes.came();
    });
    await channel.consume(queueOf('down', 'model'), (message) => {
      if (message === null) return;
      channel.ack(message);
      uploads.get(String(message.properties.correlationId))?.();
    });
    const turns = new Turns(limits.amqpBulkWindowBytes / limits.amqpFrameBytes);
    let count = 0;
    return {
      async roundTrip(bytes) {
        const back = echoes.next();
        channel.sendToQueue(queueOf('up', 'echo'), Buffer.from(piece.subarray(0, bytes)));
        await back;
      },
      async upload(bytes) {
        const correlationId = String(++count);
        const back = new Promise<void>((resolve) => void uploads.set(correlationId, resolve));
        const about = { correlationId, messageId: String(bytes) };
        for (const part of piecesOf(bytes, amqpPieceBytes)) {
          await turns.take();
          channel.sendToQueue(queueOf('up', 'model'), part, about, () => turns.give());
        }
        await back;
        uploads.delete(correlationId);
      },
      close: () => connection.close(),
    };
  },
};

const password = 'bench-password-0123456789abcdef';

async function openChannel(port: number): Promise<{ connection: ChannelModel; channel: ConfirmChannel }> {
  const frameMax = limits.amqpFrameBytes;
  const address = { protocol: 'amqps', hostname: host, port, username: coordinatorUser, password, frameMax };
  // Whose certificate it is costs nothing to find out and is not what is measured.
  const connection = await connectAmqp(address, { rejectUnauthorized: false, noDelay: true });
  const channel = await connection.createConfirmChannel();
  await channel.prefetch(limits.amqpBulkPrefetch);
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

/** A two-way stream for echoes, a client stream for uploads, with the options of our own channels and servers. */
const grpcJs: Library = {
  async serve() {
    const server = new grpc.Server(serverOptions(grpcDefaults));
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
      server.bindAsync(`${host}:0`, serverTls(), (error, port) => (error === null ? resolve(port) : reject(error))),
    );
    return { protocol: 'grpc', provider: 'grpc', host, port: await bind };
  },
  async open({ port }) {
    const at = `${host}:${port}`;
    const client = new grpc.Client(at, clientTls(), channelOptions(grpcDefaults, { authority: at }));
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
};

function serverTls(): grpc.ServerCredentials {
  const { cert, key } = serverCertificate();
  return grpc.ServerCredentials.createSsl(null, [{ cert_chain: Buffer.from(cert), private_key: Buffer.from(key) }]);
}

const clientTls = (): grpc.ChannelCredentials =>
  grpc.credentials.createSsl(null, null, null, { rejectUnauthorized: false });

export const libraries: Readonly<Record<LibraryName, Library>> = {
  'mqtt.js': mqttJs,
  amqplib,
  'grpc-js': grpcJs,
};
