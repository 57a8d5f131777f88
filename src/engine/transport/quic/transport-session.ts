import { spawn } from '#shared/base/spawn.ts';
import { RoundscopeError } from '#shared/base/errors.ts';
import type { Clock } from '#shared/base/time/clock.ts';
import { bytesIn } from '../../framing/parts.ts';
import type { CloseReason, IncomingFrame, Lane, OutgoingFrame, Session, SessionStats } from '../transport.ts';
import { abortable, endOf } from '../shared/abortable.ts';
import { FrameReader } from './frame-reader.ts';
import { Inbox } from '../inbox.ts';
import type { QuicOptions } from './quic-options.ts';
import type { QuicSession } from './quic-session.ts';
import { decodeRecord, encodeRecord } from './records.ts';
import { StreamWriter } from './stream-writer.ts';

/** Frames that close the session may still be sent and heard for this part of the time for closing; the rest is the reason's. */
const flushShare = 0.5;
/** A stream that breaks off may be the first sign of the session's end; it gets this long to show. */
const endGraceMs = 500;

export interface TransportSessionInit {
  readonly quic: QuicSession;
  /** Control stream, its first frames exchanged. */
  readonly control: FrameReader;
  readonly clock: Clock;
  readonly options: QuicOptions;
  /** As in `Session`. */
  readonly fallback?: string;
}

/** Lanes over one QUIC session: control on one long-lived stream, each bulk transfer on its own. */
export class QuicTransportSession implements Session {
  readonly protocol = 'quic';
  readonly stack: Session['stack'];
  readonly remote: string;
  readonly peerIdentity: string | null;
  readonly closed: Promise<CloseReason>;
  readonly fallback?: string;
  readonly #quic: QuicSession;
  readonly #clock: Clock;
  readonly #options: QuicOptions;
  readonly #over: AbortSignal;
  readonly #inbox = new Inbox();
  readonly #writers = new Map<Lane, StreamWriter>();
  /** Streams of the peer that are still being read. */
  readonly #receiving = new Set<Promise<void>>();
  /** Why it ends, from the moment that this is known. */
  #ending: CloseReason | null = null;
  #closing: Promise<void> | null = null;
  #sentBytes = 0;
  #receivedBytes = 0;

