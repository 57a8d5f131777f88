import type { Clock } from '#shared/base/clock.ts';
import type { Protocol, Stack } from '#shared/contract/protocols.ts';
import { limits, timing } from '#shared/contract/limits.ts';
import { FrameRelay } from '../frame-relay.ts';
import { sessionEnded } from '../session-errors.ts';
import type {
  CloseReason,
  IncomingFrame,
  Lane,
  OutgoingFrame,
  SentFrame,
  Session,
  SessionStats,
} from '../transport.ts';
import type { Wire } from './wire.ts';

export interface FaultySessionParts {
  readonly clock: Clock;
  readonly wire: Wire;
  /** Opens another session in place of this one; null on the accepting side, which has nobody to dial. */
  readonly redial: ((signal: AbortSignal) => Promise<Session>) | null;
  readonly greet?: (
    session: Session,
    opening: readonly Uint8Array[],
    options: { readonly signal: AbortSignal },
  ) => Promise<void>;
}

/**
 * A session that can be made to fail. With connection per message (the founding bug of this field) it stays open in the
 * eyes of the layers above while in truth each message travels on a connection of its own that is hung up at once: what
 * the peer answers has nowhere to go.
 */
export class FaultySession implements Session {
  readonly protocol: Protocol;
  readonly stack: Stack;
  readonly remote: string;
  readonly peerIdentity: string | null;
  readonly chunkBytes: number;
  readonly closed: Promise<CloseReason>;
  readonly #inner: Session;
  readonly #parts: FaultySessionParts;
  readonly #relay = new FrameRelay();
  readonly #over = new AbortController();
  readonly #resolveClosed: (reason: CloseReason) => void;
  readonly #bulk = new Map<Lane, OutgoingFrame[]>();
  #opening: readonly Uint8Array[] | null = null;
  #mode: 'normal' | 'per message' = 'normal';
  #turn: Promise<unknown> = Promise.resolve();
  #end: CloseReason | null = null;

  constructor(inner: Session, parts: FaultySessionParts) {
    this.#inner = inner;
    this.#parts = parts;
    this.protocol = inner.protocol;
    this.stack = inner.stack;
    this.remote = inner.remote;
    this.peerIdentity = inner.peerIdentity;
    this.chunkBytes = inner.chunkBytes ?? limits.chunkBytes;
    const closed = Promise.withResolvers<CloseReason>();
    this.closed = closed.promise;
    this.#resolveClosed = closed.resolve;
    void this.#passOn();
  }

  frames(): AsyncIterable<IncomingFrame> {
    return this.#relay;
  }

  async send(frame: OutgoingFrame, { signal }: { readonly signal: AbortSignal }): Promise<SentFrame> {
    signal.throwIfAborted();
    if (this.#end !== null) throw sessionEnded(this.#end);
    if (frame.lane === 'control') this.#opening ??= frame.parts.map((part) => part.slice());
    const way = await this.#parts.wire.pass(AbortSignal.any([signal, this.#over.signal]));
    if (way === 'broken') this.drop();
    if (this.#end !== null) throw sessionEnded(this.#end);
    return this.#mode === 'normal' ? await this.#inner.send(frame, { signal }) : await this.#sendAlone(frame, signal);
  }

  stats(): SessionStats {
    return this.#inner.stats();
  }

  /** Once off, the layers above learn that there is no session and open one that stays. */
  perMessage(state: 'on' | 'off'): void {
    if (this.#parts.redial === null || (this.#mode === 'per message') === (state === 'on')) return;
    if (state === 'off')
      return this.#finish({ code: 'lost', reason: 'nobody is at the other end of this session', local: false });
    this.#mode = 'per message';
    void this.#inner.close('clean', 'hung up after a message');
  }

  drop(): void {
    if (this.#inner.abort === undefined) void this.#inner.close('lost', 'the network dropped the session');
    else this.#inner.abort();
    this.#finish({ code: 'lost', reason: 'the network dropped the session', local: false });
  }

  abort(): void {
    this.#inner.abort?.();
    this.#finish({ code: 'aborted', reason: 'cut off at this end', local: true });
  }

  async close(code: string, reason: string): Promise<void> {
    if (this.#end === null && this.#mode === 'per message') this.#finish({ code, reason, local: true });
    await this.#inner.close(code, reason);
    this.#finish({ code, reason, local: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close('clean', 'session disposed');
  }

  /** Passes frames on while the session is what it seems. */
  async #passOn(): Promise<void> {
    void this.#inner.closed.then((end) => {
      if (this.#mode === 'normal') this.#finish(end);
    });
    await this.#relay.pump(this.#inner.frames(), (frame) => (this.#mode === 'normal' ? frame : null));
    if (this.#mode === 'normal') this.#relay.end('keep');
  }

  /** The founding bug: dial, greet, send, hang up. A bulk lane is one message: it goes with its last frame. */
  #sendAlone(frame: OutgoingFrame, signal: AbortSignal): Promise<SentFrame> {
    const frames = this.#bulk.get(frame.lane) ?? [];
    frames.push(frame);
    if (frame.lane !== 'control' && frame.last !== true) {
      this.#bulk.set(frame.lane, frames);
      return Promise.resolve({ stream: frame.lane });
    }
    this.#bulk.delete(frame.lane);
    const sent = this.#turn.then(() => this.#oneConnection(frames, AbortSignal.any([signal, this.#over.signal])));
    this.#turn = sent.catch(() => undefined);
    return sent;
  }

  async #oneConnection(frames: readonly OutgoingFrame[], signal: AbortSignal): Promise<SentFrame> {
    signal.throwIfAborted();
    const { redial, greet, clock } = this.#parts;
    using deadline = clock.deadline(timing.connectTimeoutMs, signal);
    const session = await (redial as NonNullable<typeof redial>)(deadline);
    try {
      if (greet !== undefined) await greet(session, this.#opening ?? [], { signal: deadline });
      else if (this.#opening !== null && frames[0]?.parts !== this.#opening) {
        await session.send({ lane: 'control', parts: this.#opening }, { signal: deadline });
      }
      let sent: SentFrame = { stream: '' };
      for (const frame of frames) sent = await session.send(frame, { signal });
      return sent;
    } finally {
      await session.close('clean', 'hung up after a message');
    }
  }

  #finish(end: CloseReason): void {
    if (this.#end !== null) return;
    this.#end = end;
    this.#over.abort(sessionEnded(end));
    if (end.local || this.#mode === 'per message') this.#relay.end('discard');
    this.#resolveClosed(end);
  }
}
