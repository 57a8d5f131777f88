import { isIPv6 } from 'node:net';
import { RoundscopeError } from '#shared/base/errors.ts';
import type { Clock } from '#shared/base/time/clock.ts';
import type { Endpoint } from '#shared/contract/app/invitation.ts';
import type { Identity } from '#engine/identity/identity.ts';
import type { CloseReason } from '#engine/transport/transport.ts';
import { abortable } from '#engine/transport/shared/abortable.ts';
import { formatAddress, resolveHost } from '#engine/transport/addresses.ts';
import { cannotListen, impostor } from '#engine/transport/endpoint-errors.ts';
import { windows } from '../quic-options.ts';
import type { QuicOptions } from '../quic-options.ts';
import type { QuicListener, QuicListenOptions, QuicProvider, QuicSession, QuicStream } from '../quic-session.ts';
import { loadQuinn } from './quinn-native.ts';
import type { QuinnConfig, QuinnConnection, QuinnNative, QuinnServer, QuinnStream } from './quinn-native.ts';

/** Handshakes that a listener waits for at once, so that one that hangs does not hold up the others. */
const acceptors = 4;
/** Ports that are looked at until one is free over both families. */
const openTriesMax = 5;
/** Pause after a handshake that failed: failures that come at once must not spin. */
const acceptPauseMs = 10;

/**
 * QUIC by quinn. Both ends prove their Ed25519 key in the TLS handshake; their names are libp2p peer ids.
 * Decision 0013.
 */
export class QuinnProvider implements QuicProvider {
  readonly name = 'quinn';
  readonly #identity: Identity;
  readonly #options: QuicOptions;
  readonly #clock: Clock;

  constructor(options: { readonly identity: Identity; readonly clock: Clock; readonly quic: QuicOptions }) {
    this.#identity = options.identity;
    this.#clock = options.clock;
    this.#options = options.quic;
  }

  async load(): Promise<'quinn'> {
    await loadQuinn();
    return 'quinn';
  }

  async dial(endpoint: Endpoint, { signal }: { readonly signal: AbortSignal }): Promise<QuicSession> {
    signal.throwIfAborted();
    const native = await loadQuinn();
    const address = await abortable(resolveHost(endpoint.host), signal);
    signal.throwIfAborted();
    const client = new native.Client(this.#config(native), isIPv6(address) ? 1 : 0);
    try {
      const connection = await abortable(client.outboundConnection(address, endpoint.port), signal);
      const session = new QuinnSession(connection, () => client.abort());
      if (endpoint.identity !== undefined && session.peerIdentity !== endpoint.identity) {
        session.abort('identity_mismatch', '');
        throw impostor(endpoint, session.peerIdentity);
      }
      return session;
    } catch (error) {
      // Also ends an attempt that is still waiting for an answer.
      client.abort();
      if (error instanceof RoundscopeError || signal.aborted) throw error;
      throw new RoundscopeError('connect_failed', {
        layer: 'transport',
        message: `QUIC to ${formatAddress(endpoint.host, endpoint.port)} failed: ${messageOf(error)}.`,
        retryable: true,
        cause: error,
      });
    }
  }

  async listen(options: QuicListenOptions): Promise<QuicListener> {
    const native = await loadQuinn();
    const address = await resolveHost(options.host);
    const open = (host: string, port: number): QuinnListener => {
      try {
        const server = new native.Server(this.#config(native), host, port);
        return new QuinnListener(server, this.#identity.peerId, this.#clock, options.onSession);
      } catch (error) {
        throw cannotListen({ host, port }, 'UDP', error);
      }
    };
    if (address !== '::') return open(address, options.port);
    for (let attempt = 1; ; attempt++) {
      const ipv6 = open(address, options.port);
      try {
        // Its sockets speak one family each, and `::` is to be reached over both, at one port.
        return bothFamilies(ipv6, open('0.0.0.0', ipv6.port));
      } catch (error) {
        await ipv6[Symbol.asyncDispose]();
        // What is free over IPv6 may be taken over IPv4; another free one may not.
        if (options.port !== 0 || attempt >= openTriesMax) throw error;
      }
    }
  }

  #config(native: QuinnNative): QuinnConfig {
    return new native.QuinnConfig({
      privateKeyProto: this.#identity.privateKeyProtobuf,
      handshakeTimeout: this.#options.connectTimeoutMs,
      maxIdleTimeout: this.#options.idleTimeoutMs,
      keepAliveInterval: this.#options.keepAliveMs,
      maxConcurrentStreamLimit: windows.streams,
      maxStreamData: windows.streamBytes,
      maxConnectionData: windows.sessionBytes,
      receiveBufferSize: windows.socketBytes,
      sendBufferSize: windows.socketBytes,
    });
  }
}

function bothFamilies(ipv6: QuinnListener, ipv4: QuinnListener): QuicListener {
  const { stack, port, identity } = ipv6;
  return {
    stack,
    port,
    identity,
    async [Symbol.asyncDispose]() {
      await Promise.all([ipv6[Symbol.asyncDispose](), ipv4[Symbol.asyncDispose]()]);
    },
  };
}

class QuinnListener implements QuicListener {
  readonly stack = 'quinn';
  readonly port: number;
  readonly identity: string;
  readonly #server: QuinnServer;
  readonly #clock: Clock;
  readonly #stop = new AbortController();
  readonly #accepting: Promise<unknown>;

  constructor(server: QuinnServer, identity: string, clock: Clock, onSession: (session: QuicSession) => void) {
    this.#server = server;
    this.#clock = clock;
    this.port = server.port();
    this.identity = identity;
    this.#accepting = Promise.all(Array.from({ length: acceptors }, () => this.#accept(onSession)));
  }

  async #accept(onSession: (session: QuicSession) => void): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const connection = await this.#server.inboundConnection().catch(() => null);
      // A handshake that failed: the dialer went away, spoke something else or had no key. It never was a session.
      if (connection === null) await this.#clock.sleep(acceptPauseMs, { signal }).catch(() => undefined);
      else if (signal.aborted) connection.abort();
      else onSession(new QuinnSession(connection, () => undefined));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#stop.signal.aborted) return;
    this.#stop.abort();
    await this.#server.abort();
    await this.#accepting;
  }
}

class QuinnSession implements QuicSession {
  readonly stack = 'quinn';
  readonly remote: string;
  readonly peerIdentity: string | null;
  readonly closed: Promise<CloseReason>;
  readonly #connection: QuinnConnection;
  #local: CloseReason | null = null;
  /** Why quinn says that the session has ended: only a failing call tells. */
  #cause = '';

