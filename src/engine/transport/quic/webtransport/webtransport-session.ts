import type { ReadableStreamDefaultReader, WritableStreamDefaultWriter } from 'node:stream/web';
import type { Clock } from '#shared/base/time/clock.ts';
import { spawn } from '#shared/base/spawn.ts';
import type { CloseReason } from '#engine/transport/transport.ts';
import type { QuicSession, QuicStream } from '../quic-session.ts';
import {
  countWhenFinished,
  discardDatagrams,
  endPings,
  guardParser,
  patchStreams,
  widenWindows,
} from './webtransport-patches.ts';
import type { NativeBidirectionalStream, NativeHttp2Stream, NativeSession } from './webtransport-native.ts';

/** Time for the library's own close to go out before the connection is cut under it. */
const closeGraceMs = 300;

/** Others have 0. */
const preferredOrder = 1;

export interface WebTransportSessionInit {
  readonly remote: string;
  readonly peerIdentity: string | null;
  readonly side: 'dialer' | 'listener';
  readonly clock: Clock;
}

/** The W3C interface as a `QuicSession`. */
export class WebTransportSession implements QuicSession {
  readonly stack: 'webtransport-h3' | 'webtransport-h2';
  readonly remote: string;
  readonly peerIdentity: string | null;
  readonly closed: Promise<CloseReason>;
  readonly #native: NativeSession;
  readonly #incoming: ReadableStreamDefaultReader<NativeBidirectionalStream>;
  /** Over HTTP/2, the connection beneath; the stream forgets it when it ends. */
  readonly #connection: NativeHttp2Stream['session'];
  readonly #clock: Clock;
  readonly #side: WebTransportSessionInit['side'];
  readonly #forced = Promise.withResolvers<void>();
  readonly #first: Promise<void>;
  #local: CloseReason | null = null;
  #cut: Disposable | null = null;
  #opened = 0;
  #accepted = 0;

  constructor(native: NativeSession, init: WebTransportSessionInit) {
    this.#native = native;
    this.#clock = init.clock;
    this.#side = init.side;
    this.remote = init.remote;
    this.peerIdentity = init.peerIdentity;
    const inner = native.sessionint ?? native;
    const http2 = inner.objint?.stream;
    this.#connection = http2?.session;
    this.stack = http2 === undefined ? 'webtransport-h3' : 'webtransport-h2';
    this.#incoming = native.incomingBidirectionalStreams.getReader();
    if (http2 !== undefined) guardParser(http2);
    if (this.#connection !== undefined) {
      endPings(this.#connection);
      widenWindows(this.#connection);
    }
    patchStreams(inner);
    spawn('reading datagrams', discardDatagrams(native));
    this.#first = http2 === undefined ? Promise.resolve() : this.#spendFirst();
    this.closed = this.#watch();
  }

  async openStream(): Promise<QuicStream> {
    await this.#first;
    const native = await this.#native.createBidirectionalStream({ waitUntilAvailable: true });
    return this.#stream(native, this.#id(this.#side === 'dialer', this.#opened++));
  }

  async acceptStream(): Promise<QuicStream | null> {
    await this.#first;
    try {
      const next = await this.#incoming.read();
      return next.done ? null : this.#stream(next.value, this.#id(this.#side !== 'dialer', this.#accepted++));
    } catch {
      // The session was lost; `closed` says how.
      return null;
    }
  }

  stats(): ReturnType<QuicSession['stats']> {
    const counters = [
      { name: 'streamsOpened', value: this.#opened },
      { name: 'streamsAccepted', value: this.#accepted },
    ];
    // The library pings once a second and keeps the smoothed result there; its own getStats is not implemented.
    return { rttMs: this.#connection?.WTrtt ?? null, counters };
  }

  abort(code: string, reason: string): void {
    if (this.#local !== null) return;
    this.#local = { code, reason, local: true };
    this.#native.close({ closeCode: 0, reason: '' });
    // A peer that does not read would keep the close, and the connection with it, waiting for ever.
    this.#cut = this.#clock.timer(closeGraceMs, () => {
      this.#connection?.destroy();
      this.#forced.resolve();
    });
  }

  /**
   * Over HTTP/2 the listener's first stream has the number 0, and the library takes that for "no stream": what of a
   * capsule comes in a second piece is thrown away. So that stream is opened, ended and never used.
   */
  async #spendFirst(): Promise<void> {
    try {
      if (this.#side === 'dialer') {
        await this.#incoming.read();
        this.#accepted++;
        return;
      }
      await this.#native.ready;
      const unused = await this.#native.createBidirectionalStream({ waitUntilAvailable: true });
      this.#opened++;
      void unused.writable.close().catch(() => undefined);
    } catch {
      // The session has ended before it was used; whoever uses it is told.
    }
  }

  #stream(native: NativeBidirectionalStream, id: string): QuicStream {
    return new WebTransportStream(native, id, countWhenFinished(this.#native.sessionint ?? this.#native, native));
  }

  /** Numbered as QUIC does: the n-th of the dialer is 4n, of the listener 4n + 1. Both ends come to the same name. */
  #id(byDialer: boolean, count: number): string {
    return String(4 * count + (byDialer ? 0 : 1));
  }

  /**
   * The library's client closes its connection after the session, but not one that still has something to send; its
   * server leaves it to the client. Ended means here that the socket is gone too.
   */
  async #letConnectionGo(): Promise<void> {
    const connection = this.#connection;
    if (connection === undefined || connection.destroyed) return;
    using _cut = this.#clock.timer(closeGraceMs, () => connection.destroy());
    await new Promise<void>((resolve) => {
      connection.once('close', resolve);
      connection.close();
    });
  }

  async #watch(): Promise<CloseReason> {
    const lost = { code: 'lost', reason: 'the connection was lost', local: false };
    const native = this.#native.closed.then(
      () => ({ code: 'lost', reason: 'the peer ended the session without a reason', local: false }),
      () => lost,
    );
    const end = await Promise.race([native, this.#forced.promise.then(() => lost)]);
    this.#cut?.[Symbol.dispose]();
    await this.#letConnectionGo();
    return this.#local ?? end;
  }
}

class WebTransportStream implements QuicStream {
  readonly id: string;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #native: NativeBidirectionalStream;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #finished: () => void;

  constructor(native: NativeBidirectionalStream, id: string, finished: () => void) {
    this.id = id;
    this.#native = native;
    this.#finished = finished;
    this.#reader = native.readable.getReader();
    this.#writer = native.writable.getWriter();
  }

  /** The library hands out what has come, whatever the size asked for: at most one stream window. */
  async read(_maxBytes: number): Promise<Uint8Array | null> {
    const next = await this.#reader.read();
    return next.done ? null : next.value;
  }

  write(bytes: Uint8Array): Promise<void> {
    return this.#writer.write(bytes);
  }

  async finish(): Promise<void> {
    await this.#writer.close();
    this.#finished();
  }

  prefer(): void {
    this.#native.writable.sendOrder = preferredOrder;
  }

  reset(): void {
    void this.#writer.abort().catch(() => undefined);
    void this.#reader.cancel().catch(() => undefined);
  }
}
