import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { describe, test } from 'node:test';
import { systemClock } from '#engine/host/system-clock.ts';
import { systemEntropy } from '#engine/host/system-entropy.ts';
import { createIdentity } from '#engine/identity/identity.ts';
import { until } from '#test/support/until.ts';
import { GrpcTransport } from './grpc/grpc-transport.ts';
import { MqttTransport } from './mqtt/mqtt-transport.ts';
import { QuicTransport } from './quic/quic-transport.ts';
import type { Session, Transport } from './transport.ts';

const signal = new AbortController().signal;
const about = { signal, run: 'r-one-address', token: 'a-token-of-sixteen-or-more' };
const parts = () => ({ clock: systemClock, entropy: systemEntropy, identity: createIdentity() });
const newcomers = 128;

interface Way {
  readonly name: string;
  readonly make: () => Transport;
  /** Its connections are TCP's, so that all of them can be there before one says a word. */
  readonly held: boolean;
}

const ways: readonly Way[] = [
  { name: 'quinn', make: () => new QuicTransport({ ...parts(), providers: ['quinn'] }), held: false },
  { name: 'webtransport', make: () => new QuicTransport({ ...parts(), providers: ['webtransport'] }), held: false },
  { name: 'mqtt', make: () => new MqttTransport(parts()), held: true },
  { name: 'grpc', make: () => new GrpcTransport(parts()), held: true },
];

/** A class behind one router, or one machine that runs all of them. Over DDS and RabbitMQ addresses are not told. */
describe(`${newcomers} newcomers from one address at once`, () => {
  for (const { name, make, held } of ways)
    test(`have a session each over ${name}, and none is turned away`, { timeout: 120_000 }, async () => {
      const [sessions, refused]: [Session[], string[]] = [[], []];
      await using listener = await make().listen({
        ...about,
        host: '127.0.0.1',
        port: 0,
        onSession: (session) => void sessions.push(session),
        onRefused: ({ reason }) => void refused.push(reason),
      });
      await using gate = held ? await Gate.open(listener.endpoints[0]?.port ?? 0) : null;
      const endpoints = listener.endpoints.map((at) => (gate === null ? at : { ...at, port: gate.port }));
      const dialer = make();
      const dialed = await Promise.all(
        Array.from({ length: newcomers }, async (_, n) => {
          const session = await dialer.dial(endpoints, { ...about, participant: `pupil-${n}` });
          // QUIC shows a session with its first bytes.
          await session.send({ lane: 'control', parts: [Uint8Array.of(n)] }, { signal });
          return session;
        }),
      );
      await until(() => sessions.length >= newcomers);
      assert.deepEqual(refused, []);
      assert.equal(sessions.length, newcomers, 'nobody had to come twice');
      await Promise.all(dialed.map((session) => session.close('clean', 'over')));
    });
});

/** Lets nothing pass before all of them are connected, as a burst of connections at a busy coordinator. */
class Gate implements AsyncDisposable {
  readonly #sockets: Socket[] = [];
  readonly #waiting: (readonly [near: Socket, far: Socket])[] = [];
  readonly #server = createServer((near) => this.#take(near));
  readonly #target: number;

  private constructor(target: number) {
    this.#target = target;
  }

  static async open(target: number): Promise<Gate> {
    const gate = new Gate(target);
    gate.#server.listen(0, '127.0.0.1');
    await once(gate.#server, 'listening');
    return gate;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  #take(near: Socket): void {
    const far = connect({ port: this.#target, host: '127.0.0.1' }, () => {
      this.#waiting.push([near, far]);
      if (this.#waiting.length < newcomers) return;
      for (const [one, other] of this.#waiting.splice(0)) one.pipe(other).pipe(one);
    });
    for (const socket of [near, far]) {
      this.#sockets.push(socket);
      socket.on('error', () => undefined);
      socket.once('close', () => [near, far].forEach((each) => each.destroy()));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
