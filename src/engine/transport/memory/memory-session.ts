import type { Clock } from '#shared/base/time/clock.ts';
import type { CloseReason, IncomingFrame, OutgoingFrame, Session, SessionStats } from '../transport.ts';
import { MemoryPipe, type PipeWire } from './memory-pipe.ts';

interface PairOptions {
  readonly clock: Clock;
  readonly addresses: { readonly dialer: string; readonly listener: string };
  readonly wire: (direction: 'up' | 'down') => PipeWire;
}

/** One end of a session in memory. */
export class MemorySession implements Session {
  readonly protocol = 'memory';
  readonly stack = 'memory';
  readonly peerIdentity = null;
  readonly remote: string;
  readonly closed: Promise<CloseReason>;
  readonly #incoming: MemoryPipe;
  readonly #outgoing: MemoryPipe;
  readonly #resolveClosed: (reason: CloseReason) => void;
  #over = false;
  #localEnd = false;
  #sentBytes = 0;

  private constructor(remote: string, pipes: { readonly incoming: MemoryPipe; readonly outgoing: MemoryPipe }) {
    this.remote = remote;
    this.#incoming = pipes.incoming;
    this.#outgoing = pipes.outgoing;
    const { promise, resolve } = Promise.withResolvers<CloseReason>();
    this.closed = promise;
    this.#resolveClosed = resolve;
    this.#incoming.onEnd = (reason) => this.#peerEnded(reason);
  }

  static pair({ addresses, wire }: PairOptions): { dialer: MemorySession; listener: MemorySession } {
    const up = new MemoryPipe(wire('up'));
    const down = new MemoryPipe(wire('down'));
    return {
      dialer: new MemorySession(addresses.listener, { incoming: down, outgoing: up }),
      listener: new MemorySession(addresses.dialer, { incoming: up, outgoing: down }),
    };
  }

  async *frames(): AsyncGenerator<IncomingFrame, undefined> {
    while (!this.#localEnd) {
      const frame = this.#incoming.take();
      if (frame !== null) yield frame;
      else if (this.#incoming.ended) return;
      else await this.#incoming.changed();
    }
  }

  async send(frame: OutgoingFrame, { signal }: { readonly signal: AbortSignal }): Promise<{ readonly stream: string }> {
    const sent = await this.#outgoing.send(frame, signal);
    for (const part of frame.parts) this.#sentBytes += part.byteLength;
    return sent;
  }

  stats(): SessionStats {
    return { rttMs: null, sentBytes: this.#sentBytes, receivedBytes: this.#incoming.deliveredBytes, counters: [] };
  }

  async close(code: string, reason: string): Promise<void> {
    if (this.#over) return;
    this.#over = true;
    this.#localEnd = true;
    this.#outgoing.finish({ code, reason, local: false }, 'after_frames');
    this.#incoming.finish({ code, reason, local: true }, 'at_once');
    this.#resolveClosed({ code, reason, local: true });
  }

  /** As a pulled cable: what was on the way is lost, and the peer finds a dead session. */
  abort(): void {
    this.lose('the session was cut off');
  }

  /** The network took the session away: neither end had a say. */
  lose(reason: string): void {
    const lost: CloseReason = { code: 'lost', reason, local: false };
    this.#outgoing.finish(lost, 'at_once');
    this.#incoming.finish(lost, 'at_once');
  }

  /** Looks again at what a healed network lets through. */
  recheck(): void {
    this.#incoming.recheck();
    this.#outgoing.recheck();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close('clean', 'disposed');
  }

  #peerEnded(reason: CloseReason): void {
    if (this.#over) return;
    this.#over = true;
    this.#outgoing.finish(reason, 'at_once');
    this.#resolveClosed(reason);
  }
}