  constructor(init: TransportSessionInit) {
    this.#quic = init.quic;
    this.#clock = init.clock;
    this.#options = init.options;
    this.#over = endOf(init.quic);
    this.stack = init.quic.stack;
    this.remote = init.quic.remote;
    this.peerIdentity = init.quic.peerIdentity;
    if (init.fallback !== undefined) this.fallback = init.fallback;
    this.#writers.set('control', new StreamWriter(init.control.stream));
    init.control.stream.prefer?.();
    this.closed = this.#watch();
    this.#receive(this.#readControl(init.control));
    spawn('accepting streams', this.#acceptStreams());
  }

  frames(): AsyncIterable<IncomingFrame, undefined> {
    return this.#inbox;
  }

  async send(frame: OutgoingFrame, { signal }: { readonly signal: AbortSignal }): Promise<{ readonly stream: string }> {
    signal.throwIfAborted();
    if (this.#ending !== null) throw ended(this.#ending);
    const writer = this.#writer(frame.lane);
    const sending = writer.send(frame.parts, signal);
    if (frame.last === true && frame.lane !== 'control') {
      // Let go of now, so that a frame that comes later under the same name begins a new stream.
      this.#writers.delete(frame.lane);
      void writer.finish().catch(() => undefined);
    }
    try {
      const stream = await sending;
      this.#sentBytes += bytesIn(frame.parts);
      return { stream };
    } catch (error) {
      if (signal.aborted || error instanceof RoundscopeError) throw error;
      throw ended(this.#ending ?? (await this.#graceForEnd()), error);
    }
  }

  stats(): SessionStats {
    return { ...this.#quic.stats(), sentBytes: this.#sentBytes, receivedBytes: this.#receivedBytes };
  }

  close(code: string, reason: string): Promise<void> {
    this.#closing ??= this.#shutDown({ code, reason, local: true });
    return this.#closing;
  }

  abort(): void {
    this.#ending ??= { code: 'aborted', reason: 'aborted by this end', local: true };
    this.#quic.abort('aborted', '');
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close('clean', 'no longer needed');
  }

  #writer(lane: Lane): StreamWriter {
    let writer = this.#writers.get(lane);
    if (writer === undefined) {
      writer = new StreamWriter(() => this.#quic.openStream(), encodeRecord({ record: 'bulk', lane }));
      this.#writers.set(lane, writer);
    }
    return writer;
  }

  /** Waits for the end, whoever brings it, and clears up. */
  async #watch(): Promise<CloseReason> {
    const end = await this.#quic.closed;
    this.#ending ??= end;
    for (const writer of this.#writers.values()) writer.fail(ended(this.#ending));
    this.#writers.clear();
    this.#inbox.end();
    return this.#ending;
  }

  async #shutDown(end: CloseReason): Promise<void> {
    this.#ending ??= end;
    using limit = this.#clock.deadline(this.#options.closeTimeoutMs);
    try {
      await this.#flush(limit);
      // The peer ends the session once it has read everything; our own ending would throw away what is on its way.
      await abortable(this.#tell(end), limit);
      await abortable(this.#quic.closed, limit);
    } catch {
      // Out of time, or the session is gone: nothing more can be said to the peer.
    }
    this.#quic.abort(end.code, end.reason);
    await this.closed;
  }

  /** Lets waiting frames out, for part of the time: a peer that does not read shall still hear why we go. */
  async #flush(limit: AbortSignal): Promise<void> {
    using part = this.#clock.deadline(this.#options.closeTimeoutMs * flushShare, limit);
    const writers = [...this.#writers.values()];
    try {
      await abortable(Promise.allSettled(writers.map((writer) => writer.finish())), part);
    } catch {
      for (const writer of writers) writer.fail(new Error('not sent before the session was closed'));
    }
  }

  async #tell({ code, reason }: CloseReason): Promise<void> {
    const stream = await this.#quic.openStream();
    stream.prefer?.();
    await stream.write(encodeRecord({ record: 'close', code, reason }));
    await stream.finish();
  }

  /** The peer has said why it goes: read what it sent before, then end the session for both. */
  async #leave(code: string, reason: string): Promise<void> {
    this.#ending ??= { code, reason, local: false };
    using limit = this.#clock.deadline(this.#options.closeTimeoutMs);
    for (const writer of this.#writers.values()) writer.fail(ended(this.#ending));
    await abortable(Promise.allSettled(this.#receiving), limit).catch(() => undefined);
    this.#quic.abort(code, reason);
  }

  #receive(reading: Promise<void>): void {
    const done = reading.catch((error: unknown) => this.#onBroken(error)).finally(() => this.#receiving.delete(done));
    this.#receiving.add(done);
  }

  async #acceptStreams(): Promise<void> {
    for (;;) {
      const stream = await this.#quic.acceptStream();
      if (stream === null) return;
      void this.#readStream(new FrameReader(stream)).catch((error: unknown) => {
        stream.reset();
        return this.#onBroken(error);
      });
    }
  }

  async #readStream(reader: FrameReader): Promise<void> {
    using limit = this.#clock.deadline(this.#options.helloTimeoutMs, this.#over);
    const first = await abortable(reader.next(), limit);
    if (first === null) return;
    const record = decodeRecord(first);
    if (!record.ok) throw record.error;
    switch (record.value.record) {
      case 'close':
        await this.#leave(record.value.code, record.value.reason);
        return;
      case 'bulk':
        this.#receive(this.#readBulk(reader, record.value.lane as Lane));
        return;
      default:
        throw new RoundscopeError('frame_malformed', {
          layer: 'transport',
          message: `a stream begins with ${record.value.record}, which belongs on the control stream`,
        });
    }
  }

  async #readBulk(reader: FrameReader, lane: Lane): Promise<void> {
    await this.#readFrames(reader, lane);
    await reader.stream.finish();
  }

  async #readControl(reader: FrameReader): Promise<void> {
    await this.#readFrames(reader, 'control');
    // Not waited for: whoever waits until everything is read shall not wait for this.
    spawn('ending a session', this.#onControlEnd());
  }

  /** Right before the record that says why, or for no good reason. */
  async #onControlEnd(): Promise<void> {
    await this.#graceForEnd();
    if (this.#ending === null)
      spawn('closing a session', this.close('lost', 'the peer ended the control stream without closing the session'));
  }

  async #readFrames(reader: FrameReader, lane: Lane): Promise<void> {
    const stream = reader.stream.id;
    for (;;) {
      const parts = await reader.next();
      if (parts === null) return;
      this.#receivedBytes += bytesIn(parts);
      const room = this.#inbox.put({ lane, parts, stream });
      if (room !== null) await room;
    }
  }

  /** Bytes that are no frames end the session, and this one alone. A stream that broke off is the end of its lane. */
  async #onBroken(error: unknown): Promise<void> {
    if (!(error instanceof RoundscopeError)) return;
    if (error.code === 'frame_truncated') await this.#graceForEnd();
    if (this.#ending === null) spawn('closing a session', this.close('garbage', error.message));
  }

  /** Whether the session turns out to have ended, a moment after a stream of it broke off. */
  async #graceForEnd(): Promise<CloseReason> {
    using grace = this.#clock.deadline(endGraceMs);
    return await abortable(this.#quic.closed, grace).catch(() => ({
      code: 'lost',
      reason: 'a stream broke off',
      local: false,
    }));
  }
}

function ended(end: CloseReason, cause?: unknown): RoundscopeError {
  const clean = end.local || !['lost', 'idle'].includes(end.code);
  return new RoundscopeError(clean ? 'session_closed' : 'session_lost', {
    layer: 'transport',
    message: `The QUIC session has ended (${end.code}): ${end.reason}.`,
    retryable: !end.local,
    ...(cause === undefined ? {} : { cause }),
    context: { code: end.code },
  });
}
