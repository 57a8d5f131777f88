import { randomBytes } from 'node:crypto';
import { isIPv6 } from 'node:net';
import type { ReadableStream } from 'node:stream/web';
import { spawn, taskFailed } from '#shared/base/spawn.ts';
import { RoundscopeError } from '#shared/base/errors.ts';
import type { Clock } from '#shared/base/time/clock.ts';
import type { Endpoint } from '#shared/contract/app/invitation.ts';
import type { Identity } from '#engine/identity/identity.ts';
import { abortable } from '#engine/transport/shared/abortable.ts';
import { formatAddress, resolveHost } from '#engine/transport/addresses.ts';
import { cannotListen } from '#engine/transport/endpoint-errors.ts';
import { noSession, pinnedFingerprint } from './pinned-fingerprint.ts';
import { windows } from '../quic-options.ts';
import type { QuicListener, QuicListenOptions, QuicProvider, QuicSession } from '../quic-session.ts';
import { RotatingCertificate } from './rotating-certificate.ts';
import { SocketRoom } from '#engine/transport/shared/socket-room.ts';
import { endHandshake, endPings } from './webtransport-patches.ts';
import { loadWebTransport } from './webtransport-native.ts';
import type { NativeClientSession, NativeServer, NativeSession, NativeWindows } from './webtransport-native.ts';
import { WebTransportSession } from './webtransport-session.ts';

const path = '/roundscope';

const nativeWindows: NativeWindows = {
  initialStreamFlowControlWindow: windows.webTransportStreamBytes,
  streamFlowControlWindowSizeLimit: windows.webTransportStreamBytes,
  initialSessionFlowControlWindow: windows.webTransportSessionBytes,
  sessionFlowControlWindowSizeLimit: windows.webTransportSessionBytes,
};

/**
 * WebTransport: over HTTP/3 (UDP) where the library's native part is installed at both ends, over HTTP/2 (TCP) otherwise,
 * which also passes networks that block UDP. The coordinator proves the invited identity by its certificate; dialers prove
 * nothing here (the link's hello does that with the invitation's token).
 */
export class WebTransportProvider implements QuicProvider {
  readonly name = 'webtransport';
  readonly #clock: Clock;
  readonly #identity: Identity;

  constructor(options: { readonly clock: Clock; readonly identity: Identity }) {
    this.#clock = options.clock;
    this.#identity = options.identity;
  }

  async load(): Promise<'webtransport-h3' | 'webtransport-h2'> {
    return (await loadWebTransport()).http3 ? 'webtransport-h3' : 'webtransport-h2';
  }

