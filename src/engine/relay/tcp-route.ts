import { connect, createServer, type Server, type Socket } from 'node:net';
import { spawn, taskFailed } from '#shared/base/spawn.ts';
import type { Clock } from '#shared/base/time/clock.ts';
import type { Random } from '#shared/base/random.ts';
import { limits } from '#shared/contract/limits.ts';
import { TcpPath } from './tcp-path.ts';
import { TcpPipe } from './tcp-pipe.ts';
import type { Ways } from './ways.ts';

export interface Target {
  readonly host: string;
  readonly port: number;
}

/** Accepts connections in the coordinator's place and passes their bytes on, as late and as slowly as TCP would. */
export class TcpRoute implements AsyncDisposable {
  readonly #server: Server;
  readonly #target: Target;
  readonly #ways: Ways;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #connections = new Set<RelayedConnection>();
  #serial = 0;

  /** Takes over a server that listens already. */
  constructor(server: Server, target: Target, parts: { ways: Ways; clock: Clock; random: Random }) {
    this.#server = server;
    this.#target = target;
    this.#ways = parts.ways;
    this.#clock = parts.clock;
    this.#random = parts.random;
    server.on('connection', (socket) => this.#accept(socket));
  }

  get connections(): number {
    return this.#connections.size;
  }

  /** Conditions have changed. */
  changed(): void {
    for (const connection of this.#connections) connection.changed();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const connection of this.#connections) connection.reset();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #accept(socket: Socket): void {
    if (this.#ways.up.outage === 'disconnect' || this.#connections.size >= limits.relayConnectionsMax) {
      // Told by its error event; there is nobody to tell.
      socket.on('error', () => undefined);
      socket.resetAndDestroy();
      return;
    }
    const random = this.#random.fork(`connection ${this.#serial++}`);
    const connection = new RelayedConnection(socket, this.#target, { ways: this.#ways, clock: this.#clock, random });
    this.#connections.add(connection);
    spawn(
      'letting a relayed connection go',
      connection.closed.then(() => this.#connections.delete(connection)),
    );
  }
}

class RelayedConnection {
  readonly closed: Promise<void>;
  readonly #near: Socket;
  readonly #target: Target;
  readonly #parts: { readonly ways: Ways; readonly clock: Clock; readonly random: Random };
  readonly #ended = Promise.withResolvers<void>();
  #far: Socket | null = null;
  #pipes: readonly TcpPipe[] = [];
  #dialing: Disposable | null = null;

  constructor(near: Socket, target: Target, parts: { ways: Ways; clock: Clock; random: Random }) {
    this.#near = near;
    this.#target = target;
    this.#parts = parts;
    this.closed = this.#ended.promise;
    near.setNoDelay(true);
    near.pause();
    near.on('error', () => this.#far ?? this.reset());
    near.on('close', () => this.#closeWhenBoth());
    this.#dial();
  }

  changed(): void {
    if (this.#parts.ways.up.outage === 'disconnect') return this.reset();
    if (this.#far === null) this.#dial();
    for (const pipe of this.#pipes) pipe.changed();
  }

  reset(): void {
    this.#dialing?.[Symbol.dispose]();
    this.#near.resetAndDestroy();
    this.#far?.resetAndDestroy();
    for (const pipe of this.#pipes) pipe[Symbol.dispose]();
    this.#ended.resolve();
  }

  /**
   * The handshake's round trip, then the far end. In a blackhole nothing answers: the kernel has accepted in our place, and
   * nothing follows.
   */
  #dial(): void {
    const { ways, clock, random } = this.#parts;
    if (ways.up.outage !== 'none' || this.#dialing !== null || this.#near.destroyed) return;
    const there = new TcpPath({ there: ways.up, back: ways.down }, random.fork('up'));
    const back = new TcpPath({ there: ways.down, back: ways.up }, random.fork('down'));
    const waitMs = there.handshakeMs();
    this.#dialing = clock.timer(Math.ceil(waitMs), () => {
      this.#dialing = null;
      if (ways.up.outage !== 'none' || this.#near.destroyed) return;
      const far = connect({ ...this.#target, allowHalfOpen: true });
      this.#far = far;
      far.setNoDelay(true);
      far.on('close', () => this.#closeWhenBoth());
      const readyAt = clock.monotonicMs();
      const onReset = (): void => this.reset();
      this.#pipes = [
        new TcpPipe(this.#near, far, { clock, way: ways.up, path: there, readyAt, onReset }),
        new TcpPipe(far, this.#near, { clock, way: ways.down, path: back, readyAt, onReset }),
      ];
      this.#near.resume();
    });
  }

  #closeWhenBoth(): void {
    if (!this.#near.destroyed || this.#far?.destroyed === false) return;
    this.reset();
  }
}

/** Listens on loopback; half-closed connections stay, since each direction has an end of its own. */
export function listenTcp(port: number): Promise<Server> {
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => {
      server.off('error', reject);
      // Such as no file descriptor for one more connection: those that are open go on.
      server.on('error', (error) => taskFailed('accepting a connection', error));
      resolve(server);
    });
  });
}