  constructor(connection: QuinnConnection, release: () => void) {
    this.#connection = connection;
    // `/ip4/127.0.0.1/udp/47643/quic-v1/p2p/12D3KooW…`
    const [, , host = '', , port = '', , , peer] = connection.remoteMultiaddr().split('/');
    this.remote = formatAddress(host, Number(port));
    this.peerIdentity = peer ?? null;
    this.closed = this.#watch(release);
  }

  async openStream(): Promise<QuicStream> {
    return new QuinnQuicStream(await this.#connection.outboundStream());
  }

  async acceptStream(): Promise<QuicStream | null> {
    try {
      return new QuinnQuicStream(await this.#connection.inboundStream());
    } catch (error) {
      this.#cause = messageOf(error);
      return null;
    }
  }

  stats(): ReturnType<QuicSession['stats']> {
    const stats = this.#connection.stats();
    const counters: { name: string; value: number }[] = [];
    for (const name of counterNames(stats)) {
      const value = Number(Reflect.get(stats, name));
      if (Number.isFinite(value)) counters.push({ name, value });
    }
    // Whole milliseconds: zero says only that it is below one, which is no figure to show.
    const pathRtt = counters.find(({ name }) => name === 'pathRtt')?.value ?? 0;
    return { rttMs: pathRtt > 0 ? pathRtt : null, counters };
  }

  abort(code: string, reason: string): void {
    if (this.#local !== null) return;
    this.#local = { code, reason, local: true };
    this.#connection.abort();
  }

  async #watch(release: () => void): Promise<CloseReason> {
    try {
      await this.#connection.closed();
    } catch (error) {
      this.#cause ||= messageOf(error);
    }
    // Whichever call fails next says why, `closed` itself does not always.
    if (this.#cause === '')
      await this.#connection.inboundStream().catch((error: unknown) => (this.#cause = messageOf(error)));
    release();
    return this.#local ?? remoteEnd(this.#cause);
  }
}

class QuinnQuicStream implements QuicStream {
  readonly id: string;
  readonly #stream: QuinnStream;

  constructor(stream: QuinnStream) {
    this.#stream = stream;
    this.id = String(stream.id());
  }

  read(maxBytes: number): Promise<Uint8Array | null> {
    return this.#stream.read(maxBytes);
  }

  write(bytes: Uint8Array): Promise<void> {
    return this.#stream.write(bytes);
  }

  finish(): Promise<void> {
    return this.#stream.finishWrite();
  }

  reset(): void {
    // Fails when a half or the session has ended already, which is what was wanted.
    void this.#stream.resetWrite().catch(() => undefined);
    void this.#stream.stopRead().catch(() => undefined);
  }
}

function remoteEnd(cause: string): CloseReason {
  if (/timed out/.test(cause)) {
    return { code: 'idle', reason: 'nothing was heard from the peer within the idle limit', local: false };
  }
  if (/closed by peer/.test(cause))
    return { code: 'lost', reason: 'the peer ended the session without a reason', local: false };
  return { code: 'lost', reason: `the session was lost${cause === '' ? '' : ` (${cause})`}`, local: false };
}

let names: readonly string[] | undefined;
/** Frames of extensions that neither end uses; without them the numbers fit into one `link_stats` event. */
const unused = /AckFrequency|ImmediateAck|Datagram$/;

/** Quinn's numbers are getters of one class, so their names are found once. */
function counterNames(stats: object): readonly string[] {
  if (names === undefined) {
    const descriptors = Object.entries(Object.getOwnPropertyDescriptors(Reflect.getPrototypeOf(stats) ?? {}));
    names = descriptors
      .filter(([, descriptor]) => descriptor.get !== undefined)
      .map(([name]) => name)
      .filter((name) => !unused.test(name));
  }
  return names;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
