import type { ReadableStream, WritableStream } from 'node:stream/web';
import { RoundscopeError } from '#shared/base/errors.ts';

/** What is used of `@fails-components/webtransport` 1.6, spelled out: its own types go through `any`. */
export interface WebTransportNative {
  readonly WebTransport: new (url: string, options: object) => NativeClientSession;
  readonly HttpServer: new (options: object) => NativeServer;
  /** Whether its HTTP/3 part is installed here; without it, it speaks WebTransport over HTTP/2. */
  readonly http3: boolean;
}

/** Settings of both ends: each window equal to its limit, or a session over HTTP/2 stalls for ever after 16 KB. */
export interface NativeWindows {
  readonly initialStreamFlowControlWindow: number;
  readonly streamFlowControlWindowSizeLimit: number;
  readonly initialSessionFlowControlWindow: number;
  readonly sessionFlowControlWindowSizeLimit: number;
}

export interface NativeServer {
  startServer(): void;
  stopServer(): void;
  /** For connections from now on. */
  updateCert(certificatePem: string, privateKeyPem: string, http2Only: boolean): void;
  readonly ready: Promise<void>;
  readonly closed: Promise<void>;
  address(): { readonly port: number } | null;
  sessionStream(path: string): ReadableStream<NativeSession>;
  /** Not part of its interface: over HTTP/2 alone, Node's server. */
  readonly transportInt?: {
    readonly serverInt?: {
      on(event: 'connection', listener: (socket: NativeSocket) => void): unknown;
      prependListener(event: 'session', listener: (connection: NativeHttp2Session) => void): unknown;
    };
  };
}

export interface NativeSocket {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
  once(event: 'close', listener: () => void): unknown;
  destroy(): void;
}

export interface NativeBidirectionalStream {
  readonly readable: ReadableStream<Uint8Array>;
  /** Higher orders are sent first (W3C WebTransport, `sendOrder`). */
  readonly writable: WritableStream<Uint8Array> & { sendOrder?: number };
}

export interface NativeSession {
  readonly ready: Promise<void>;
  readonly closed: Promise<{ readonly closeCode?: number; readonly reason?: string }>;
  /** `reliable-only` over HTTP/2. */
  readonly reliability: string;
  readonly incomingBidirectionalStreams: ReadableStream<NativeBidirectionalStream>;
  readonly datagrams: { readonly readable: ReadableStream<unknown> };
  createBidirectionalStream(options: object): Promise<NativeBidirectionalStream>;
  close(info: { readonly closeCode: number; readonly reason: string }): void;
  readonly peerAddress?: string;
  /** Not part of its interface, as all below: over HTTP/2, the stream that carries the session. */
  readonly objint?: { readonly stream?: NativeHttp2Stream };
  /** The session itself, of which a client is the wrapping. */
  readonly sessionint?: NativeSession;
  /** Called for each stream, of either side. */
  onStream(event: { readonly stream: { jsobj?: object } }): void;
  readonly streamObjs: ReadonlySet<NativeStream>;
}

/** What the library keeps of one stream; the optional parts exist over HTTP/2 alone. */
export interface NativeStream {
  readonly readable?: object;
  readonly objint: {
    readonly streamid?: bigint;
    readonly capsuleParser?: { readonly wtstreams: Map<bigint | undefined, unknown> };
    readonly outgoingClosed_?: boolean;
    readonly finalmessagesend?: boolean;
    closeOutgoing?(): void;
    onClose?(): void;
  };
  /** Passes bytes on to the reader's queue; `stopReading` leaves what follows to flow control. */
  commitReadBuffer(buffer: unknown): { stopReading?: boolean };
  readonly readableController?: { readonly desiredSize: number | null };
  /** A pull of the reader that waits for bytes, and what ends it. */
  pendingoperationRead: Promise<void> | null;
  pendingresRead: (() => void) | null;
}

/** Not part of its interface: what holds the socket of a client that has not connected yet. */
export interface NativeClientSession extends NativeSession {
  readonly sessionint?: NativeSession & {
    readonly parentobj?: { readonly transportInt?: { readonly clientInt?: NativeHttp2Session } };
  };
}

/** The part of Node's `Http2Session` that is needed, and the round trip in ms that the library keeps there. */
export interface NativeHttp2Session {
  /** Of the connection. */
  setLocalWindowSize(bytes: number): void;
  /** Of its streams, open ones included. */
  settings(settings: { readonly initialWindowSize: number }): void;
  close(): void;
  destroy(): void;
  once(event: 'close', listener: () => void): unknown;
  readonly destroyed: boolean;
  /** Undefined once it is destroyed. */
  readonly socket?: {
    listeners(event: 'secureConnect'): (() => void)[];
    removeListener(event: 'secureConnect', listener: () => void): unknown;
  };
  readonly WTrtt?: number;
}

/** The part of Node's `Http2Stream` that is needed to guard and to end a session. */
export interface NativeHttp2Stream {
  readonly session?: NativeHttp2Session | undefined;
  listeners(event: 'readable'): (() => void)[];
  removeListener(event: 'readable', listener: () => void): unknown;
  on(event: 'readable', listener: () => void): unknown;
  destroy(): void;
}

let loading: Promise<WebTransportNative> | undefined;

/** @throws RoundscopeError `transport_unavailable` with what to try */
export function loadWebTransport(): Promise<WebTransportNative> {
  loading ??= importNative();
  return loading;
}

async function importNative(): Promise<WebTransportNative> {
  using quiet = new Quiet();
  try {
    const native: unknown = await import('@fails-components/webtransport');
    if (!isNative(native)) throw new TypeError('WebTransport or HttpServer is missing');
    // Resolves in any case; the library reports the missing HTTP/3 part until then.
    await native.quicheLoaded;
    return { WebTransport: native.WebTransport, HttpServer: native.HttpServer, http3: !quiet.heard };
  } catch (error) {
    throw new RoundscopeError('transport_unavailable', {
      layer: 'transport',
      message: 'WebTransport cannot be loaded on this machine. Run npm install again, or choose another transport.',
      cause: error,
      context: { provider: 'webtransport' },
    });
  }
}

type Exports = Omit<WebTransportNative, 'http3'> & { readonly quicheLoaded: Promise<void> };

function isNative(value: unknown): value is Exports {
  if (typeof value !== 'object' || value === null) return false;
  const isClass = (name: string): boolean => typeof Reflect.get(value, name) === 'function';
  return isClass('WebTransport') && isClass('HttpServer') && Reflect.get(value, 'quicheLoaded') instanceof Promise;
}

/**
 * Keeps the library's complaint about its missing HTTP/3 part off the console while it loads. That it is missing is
 * shown in our own words, as the stack `webtransport-h2`. Everything else that is printed meanwhile passes.
 */
class Quiet {
  readonly #noise = /http3-quiche|^http3 loader:/;
  readonly #log = console.log;
  readonly #error = console.error;
  heard = false;

  constructor() {
    console.log = this.#filter(this.#log);
    console.error = this.#filter(this.#error);
  }

  #filter(print: (...parts: unknown[]) => void): (...parts: unknown[]) => void {
    return (...parts) => {
      if (typeof parts[0] === 'string' && this.#noise.test(parts[0])) this.heard = true;
      else print(...parts);
    };
  }

  [Symbol.dispose](): void {
    console.log = this.#log;
    console.error = this.#error;
  }
}
