import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import { RoundscopeError } from '#shared/base/errors.ts';
import { taskFailed } from '#shared/base/spawn.ts';
import { securityHeaders } from '#shared/contract/app/content-security.ts';
import { limits } from '#shared/contract/limits.ts';
import type { Port } from '#shared/port/port.ts';
import { decodePortMessage, encodePortMessage } from '#shared/port/wire.ts';
import {
  exchangePath,
  keyInProtocols,
  keyRefusedCode,
  portProtocol,
  tokenParameter,
} from '#shared/contract/app/page-access.ts';
import { Access, bearerOf } from './access.ts';
import { freshAddressPath, recordingHeader } from './second-start.ts';
import type { StaticFile } from '#engine/host/static-files.ts';

/** Windows that one person has open at once. */
const socketsMax = 16;
/** Bytes that may wait for a browser that does not read; the feed's credit keeps it far below. */
const bufferedBytesMax = 64 * 1024 * 1024;
/** A whole head is there within milliseconds on one machine; who sends it byte by byte is let go. */
const headTimeoutMs = 10_000;
/** No request has a body. */
const requestTimeoutMs = 20_000;
/** Far more than the windows of one person open; beyond it new ones are closed at once. */
const connectionsMax = 2048;
/** A path of a few thousand letters, each up to nine signs long. */
const recordingHeaderMax = 12_000;
/** How long a window may take to say goodbye, and a refused caller to read its answer. */
const lingerMs = 2_000;

export interface WebServerOptions {
  readonly port: number;
  readonly files: ReadonlyMap<string, StaticFile>;
  readonly onPort: (port: Port) => void;
  /** A later start wants the next window to show this recording; absent: nobody can. */
  readonly onRecording?: (path: string) => void;
  /** Milliseconds of a clock that is never set back. */
  readonly now: () => number;
}

/** Serves the page to this machine on the loopback interface, and the port to whoever has exchanged a token. */
export class WebServer implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets: WebSocketServer;
  readonly #access: Access;
  readonly #files: ReadonlyMap<string, StaticFile>;
  /** Those that named a key; the others are none of the sixteen. */
  readonly #windows = new Set<WebSocket>();
  readonly #onRecording: ((path: string) => void) | undefined;
  readonly port: number;

  /** @throws RoundscopeError `port_in_use` */
  static async listen(options: WebServerOptions): Promise<WebServer> {
    const server = createServer({
      headersTimeout: headTimeoutMs,
      requestTimeout: requestTimeoutMs,
      connectionsCheckingInterval: headTimeoutMs / 2,
    });
    server.maxConnections = connectionsMax;
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error, options.port)));
      server.listen(options.port, '127.0.0.1', resolve);
    });
    return new WebServer(server, options);
  }

  private constructor(server: Server, options: WebServerOptions) {
    this.#server = server;
    this.#files = options.files;
    this.#onRecording = options.onRecording;
    this.port = (server.address() as AddressInfo).port;
    this.#access = new Access(this.port, options.now);
    this.#sockets = new WebSocketServer({
      noServer: true,
      maxPayload: limits.portMessageBytesMax,
      // Never the one that holds the key.
      handleProtocols: () => portProtocol,
    });
    // Such as no file descriptor for one more connection: those that are open go on.
    server.on('error', (error) => taskFailed('accepting a connection', error));
    server.on('request', (request, response) => {
      try {
        this.#onRequest(request, response);
      } catch (error) {
        response.destroy();
        taskFailed('answering a request', error);
      }
    });
    server.on('upgrade', (request, socket, head) => {
      // From here on the socket is ours, and an error that nobody hears ends the process.
      socket.on('error', () => socket.destroy());
      try {
        this.#onUpgrade(request, socket, head, options.onPort);
      } catch (error) {
        socket.destroy();
        taskFailed('opening a window', error);
      }
    });
  }

  /** Gives the page its key once, within two minutes. */
  freshAddress(): string {
    return `http://127.0.0.1:${this.port}/?${tokenParameter}=${this.#access.freshToken()}`;
  }

  /** Whether nobody has opened this address yet. */
  isUnopened(address: string): boolean {
    return this.#access.isWaiting(new URL(address).searchParams.get(tokenParameter) ?? '');
  }

  /** What a later start of the same user asks for a fresh address with. */
  get secret(): string {
    return this.#access.secret;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets.clients) socket.close(1001, 'the app was closed');
    this.#sockets.close();
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    // A window that hangs does not say goodbye.
    const late = setTimeout(() => this.#sockets.clients.forEach((socket) => socket.terminate()), lingerMs);
    await closed;
    clearTimeout(late);
  }

  #onRequest(request: IncomingMessage, response: ServerResponse): void {
    // `//` and the like are no addresses; whoever asks for them is told so, and the run goes on.
    const url = URL.parse(request.url ?? '/', 'http://localhost');
    if (url === null) return answer(response, 400, 'That is no address.');
    const better = request.method === 'GET' ? this.#access.betterAddress(request) : null;
    if (better !== null) return void response.writeHead(307, { ...securityHeaders, location: better }).end();
    if (request.method === 'POST' && url.pathname === freshAddressPath) return this.#tellSecondStart(request, response);
    if (request.method === 'POST' && url.pathname === exchangePath) return this.#exchange(request, response);
    const refusal = this.#access.refusal(request, { origin: 'if_sent' });
    if (refusal !== null)
      return answer(response, 403, `Refused: ${refusal}. Open the address that Roundscope printed, or start it again.`);
    if (request.method !== 'GET' && request.method !== 'HEAD') return answer(response, 405, 'Only GET is served.');
    const file = this.#files.get(url.pathname);
    if (file === undefined) return answer(response, 404, 'There is no such file.');
    response.writeHead(200, {
      ...securityHeaders,
      'content-type': file.type,
      'content-length': file.bytes.byteLength,
      'cache-control': 'no-cache',
    });
    response.end(request.method === 'HEAD' ? undefined : file.bytes);
  }

  #tellSecondStart(request: IncomingMessage, response: ServerResponse): void {
    const refusal = this.#access.refusal(request, { origin: 'if_sent' });
    if (refusal !== null || !this.#access.isSecondStart(request)) return answer(response, 403, 'Refused.');
    const recording = request.headers[recordingHeader];
    if (typeof recording === 'string' && recording.length <= recordingHeaderMax) this.#wantRecording(recording);
    answer(response, 200, this.freshAddress());
  }

  #wantRecording(header: string): void {
    try {
      this.#onRecording?.(decodeURIComponent(header));
    } catch (error) {
      // Not written by a later start of ours: its window shows what goes on.
      if (!(error instanceof URIError)) throw error;
    }
  }

  /** By the page itself: a preview or a prefetch of its address runs no script, and so spends no token. */
  #exchange(request: IncomingMessage, response: ServerResponse): void {
    const refusal = this.#access.refusal(request, { origin: 'required' });
    const key = refusal === null ? this.#access.exchange(bearerOf(request.headers)) : null;
    if (key !== null) return answer(response, 200, key);
    answer(response, 403, 'This address has been used, is older than two minutes, or is of an earlier start.');
  }

  #onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer, onPort: (port: Port) => void): void {
    const key = keyInProtocols(request.headers['sec-websocket-protocol']);
    const refusal = this.#access.refusal(request, { origin: 'required' });
    if (refusal !== null || request.url !== '/port' || key === null) return refuse(socket);
    this.#sockets.handleUpgrade(request, socket, head, (webSocket) => {
      // A browser tells its page nothing of a refused upgrade, but why a socket was closed.
      const entered = this.#access.enter(key);
      if (entered === null) return dismiss(webSocket, keyRefusedCode, 'the key of this page is none of this start');
      if (this.#windows.size >= socketsMax) {
        entered[Symbol.dispose]();
        return dismiss(webSocket, 1013, `${socketsMax} windows are open already; close one of them`);
      }
      this.#windows.add(webSocket);
      webSocket.once('close', () => {
        this.#windows.delete(webSocket);
        entered[Symbol.dispose]();
      });
      onPort(socketPort(webSocket));
    });
  }
}

