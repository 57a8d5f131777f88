import assert from 'node:assert/strict';
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { describe, test } from 'node:test';
import { systemClock } from '#engine/host/system-clock.ts';
import { seededRandom } from '#shared/base/random.ts';
import { asParticipantId } from '#shared/contract/ids.ts';
import { limits } from '#shared/contract/limits.ts';
import { networkFigures, type NetworkFigures, type NetworkOutage } from '#shared/contract/run/network.ts';
import { ParticipantNetwork } from './participant-network.ts';

/** Real sockets on loopback and the real clock: nothing here is said about how fast, only about how slow. */

class Bench implements AsyncDisposable {
  readonly network = new ParticipantNetwork({
    participant: asParticipantId('node-1'),
    clock: systemClock,
    random: seededRandom(5),
  });
  readonly tcp: Server;
  readonly udp: UdpSocket;
  /** Sender ports that the far end has seen. */
  readonly seen: number[] = [];
  readonly accepted: Socket[] = [];
  readonly #near: (Socket | UdpSocket)[] = [];
  port = 0;

  constructor() {
    // The far end echoes what it gets.
    this.tcp = createServer((socket) => {
      this.accepted.push(socket);
      socket.setNoDelay(true);
      socket.on('error', () => undefined);
      socket.pipe(socket);
    });
    this.udp = createSocket('udp4');
    this.udp.on('message', (bytes, from) => {
      this.seen.push(from.port);
      this.udp.send(bytes, from.port, from.address);
    });
  }

  static async open(change: Partial<NetworkFigures> = {}): Promise<Bench> {
    const bench = new Bench();
    bench.tcp.listen(0, '127.0.0.1');
    await once(bench.tcp, 'listening');
    const { port } = bench.tcp.address() as { port: number };
    bench.udp.bind(port, '127.0.0.1');
    await once(bench.udp, 'listening');
    const [endpoint] = await bench.network.open([{ protocol: 'quic', provider: 'quinn', host: '127.0.0.1', port }]);
    bench.port = endpoint?.port ?? 0;
    bench.set(change);
    return bench;
  }

  set(change: Partial<NetworkFigures>, outage: NetworkOutage = 'none'): void {
    this.network.set({ preset: 'none', figures: { ...networkFigures.none, ...change }, outage });
  }

  dialTcp(): Socket {
    const socket = connect({ host: '127.0.0.1', port: this.port });
    socket.setNoDelay(true);
    this.#near.push(socket);
    return socket;
  }

  async dialUdp(): Promise<UdpSocket> {
    const socket = createSocket('udp4');
    this.#near.push(socket);
    socket.connect(this.port, '127.0.0.1');
    await once(socket, 'connect');
    return socket;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#near) {
      if ('destroy' in socket) socket.destroy();
      else socket.close();
    }
    await this.network[Symbol.asyncDispose]();
    for (const socket of this.accepted) socket.destroy();
    this.udp.close();
    this.tcp.close();
    await once(this.tcp, 'close');
  }
}

async function ping(socket: UdpSocket, text: string): Promise<number> {
  const startedMs = systemClock.monotonicMs();
  const answered = once(socket, 'message');
  socket.send(text);
  const [bytes] = (await answered) as [Buffer];
  assert.equal(bytes.toString(), text);
  return systemClock.monotonicMs() - startedMs;
}

async function exactly(socket: Socket, count: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of socket.iterator({ destroyOnReturn: false })) {
    parts.push(part as Buffer);
    length += (part as Buffer).length;
    if (length >= count) break;
  }
  return Buffer.concat(parts);
}

/** Resolves at its end, with or without an error. */
function closing(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once('close', () => resolve()));
}

describe('relay of UDP', { timeout: 60_000 }, () => {
  test('answers find their way back to each of two senders', async () => {
    await using bench = await Bench.open();
    const [one, two] = [await bench.dialUdp(), await bench.dialUdp()];
    await ping(one, 'from one');
    await ping(two, 'from two');
    await ping(one, 'again');
    assert.equal(new Set(bench.seen).size, 2, 'each has an address of its own behind the relay');
  });

  test('a ping takes no less than latency both ways', async () => {
    await using bench = await Bench.open({ latencyMs: 60 });
    const socket = await bench.dialUdp();
    for (let i = 0; i < 5; i++) {
      const ms = await ping(socket, `ping ${i}`);
      // The timer of a millisecond rounds up, never down, but for the slack of what is due together.
      assert.ok(ms >= 118, `${ms} ms`);
    }
  });

  test('of 2000 datagrams as many are lost as the seed says, and counted', async () => {
    await using bench = await Bench.open({ lossPercent: 20 });
    const socket = await bench.dialUdp();
    let answers = 0;
    const done = Promise.withResolvers<void>();
    socket.on('message', (bytes) => {
      answers++;
      if (bytes.toString() === 'last') done.resolve();
    });
    for (let i = 0; i < 2000; i++) {
      socket.send(`datagram ${i}`);
      // Lets the kernel's buffers run empty, so that no loss but the relay's own is seen.
      if (i % 20 === 19) await new Promise((resolve) => setImmediate(resolve));
    }
    bench.set({});
    socket.send('last');
    await done.promise;
    const stats = bench.network.takeStats();
    const [up, down] = [stats?.up, stats?.down];
    assert.ok(up !== undefined && down !== undefined);
    assert.equal(answers, up.packets - up.lost - down.lost, 'what is not lost arrives');
    assert.ok(up.lost > 0 && down.lost > 0);
  });

  test('a rebinding changes the port that the far end sees, and answers still come', async () => {
    await using bench = await Bench.open({ latencyMs: 5 });
    const socket = await bench.dialUdp();
    await ping(socket, 'before');
    bench.network.rebind();
    await ping(socket, 'after');
    assert.equal(new Set(bench.seen).size, 2);
  });

  test('nothing passes a blackhole, and what follows it does', async () => {
    await using bench = await Bench.open();
    const socket = await bench.dialUdp();
    await ping(socket, 'before');
    bench.set({}, 'blackhole');
    socket.on('message', (bytes) => assert.notEqual(bytes.toString(), 'swallowed'));
    await new Promise<void>((resolve) => socket.send('swallowed', () => resolve()));
    while ((bench.network.takeStats()?.up.swallowed ?? 0) === 0) await new Promise((resolve) => setImmediate(resolve));
    bench.set({});
    await ping(socket, 'after');
    assert.equal(bench.seen.length, 2);
  });
});