  async dial(endpoint: Endpoint, { signal }: { readonly signal: AbortSignal }): Promise<QuicSession> {
    signal.throwIfAborted();
    const native = await loadWebTransport();
    // Resolved here because the library connects to whichever address family the name gives first.
    const address = await abortable(resolveHost(endpoint.host), signal);
    signal.throwIfAborted();
    if (endpoint.identity === undefined) throw nameless();
    const hash = await pinnedFingerprint(
      endpoint,
      { address, owner: { identity: this.#identity, clock: this.#clock } },
      signal,
    );
    const client = new native.WebTransport(`https://${formatAddress(address, endpoint.port)}${path}`, {
      ...nativeWindows,
      ...(isIPv6(address) ? { forceIpv6: true } : {}),
      ...(native.http3 ? {} : { forceReliable: true }),
      serverCertificateHashes: [{ algorithm: 'sha-256', value: Buffer.from(hash, 'hex') }],
    });
    client.closed.catch(() => undefined);
    try {
      await abortable(client.ready, signal);
    } catch (error) {
      letGo(client);
      if (signal.aborted) throw error;
      throw noSession(endpoint, error);
    }
    const remote = formatAddress(address, endpoint.port);
    return new WebTransportSession(client, {
      remote,
      peerIdentity: endpoint.identity,
      side: 'dialer',
      clock: this.#clock,
    });
  }

  async listen(options: QuicListenOptions): Promise<QuicListener> {
    const native = await loadWebTransport();
    const rotation = new RotatingCertificate({
      identity: this.#identity,
      clock: this.#clock,
      onRenewed: ({ certificatePem, privateKeyPem }) => server.updateCert(certificatePem, privateKeyPem, false),
    });
    const certificate = rotation.begin();
    const server = new native.HttpServer({
      ...nativeWindows,
      host: await resolveHost(options.host),
      port: options.port,
      secret: randomBytes(32).toString('hex'),
      cert: certificate.certificatePem,
      privKey: certificate.privateKeyPem,
      reliability: native.http3 ? 'both' : 'reliableOnly',
    });
    const sessions = server.sessionStream(path);
    server.startServer();
    try {
      await server.ready;
    } catch (error) {
      rotation[Symbol.dispose]();
      throw cannotListen(options, 'TCP', error);
    }
    const port = server.address()?.port ?? 0;
    const stack = native.http3 ? 'webtransport-h3' : 'webtransport-h2';
    return new WebTransportListener(
      { server, port, stack, identity: this.#identity.peerId, clock: this.#clock, rotation },
      sessions,
      options,
    );
  }
}

interface ListenerInit {
  readonly server: NativeServer;
  readonly port: number;
  readonly stack: 'webtransport-h3' | 'webtransport-h2';
  readonly identity: string;
  readonly clock: Clock;
  /** Ended with the listener. */
  readonly rotation: Disposable;
}

class WebTransportListener implements QuicListener {
  readonly stack: ListenerInit['stack'];
  readonly port: number;
  readonly identity: string;
  readonly #server: NativeServer;
  readonly #clock: Clock;
  readonly #rotation: Disposable;
  readonly #accepting: Promise<void>;
  readonly #sockets: SocketRoom;
  #stopped = false;

  constructor(init: ListenerInit, sessions: ReadableStream<NativeSession>, options: QuicListenOptions) {
    this.stack = init.stack;
    this.port = init.port;
    this.identity = init.identity;
    this.#server = init.server;
    this.#clock = init.clock;
    this.#rotation = init.rotation;
    this.#sockets = new SocketRoom(init.clock, options);
    // When it fails QUIC is still there; only who comes over TCP is not let in any more, and the run says so.
    this.#accepting = this.#accept(sessions, options.onSession).catch((error: unknown) =>
      taskFailed('accepting WebTransport sessions', error),
    );
    init.server.transportInt?.serverInt?.on('connection', (socket) => this.#sockets.take(socket));
    // Before its own listener, which pings at once and then every second.
    init.server.transportInt?.serverInt?.prependListener('session', endPings);
  }

  async #accept(sessions: ReadableStream<NativeSession>, onSession: (session: QuicSession) => void): Promise<void> {
    for await (const native of sessions) spawn('admitting a session', this.#admit(native, onSession));
  }

  async #admit(native: NativeSession, onSession: (session: QuicSession) => void): Promise<void> {
    this.#sockets.admitted(native.peerAddress ?? '');
    const remote = (native.peerAddress ?? '').replace(/^::ffff:/, '');
    const session = new WebTransportSession(native, {
      remote,
      peerIdentity: null,
      side: 'listener',
      clock: this.#clock,
    });
    try {
      await native.ready;
    } catch {
      // Went away before it was one; nobody has been told of it.
      return;
    }
    onSession(session);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#rotation[Symbol.dispose]();
    this.#server.stopServer();
    this.#sockets.destroy();
    await this.#accepting;
    await this.#server.closed;
  }
}

/** A client that gave up: its socket may still be waiting for an answer, which `close` does not end. */
function letGo(client: NativeClientSession): void {
  const connection = client.sessionint?.parentobj?.transportInt?.clientInt;
  if (connection !== undefined) {
    endPings(connection);
    endHandshake(connection);
  }
  client.close({ closeCode: 0, reason: 'given up' });
  connection?.destroy();
}

function nameless(): RoundscopeError {
  return new RoundscopeError('invitation_invalid', {
    layer: 'transport',
    message: 'The invitation names no identity for its WebTransport endpoint. Ask for a new one.',
  });
}