/** Closes what was let in only to be told why it may not stay; whoever does not hear it is cut off. */
function dismiss(socket: WebSocket, code: number, reason: string): void {
  const late = setTimeout(() => socket.terminate(), lingerMs);
  socket.on('error', () => socket.terminate());
  socket.once('close', () => clearTimeout(late));
  socket.close(code, reason);
}

/** Not left half open: an upgraded socket is none of those that the server closes when it ends. */
function refuse(socket: Duplex): void {
  const late = setTimeout(() => socket.destroy(), lingerMs);
  socket.once('close', () => clearTimeout(late));
  socket.end('HTTP/1.1 403 Forbidden\r\nconnection: close\r\ncontent-length: 0\r\n\r\n', () => socket.destroy());
}

function socketPort(socket: WebSocket): Port {
  let listener: ((message: unknown) => void) | undefined;
  socket.on('message', (data, isBinary) => {
    const message = decodePortMessage(
      isBinary ? new Uint8Array(data as Buffer) : (data as Buffer).toString('utf8'),
      limits.portMessageBytesMax,
    );
    if (!message.ok) socket.close(1007, 'not a message of the port');
    else listener?.(message.value);
  });
  // The close that follows every error says all that matters here.
  socket.on('error', () => socket.terminate());
  return {
    post(message) {
      if (socket.readyState !== socket.OPEN) return;
      // A browser that has stopped reading is let go; it gets a snapshot when it comes back.
      if (socket.bufferedAmount > bufferedBytesMax) socket.terminate();
      else socket.send(encodePortMessage(message));
    },
    onMessage: (next) => void (listener = next),
    onClose: (next) => void socket.on('close', (_code, reason) => next(reason.toString())),
    close: (reason) => socket.close(1000, reason.slice(0, 100)),
  };
}

function answer(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, {
    ...securityHeaders,
    'content-type': 'text/plain; charset=utf-8',
    'cache-control': 'no-store',
  });
  response.end(response.req.method === 'HEAD' ? undefined : `${text}\n`);
}

function listenError(error: NodeJS.ErrnoException, port: number): RoundscopeError {
  if (error.code !== 'EADDRINUSE' && error.code !== 'EACCES') {
    return new RoundscopeError('internal', {
      layer: 'service',
      message: `Port ${port} could not be opened: ${error.message}`,
      cause: error,
    });
  }
  return new RoundscopeError('port_in_use', {
    layer: 'service',
    message: `Port ${port} on 127.0.0.1 ${error.code === 'EACCES' ? 'needs rights that you do not have' : 'is taken by another program'}. Choose another with --port, or leave it out.`,
    cause: error,
    context: { port },
  });
}
