import { spawn } from '#shared/base/spawn.ts';
import type { Protocol, Stack } from '#shared/contract/protocols.ts';
import { limits } from '#shared/contract/limits.ts';
import { FrameMerger } from '../frame-merger.ts';
import { sessionEnded } from '../session-errors.ts';
import type { CloseReason, IncomingFrame, OutgoingFrame, SentFrame, Session, SessionStats } from '../transport.ts';
import type { Wire } from './wire.ts';

/** A session that can be made to fail as networks do: held up, cut without a word. */
export class FaultySession implements Session {
  readonly protocol: Protocol;
  readonly stack: Stack;
  readonly remote: string;
  readonly peerIdentity: string | null;
  readonly channel: string;
  readonly fallback?: string;
  readonly closed: Promise<CloseReason>;
  readonly #inner: Session;
  readonly #wire: Wire;
  readonly #merger = new FrameMerger();
  readonly #over = new AbortController();
  readonly #resolveClosed: (reason: CloseReason) => void;
  #end: CloseReason | null = null;

  constructor(inner: Session, wire: Wire) {
    this.#inner = inner;
    this.#wire = wire;
    this.protocol = inner.protocol;
    this.stack = inner.stack;
    this.remote = inner.remote;
    this.peerIdentity = inner.peerIdentity;
    this.channel = inner.channel ?? '';
    if (inner.fallback !== undefined) this.fallback = inner.fallback;
    const closed = Promise.withResolvers<CloseReason>();
    this.closed = closed.promise;
    this.#resolveClosed = closed.resolve;
    spawn('passing frames on', this.#passOn());
  }

  get blocked(): string {
    return this.#inner.blocked ?? '';
  }

  get chunkBytes(): number {
    return this.#inner.chunkBytes ?? limits.chunkBytes;
  }

  get obstacle(): string | null {
    return this.#inner.obstacle ?? null;
  }

  frames(): AsyncIterable<IncomingFrame, undefined> {
    return this.#merger;
  }

  async send(frame: OutgoingFrame, { signal }: { readonly signal: AbortSignal }): Promise<SentFrame> {
    signal.throwIfAborted();
    if (this.#end !== null) throw sessionEnded(this.#end);
    const way = await this.#wire.pass(AbortSignal.any([signal, this.#over.signal]));
    if (way === 'broken') this.drop();
    if (this.#end !== null) throw sessionEnded(this.#end);
    return await this.#inner.send(frame, { signal });
  }

  stats(): SessionStats {
    return this.#inner.stats();
  }

  drop(): void {
    if (this.#inner.abort === undefined)
      spawn('closing a session', this.#inner.close('lost', 'the network dropped the session'));
    else this.#inner.abort();
    this.#finish({ code: 'lost', reason: 'the network dropped the session', local: false });
  }

  abort(): void {
    this.#inner.abort?.();
    this.#finish({ code: 'aborted', reason: 'cut off at this end', local: true });
  }

  async close(code: string, reason: string): Promise<void> {
    await this.#inner.close(code, reason);
    this.#finish({ code, reason, local: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close('clean', 'session disposed');
  }

  async #passOn(): Promise<void> {
    spawn(
      'watching a session',
      this.#inner.closed.then((end) => this.#finish(end)),
    );
    await this.#merger.pump(this.#inner.frames(), (frame) => frame);
    this.#merger.end('keep');
  }

  #finish(end: CloseReason): void {
    if (this.#end !== null) return;
    this.#end = end;
    this.#over.abort(sessionEnded(end));
    if (end.local) this.#merger.end('discard');
    this.#resolveClosed(end);
  }
}
