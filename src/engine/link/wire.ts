import { decodeFrame, encodeFrame, framePrefixBytes } from '#engine/framing/frame.ts';
import { bytesIn, type Parts } from '#engine/framing/parts.ts';
import type { IncomingFrame, Lane, Session } from '#engine/transport/transport.ts';
import type { Clock } from '#shared/base/time/clock.ts';
import { RoundscopeError } from '#shared/base/errors.ts';
import { limits, timing } from '#shared/contract/limits.ts';
import type { PacketStatus } from '#shared/contract/packet.ts';
import { linkClosed } from './link-closed.ts';
import { decodeLinkFrame, type LinkFrame } from './link-frames.ts';
import type { FrameNote, LogContext, PacketLog } from './records/packet-log.ts';
import { RateBucket } from '#shared/base/rate-bucket.ts';

/** A frame of the peer. `frame` is null when its kind is unknown, which is tolerated. */
export interface Received {
  readonly frame: LinkFrame | null;
  readonly kind: string;
  readonly body: Parts;
  readonly lane: Lane;
  /** The part of its packet that is known here; the code that handles the frame adds the rest. */
  readonly note: Pick<FrameNote, 'side' | 'sizeBytes' | 'stream' | 'header' | 'body' | 'protocol' | 'stack'>;
}

export interface WriteOptions {
  readonly lane: Lane;
  readonly body?: Uint8Array;
  readonly last?: boolean;
  readonly note: Pick<FrameNote, 'kind' | 'round' | 'messageId' | 'replyTo' | 'chunk' | 'note'>;
}

/** Link frames over one session: encodes and decodes them, enforces rates and sizes, and reports each frame as a packet. */
export class Wire {
  readonly session: Session;
  readonly context: LogContext;
  readonly log: PacketLog;
  readonly clock: Clock;
  readonly #reader: AsyncIterator<IncomingFrame, undefined>;
  readonly #bucket: RateBucket;
  readonly #over = new AbortController();
  /** Limits of what is being written, ended with the session. One `AbortSignal.any` for each frame would cost more than encoding it. */
  readonly #writing = new Set<AbortController>();
  #unknownFrames = 0;
  #closing: Promise<void> | null = null;
  /** Monotonic ms of the last frame of the peer. */
  lastHeardMs: number;
  /** The peer has said that it does not read at the moment because it has no room. */
  peerFull = false;
  /** As in `Session`, until more is known. */
  fallback: string | undefined;

