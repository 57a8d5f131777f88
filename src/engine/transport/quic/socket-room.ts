import type { Clock } from '#shared/base/clock.ts';
import { limits } from '#shared/contract/limits.ts';
import { WaitingRoom } from '../waiting-room.ts';
import type { QuicListenOptions } from './quic-session.ts';
import type { NativeSocket } from './webtransport-native.ts';

/**
 * Sockets of a server whose library holds any number of them, without a word, for ever: each has its time to become a
 * session, and so many may wait.
 */
export class SocketRoom {
  readonly #clock: Clock;
  readonly #onRefused: NonNullable<QuicListenOptions['onRefused']>;
  readonly #room: WaitingRoom;
  /** Whether a session came of them or not. */
  readonly #sockets = new Set<NativeSocket>();
  readonly #waiting = new Map<string, DisposableStack>();

  constructor(clock: Clock, { knows, onRefused }: Pick<QuicListenOptions, 'knows' | 'onRefused'>) {
    this.#clock = clock;
    this.#onRefused = onRefused ?? (() => undefined);
    this.#room = new WaitingRoom({ knows });
  }

  take(socket: NativeSocket): void {
    const address = `${socket.remoteAddress ?? ''}:${socket.remotePort ?? 0}`;
    const refuse = (reason: string): void => {
      this.#onRefused({ address: address.replace(/^::ffff:/, ''), reason });
      socket.destroy();
    };
    const place = this.#room.enter({ address, identity: null }, refuse);
    if (place === null) return refuse('too many connections that have opened no session');
    const waiting = new DisposableStack();
    waiting.use(place);
    waiting.use(this.#clock.timer(limits.helloTimeoutMs, () => refuse('it opened no session in time')));
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
