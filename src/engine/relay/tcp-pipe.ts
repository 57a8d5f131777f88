import type { Socket } from 'node:net';
import type { Clock } from '#shared/base/time/clock.ts';
import { limits } from '#shared/contract/limits.ts';
import { DeliveryQueue } from './delivery-queue.ts';
import type { TcpPath } from './tcp-path.ts';
import type { Way } from './way.ts';

export interface PipeParts {
  readonly clock: Clock;
  readonly way: Way;
  readonly path: TcpPath;
  /** When the connection is there for the far end: nothing passes before. */
  readonly readyAt: number;
  /** The source broke off: the other end is told when word of that would have come. */
  readonly onReset: () => void;
}

/**
 * One direction of a relayed connection: bytes that are read come out later, in order. At most `relayTcpBufferBytes` are
 * under way, then the source is not read any more and its sender feels it. In an outage all stands still, as the two TCPs
 * would keep sending again; it goes on afterwards.
 */
export class TcpPipe implements Disposable {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #parts: PipeParts;
  readonly #queue: DeliveryQueue;
  readonly #ready: (() => void)[] = [];
  #heldBytes = 0;
  #blocked = false;
  #tailAt = 0;
  #over = false;

  constructor(from: Socket, to: Socket, parts: PipeParts) {
    this.#from = from;
    this.#to = to;
    this.#parts = parts;
    this.#queue = new DeliveryQueue(parts.clock);
    from.on('data', (bytes) => this.#take(bytes as Buffer));
    from.on('end', () => this.#later(this.#latencyMs(), () => this.#to.end()));
    from.on('error', () => this.#later(this.#latencyMs(), () => parts.onReset()));
    to.on('drain', () => {
      this.#blocked = false;
      this.#flush();
    });
  }

  /** An outage has begun or ended. */
  changed(): void {
    this.#readOrWait();
    this.#flush();
  }

  [Symbol.dispose](): void {
    this.#over = true;
    this.#queue[Symbol.dispose]();
    this.#ready.length = 0;
    this.#parts.way.release(this.#heldBytes, null);
    this.#heldBytes = 0;
  }

  #take(bytes: Buffer): void {
    if (this.#over) return;
    this.#heldBytes += bytes.length;
    for (let start = 0; start < bytes.length;) {
      const end = Math.min(bytes.length, start + this.#parts.path.pieceBytes());
      this.#pass(bytes.subarray(start, end));
      start = end;
    }
    this.#readOrWait();
  }

  #pass(bytes: Buffer): void {
    const { clock, path, way, readyAt } = this.#parts;
    const now = clock.monotonicMs();
    const arrival = path.send(bytes.length, Math.max(now, readyAt));
    way.counts.lost += arrival.retransmitted;
    this.#tailAt = arrival.at;
    this.#queue.at(arrival.at, () =>
      this.#deliver(() => {
        this.#heldBytes -= bytes.length;
        way.release(bytes.length, clock.monotonicMs() - now);
        this.#blocked = !this.#to.write(bytes);
        this.#readOrWait();
      }),
    );
  }

  /** Behind all that was read before it. */
  #later(ms: number, act: () => void): void {
    if (this.#over) return;
    const { clock, readyAt } = this.#parts;
    this.#tailAt = Math.max(this.#tailAt, Math.max(clock.monotonicMs(), readyAt) + ms);
    this.#queue.at(this.#tailAt, () => this.#deliver(act));
  }

  #deliver(act: () => void): void {
    this.#ready.push(act);
    this.#flush();
  }

  #flush(): void {
    while (!this.#over && !this.#blocked && this.#parts.way.outage === 'none') {
      const act = this.#ready.shift();
      if (act === undefined) return;
      act();
    }
  }

  #readOrWait(): void {
    const full = this.#heldBytes >= limits.relayTcpBufferBytes || this.#parts.way.outage !== 'none';
    if (full) this.#from.pause();
    else if (this.#from.isPaused() && this.#heldBytes <= limits.relayTcpBufferBytes / 2) this.#from.resume();
  }

  #latencyMs(): number {
    return this.#parts.way.latency();
  }
}