  constructor(
    session: Session,
    { clock, log, context }: { readonly clock: Clock; readonly log: PacketLog; readonly context: LogContext },
  ) {
    this.session = session;
    this.fallback = session.fallback;
    this.clock = clock;
    this.log = log;
    this.context = context;
    this.lastHeardMs = clock.monotonicMs();
    this.#reader = session.frames()[Symbol.asyncIterator]();
    this.#bucket = new RateBucket({
      perSecond: limits.framesPerSecondMax,
      burst: limits.framesBurstMax,
      nowMs: this.lastHeardMs,
    });
  }

  get unknownFrames(): number {
    return this.#unknownFrames;
  }

  /**
   * The next frame; null when the session has ended.
   * @throws RoundscopeError when the peer sends what cannot be a frame of ours; it has been reported
   */
  async read(): Promise<Received | null> {
    const next = await this.#reader.next();
    if (next.done === true) return null;
    const { parts, lane, stream, protocol, stack } = next.value;
    this.lastHeardMs = this.clock.monotonicMs();
    const note = { side: 'received', sizeBytes: bytesIn(parts), stream, protocol, stack } as const;
    if (!this.#bucket.take(this.lastHeardMs)) {
      throw new RoundscopeError('rate_exceeded', {
        layer: 'link',
        message: `more than ${limits.framesPerSecondMax} frames a second (burst ${limits.framesBurstMax})`,
      });
    }
    const decoded = decodeFrame(parts);
    if (!decoded.ok) return this.#malformed(decoded.error, { ...note, kind: 'malformed', body: parts });
    const { header, headerText, body } = decoded.value;
    const frame = decodeLinkFrame(header);
    const kind = typeof header['t'] === 'string' ? header['t'].slice(0, 40) : 'malformed';
    if (!frame.ok) return this.#malformed(frame.error, { ...note, kind, header: headerText, body });
    if (frame.value === null) this.#unknownFrames++;
    return { frame: frame.value, kind, body, lane, note: { ...note, header: headerText, body } };
  }

  #malformed(error: RoundscopeError, note: FrameNote): never {
    this.log.frame(this.context, { ...note, status: 'malformed', note: `${error.code}: ${error.message}` });
    throw error;
  }

  /**
   * Resolves once flow control has taken the frame.
   * @throws RoundscopeError `send_timeout`, or the session's own error; it has been reported
   */
  async write(frame: LinkFrame, { lane, body, last, note }: WriteOptions): Promise<void> {
    const parts = encodeFrame(frame, body);
    const head = parts[0] as Uint8Array;
    const startedMs = this.clock.monotonicMs();
    const told = {
      ...note,
      side: 'sent',
      sizeBytes: head.byteLength + (body?.byteLength ?? 0),
      header: Buffer.from(head.buffer, head.byteOffset + framePrefixBytes, head.byteLength - framePrefixBytes).toString(
        'utf8',
      ),
      ...(body === undefined ? {} : { body: [body] }),
    } as const;
    using limit = this.#sendLimit();
    try {
      const { stream, protocol, stack } = await this.session.send(
        { lane, parts, ...(last === true ? { last } : {}) },
        { signal: limit.signal },
      );
      this.log.frame(this.context, {
        ...told,
        stream,
        protocol,
        stack,
        durationMs: this.clock.monotonicMs() - startedMs,
      });
    } catch (error) {
      const timedOut = limit.signal.aborted && !this.#over.signal.aborted;
      const status: PacketStatus = timedOut ? 'timeout' : 'undeliverable';
      const reason = timedOut
        ? `not taken within ${timing.sendTimeoutMs} ms`
        : this.#over.signal.aborted
          ? 'the session was closed'
          : messageOf(error);
      this.log.frame(this.context, { ...told, stream: lane, status, note: reason });
      if (!timedOut) throw error;
      throw new RoundscopeError('send_timeout', {
        layer: 'link',
        message: `${note.kind} was ${reason}`,
        retryable: true,
        cause: error,
      });
    }
  }

  /** Aborts with the session, or when sending takes too long. A frame that is held up by a broker's limit or by a peer without room, which is reported, may wait as long as the session lives. */
  #sendLimit(): { readonly signal: AbortSignal } & Disposable {
    const over = new AbortController();
    if (this.#over.signal.aborted) over.abort(this.#over.signal.reason);
    this.#writing.add(over);
    let timer: Disposable | null = null;
    const begin = (): void => {
      timer = this.clock.timer(timing.sendTimeoutMs, () =>
        (this.session.obstacle ?? null) === null && !this.peerFull
          ? over.abort(new Error('not taken in time'))
          : begin(),
      );
    };
    begin();
    return {
      signal: over.signal,
      [Symbol.dispose]: () => {
        timer?.[Symbol.dispose]();
        this.#writing.delete(over);
      },
    };
  }

  /** Ends the session; frames that are being written are dropped. Waits no longer than the close limit. Twice is fine. */
  close(code: string, reason: string): Promise<void> {
    this.#closing ??= this.#close(code, reason);
    return this.#closing;
  }

  async #close(code: string, reason: string): Promise<void> {
    const over = linkClosed(reason);
    this.#over.abort(over);
    for (const writing of this.#writing) writing.abort(over);
    const { promise, resolve } = Promise.withResolvers<void>();
    using _limit = this.clock.timer(timing.closeTimeoutMs, resolve);
    // A session that fails to close counts as closed; only the log can be told.
    const closing = this.session.close(code, reason).catch((error: unknown) => {
      this.log.frame(this.context, {
        side: 'sent',
        kind: 'connection_close',
        status: 'aborted',
        note: messageOf(error),
      });
    });
    await Promise.race([closing, promise]);
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
