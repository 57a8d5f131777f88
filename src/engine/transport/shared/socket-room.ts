import type { Clock } from '#shared/base/time/clock.ts';
import { limits } from '#shared/contract/limits.ts';
import type { ListenOptions } from '../transport.ts';
import { WaitingRoom } from '../waiting-room.ts';

/** A TCP connection, as far as it has to be known here. */
export interface WaitingSocket {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
  once(event: 'close', listener: () => void): unknown;
  destroy(): unknown;
}

interface Knowing {
  readonly knows?: ListenOptions['knows'] | undefined;
  readonly onRefused?: ListenOptions['onRefused'] | undefined;
}

/**
 * Sockets of a server whose library holds any number of them, without a word, for ever: each has its time to become a
 * session, and so many may wait.
 */
export class SocketRoom {
  readonly #clock: Clock;
  readonly #patienceMs: number;
  readonly #onRefused: ListenOptions['onRefused'];
  readonly #room: WaitingRoom;
  /** Whether a session came of them or not. */
  readonly #sockets = new Set<WaitingSocket>();
  readonly #waiting = new Map<string, DisposableStack>();

  constructor(
    clock: Clock,
    { knows, onRefused }: Knowing,
    { patienceMs = limits.helloTimeoutMs }: { readonly patienceMs?: number } = {},
  ) {
    this.#clock = clock;
    this.#patienceMs = patienceMs;
    this.#onRefused = onRefused ?? (() => undefined);
    this.#room = new WaitingRoom({ knows });
  }

  take(socket: WaitingSocket): void {
    const address = `${socket.remoteAddress ?? ''}:${socket.remotePort ?? 0}`;
    const refuse = (reason: string): void => {
      this.#onRefused({ address: address.replace(/^::ffff:/, ''), reason });
      socket.destroy();
    };
    const place = this.#room.enter({ address, identity: null }, refuse);
    const waiting = new DisposableStack();
    waiting.use(place);
    waiting.use(this.#clock.timer(this.#patienceMs, () => refuse('it opened no session in time')));
    this.#waiting.set(address, waiting);
    this.#sockets.add(socket);
    socket.once('close', () => {
      this.#sockets.delete(socket);
      this.admitted(address);
    });
  }

  /** A session came of the socket from there. */
  admitted(address: string): void {
    this.#waiting.get(address)?.dispose();
    this.#waiting.delete(address);
  }

  /** Sessions have been closed by their owner; what is left never was one, and would keep the server open. */
  destroy(): void {
    for (const socket of this.#sockets) socket.destroy();
    for (const waiting of this.#waiting.values()) waiting.dispose();
    this.#waiting.clear();
  }
}
