/** What a user would pick instead of our sessions: the libraries alone, as their own examples use them. */
import { createServer, type AddressInfo } from 'node:net';
import { Aedes } from 'aedes';
import * as grpc from '@grpc/grpc-js';
import { connectAsync, type MqttClient } from 'mqtt';
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

export type LibraryName = 'mqtt.js' | 'grpc-js';

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

/** A two-way stream for echoes, a client stream of 512 KiB messages for uploads, plaintext, all options as they come. */
const grpcJs: Library = {
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
      server.bindAsync(`${host}:0`, grpc.ServerCredentials.createInsecure(), (error, port) =>
        error === null ? resolve(port) : reject(error),
      ),
    );
    return { protocol: 'grpc', provider: 'grpc', host, port: await bind };
  },
  async open({ port }) {
    const client = new grpc.Client(`${host}:${port}`, grpc.credentials.createInsecure());
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

export const libraries: Readonly<Record<LibraryName, Library>> = { 'mqtt.js': mqttJs, 'grpc-js': grpcJs };