describe('relay of TCP', { timeout: 60_000 }, () => {
  test('bytes come back whole and in order, over a bad network too', async () => {
    await using bench = await Bench.open({ latencyMs: 10, jitterMs: 8, lossPercent: 1 });
    const socket = bench.dialTcp();
    const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 7 + (i >> 8)) % 256));
    socket.write(bytes);
    assert.ok((await exactly(socket, bytes.length)).equals(bytes));
    assert.ok((bench.network.takeStats()?.up.lost ?? 0) > 0, 'segments were sent again');
  });

  test('the handshake and each way take their latency', async () => {
    await using bench = await Bench.open({ latencyMs: 50 });
    const startedMs = systemClock.monotonicMs();
    const socket = bench.dialTcp();
    socket.write('hello');
    await exactly(socket, 5);
    const ms = systemClock.monotonicMs() - startedMs;
    assert.ok(ms >= 195, `a round trip to connect and one for the answer: ${ms} ms`);
  });

  test('bandwidth bounds what passes', async () => {
    // 200,000 bytes at 1000 bytes a ms, there and back one after the other: at least 200 ms.
    await using bench = await Bench.open({ bandwidthKbps: 8000 });
    const startedMs = systemClock.monotonicMs();
    const socket = bench.dialTcp();
    socket.write(Buffer.alloc(200_000, 1));
    await exactly(socket, 200_000);
    const ms = systemClock.monotonicMs() - startedMs;
    assert.ok(ms >= 198, `${ms} ms`);
  });

  test('a reader that stops holds the sender back, with bounded memory, and gets all when it reads again', async () => {
    await using bench = await Bench.open({ latencyMs: 1 });
    const socket = bench.dialTcp();
    const whole = 24 * 1024 * 1024;
    let written = 0;
    const write = (): void => {
      for (let free = true; free && written < whole; written += 65_536) free = socket.write(Buffer.alloc(65_536));
    };
    socket.on('drain', write);
    await once(socket, 'connect');
    write();
    // Echoed and not read: the way back fills up first.
    for (let held = 0; held < limits.relayTcpBufferBytes;) {
      await new Promise((resolve) => setImmediate(resolve));
      const stats = bench.network.takeStats();
      held = stats?.down.queuedBytes ?? held;
      // Beyond the limit is at most what one read from a socket brings.
      assert.ok(held <= limits.relayTcpBufferBytes + 65_536, `${held}`);
    }
    assert.ok(written < whole);
    assert.equal((await exactly(socket, whole)).length, whole);
  });

  test('a disconnection resets both ends and refuses new ones until it is over', async () => {
    await using bench = await Bench.open();
    const socket = bench.dialTcp();
    socket.write('x');
    await exactly(socket, 1);
    const reset = once(socket, 'error');
    const [far] = bench.accepted;
    assert.ok(far);
    const farClosed = closing(far);
    bench.set({}, 'disconnect');
    assert.equal(((await reset) as [NodeJS.ErrnoException])[0].code, 'ECONNRESET');
    await farClosed;
    const refused = bench.dialTcp();
    assert.equal(((await once(refused, 'error')) as [NodeJS.ErrnoException])[0].code, 'ECONNRESET');
    bench.set({});
    const again = bench.dialTcp();
    again.write('y');
    await exactly(again, 1);
  });

  test('in a blackhole a connection stands still and goes on afterwards; a new one is accepted and answered then', async () => {
    await using bench = await Bench.open();
    const socket = bench.dialTcp();
    socket.write('1');
    await exactly(socket, 1);
    bench.set({}, 'blackhole');
    socket.write('2');
    const late = bench.dialTcp();
    await once(late, 'connect');
    late.write('3');
    assert.equal(bench.accepted.length, 1, 'the far end knows nothing of it');
    bench.set({});
    assert.equal((await exactly(socket, 1)).toString(), '2');
    assert.equal((await exactly(late, 1)).toString(), '3');
  });

  test('the end of one direction leaves the other open', async () => {
    await using bench = await Bench.open({ latencyMs: 10 });
    const socket = bench.dialTcp();
    socket.end('the last words');
    assert.equal((await exactly(socket, 14)).toString(), 'the last words');
    if (!socket.readableEnded) await once(socket, 'end');
  });

  test('who breaks off is broken off at the other end', async () => {
    await using bench = await Bench.open();
    const socket = bench.dialTcp();
    socket.write('x');
    await exactly(socket, 1);
    const [far] = bench.accepted;
    assert.ok(far);
    const closed = closing(far);
    socket.resetAndDestroy();
    await closed;
  });
});
