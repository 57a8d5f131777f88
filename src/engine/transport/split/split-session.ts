import { spawn } from '#shared/base/spawn.ts';
import type { Clock } from '#shared/base/time/clock.ts';
import { limits, timing } from '#shared/contract/limits.ts';
import type { Protocol, Stack } from '#shared/contract/protocols.ts';
import { FrameMerger } from '../frame-merger.ts';
import { sessionEnded } from '../session-errors.ts';
import {
  isOrderly,
  type CloseReason,
  type IncomingFrame,
  type OutgoingFrame,
  type SentFrame,
  type Session,
  type SessionStats,
} from '../transport.ts';

/** One half with the frames that are left after its pairing frame. */
export interface Half {
  readonly session: Session;
  readonly frames: AsyncIterable<IncomingFrame, undefined>;
}

/** A session whose control lane travels over one protocol and whose bulk lanes over another. It lives while both do. */
export class SplitSession implements Session {
  readonly protocol: Protocol;
  readonly stack: Stack;
  readonly remote: string;
  readonly peerIdentity: string | null;
  readonly channel: string;
  readonly fallback?: string;
  readonly closed: Promise<CloseReason>;
  readonly #control: Session;
  readonly #bulk: Session;
  readonly #clock: Clock;
  readonly #merger = new FrameMerger();
  readonly #resolveClosed: (reason: CloseReason) => void;
  #end: CloseReason | null = null;
  #closing: Promise<void> | null = null;

  constructor(control: Half, bulk: Half, clock: Clock) {
    this.#control = control.session;
    this.#bulk = bulk.session;
    this.#clock = clock;
    this.protocol = this.#bulk.protocol;
    this.stack = this.#bulk.stack;
    this.remote = this.#bulk.remote;
    this.peerIdentity = this.#bulk.peerIdentity;
    this.channel = [this.#control.channel ?? '', this.#bulk.channel ?? ''].join('.');
    if (this.#bulk.fallback !== undefined) this.fallback = this.#bulk.fallback;
    const closed = Promise.withResolvers<CloseReason>();
    this.closed = closed.promise;
    this.#resolveClosed = closed.resolve;
    spawn('watching the halves of a session', this.#run(control, bulk));
  }

  get blocked(): string {
    return this.#control.blocked || this.#bulk.blocked || '';
  }

  get chunkBytes(): number {
    return this.#bulk.chunkBytes ?? limits.chunkBytes;
  }

  get obstacle(): string | null {
    return this.#control.obstacle ?? this.#bulk.obstacle ?? null;
  }

  frames(): AsyncIterable<IncomingFrame, undefined> {
    return this.#merger;
  }

  async send(frame: OutgoingFrame, options: { readonly signal: AbortSignal }): Promise<SentFrame> {
    options.signal.throwIfAborted();
    if (this.#end !== null) throw sessionEnded(this.#end);
    const half = frame.lane === 'control' ? this.#control : this.#bulk;
    const sent = await half.send(frame, options);
    return { stream: sent.stream, protocol: half.protocol, stack: half.stack };
  }

  stats(): SessionStats {
    const [control, bulk] = [this.#control.stats(), this.#bulk.stats()];
    const named = (half: Session, stats: SessionStats): SessionStats['counters'] =>
      stats.counters.map(({ name, value }) => ({ name: `${half.protocol}.${name}`, value }));
    return {
      rttMs: control.rttMs,
      sentBytes: control.sentBytes + bulk.sentBytes,
      receivedBytes: control.receivedBytes + bulk.receivedBytes,
      counters: [...named(this.#control, control), ...named(this.#bulk, bulk)],
    };
  }

  close(code: string, reason: string): Promise<void> {
    this.#closing ??= this.#close(code, reason);
    return this.#closing;
  }

  abort(): void {
    this.#finish({ code: 'aborted', reason: 'cut off at this end', local: true });
    for (const half of [this.#control, this.#bulk]) {
      if (half.abort === undefined) spawn('closing a half session', half.close('lost', 'cut off'));
      else half.abort();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close('clean', 'session disposed');
  }

  async #run(control: Half, bulk: Half): Promise<void> {
    const read = [control, bulk].map(({ session, frames }) => {
      const { protocol, stack } = session;
      return this.#merger.pump(frames, (frame) => ({ ...frame, protocol, stack }));
    });
    spawn(
      'reading the halves of a session',
      Promise.all(read).then(() => this.#merger.end('keep')),
    );
    const first = await Promise.race([ended(control.session, bulk.session), ended(bulk.session, control.session)]);
    if (this.#end === null && !first.end.local && isOrderly(first.end.code)) {
      // The peer closes both halves; what it sent last on the other one may still be under way.
      using deadline = this.#clock.deadline(timing.closeTimeoutMs);
      const late = new Promise<void>((resolve) => deadline.addEventListener('abort', () => resolve(), { once: true }));
      await Promise.race([first.other.closed, late]);
    }
    const seen = first.end;
    if (this.#end === null)
      this.#finish(isOrderly(seen.code) ? seen : { ...seen, reason: `${first.half.protocol}: ${seen.reason}` });
    await first.other.close(seen.code, seen.reason);
  }

  async #close(code: string, reason: string): Promise<void> {
    this.#finish({ code, reason, local: true });
    await Promise.allSettled([this.#control.close(code, reason), this.#bulk.close(code, reason)]);
  }

  #finish(end: CloseReason): void {
    if (this.#end !== null) return;
    this.#end = end;
    if (end.local) this.#merger.end('discard');
    this.#resolveClosed(end);
  }
}

async function ended(
  half: Session,
  other: Session,
): Promise<{ readonly half: Session; readonly other: Session; readonly end: CloseReason }> {
  return { half, other, end: await half.closed };
}
