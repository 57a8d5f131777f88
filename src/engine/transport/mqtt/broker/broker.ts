import type { Socket } from 'node:net';
import { createServer, TLSSocket, type Server } from 'node:tls';
import { Aedes, type Client } from 'aedes';
import { limits } from '#shared/contract/limits.ts';
import { formatAddress } from '#engine/transport/addresses.ts';
import { cannotListen } from '#engine/transport/endpoint-errors.ts';
import { peerOf, serverTls, type TlsOwner } from '#engine/transport/tls/pinned-tls.ts';
import { WaitingRoom, type KnowsPeer } from '#engine/transport/waiting-room.ts';
import { checkCredentials, type Claim } from './auth.ts';
import { InProcessClient } from './in-process-client.ts';
import { isTooLong, tooMuch } from '../client-limits.ts';
import { guardPacketSize } from './packet-guard.ts';
import { coordinatorName, isSpoken, parseTopic, sessionTopics, statusTopic } from '../topics.ts';

export interface BrokerOptions {
  readonly host: string;
  readonly port: number;
  readonly run: string;
  readonly token: string;
  readonly onRefused: (refusal: { readonly address: string; readonly reason: string }) => void;
  readonly knows?: KnowsPeer | undefined;
  /** Whose certificate it shows. */
  readonly owner: TlsOwner;
}

/** Who a connected client has proved to be. */
interface Admitted {
  readonly claim: Claim;
  /** By its certificate; null for a client that has none, which the token alone admits. */
  readonly identity: string | null;
}

/** Keep-alive that a client must ask for: without one, a peer that stops in the middle of a packet would stay for ever. */
const keepaliveMaxS = 60;
/** A client that does not take what it subscribed to holds everybody up; it goes after this. */
const drainTimeoutMs = 10_000;

/**
 * The broker inside the coordinator: aedes behind a TLS server of ours, on loopback too: what is protected only sometimes is
 * found unprotected one day. Who has no proof of the invitation's token is
 * refused; who is in may publish and read below its own participant and session only.
 */
export class EmbeddedBroker implements AsyncDisposable {
  readonly #options: BrokerOptions;
  readonly #aedes: Aedes;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #admitted = new Map<Client, Admitted>();
  /** Places of connections that have not said who they are, by address: while they do TLS, and until MQTT's CONNECT. */
  readonly #unknown = new Map<string, Disposable>();
  readonly #room: WaitingRoom;

  private constructor(options: BrokerOptions, aedes: Aedes) {
    this.#options = options;
    this.#aedes = aedes;
    this.#room = new WaitingRoom({ knows: options.knows });
    this.#server = createServer({ ...serverTls(options.owner), handshakeTimeout: limits.helloTimeoutMs });
    this.#server.on('connection', (socket: Socket) => this.#onConnection(socket));
    this.#server.on('secureConnection', (socket) => this.#onSocket(socket));
    this.#server.on('tlsClientError', (error, socket) =>
      options.onRefused({ address: addressOf(socket), reason: `no TLS: ${error.message}` }),
    );
    this.#authorize();
  }

  static async start(options: BrokerOptions): Promise<EmbeddedBroker> {
    const aedes = await Aedes.createBroker({
      concurrency: 1000,
      queueLimit: 42,
      connectTimeout: limits.helloTimeoutMs,
      drainTimeout: drainTimeoutMs,
      keepaliveLimit: keepaliveMaxS,
      maxTopicLevels: 16,
      heartbeatInterval: 60_000,
    });
    const broker = new EmbeddedBroker(options, aedes);
    try {
      await broker.#bind();
      return broker;
    } catch (error) {
      await broker[Symbol.asyncDispose]();
      throw error;
    }
  }

  get port(): number {
    const address = this.#server.address();
    return address !== null && typeof address === 'object' ? address.port : this.#options.port;
  }

  /** Network address behind a session, as people write it; null when it is not connected here. */
  addressOf(participant: string, session: string): string | null {
    const client = this.#clientOf(participant, session);
    return client === undefined ? null : addressOf(client.conn as Socket);
  }

  /** What the certificate of a session's connection has proved; null where there was none. */
  identityOf(participant: string, session: string): string | null {
    const client = this.#clientOf(participant, session);
    return (client === undefined ? null : this.#admitted.get(client)?.identity) ?? null;
  }

  /** The coordinator's own place, without a connection. */
  seat(onMessage: (topic: string, payload: Buffer) => void): InProcessClient {
    return new InProcessClient(this.#aedes, onMessage);
  }

  /** Cuts the connection of a session whose peer broke the rules. */
  kick(participant: string, session: string): void {
    this.#clientOf(participant, session)?.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const stopped = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    await new Promise<void>((resolve) => this.#aedes.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await stopped;
  }

  #clientOf(participant: string, session: string): Client | undefined {
    for (const [client, { claim }] of this.#admitted) {
      if (claim.participant === participant && claim.session === session) return client;
    }
    return undefined;
  }

  #bind(): Promise<void> {
    const { host, port } = this.#options;
    return new Promise((resolve, reject) => {
      this.#server.once('error', (error) => reject(cannotListen({ host, port }, 'TCP', error)));
      this.#server.listen({ host, port, exclusive: true }, () => {
        this.#server.removeAllListeners('error');
        this.#server.on('error', (error) => this.#options.onRefused({ address: '', reason: error.message }));
        resolve();
      });
    });
  }

  #onConnection(socket: Socket): void {
    const address = addressOf(socket);
    const refuse = (reason: string): void => {
      this.#options.onRefused({ address, reason });
      socket.destroy();
    };
    const place = this.#room.enter({ address, identity: null }, refuse);
    this.#unknown.set(address, place);
    this.#sockets.add(socket);
    socket.setNoDelay(true);
    socket.once('close', () => {
      this.#known(address);
      this.#sockets.delete(socket);
    });
  }

  #onSocket(socket: TLSSocket): void {
    const address = addressOf(socket);
    guardPacketSize(socket, limits.mqttPacketBytesMax, (reason) => {
      this.#options.onRefused({ address, reason });
      socket.destroy();
    });
    this.#aedes.handle(socket).once('connected', () => this.#known(address));
  }

  #known(address: string): void {
    this.#unknown.get(address)?.[Symbol.dispose]();
    this.#unknown.delete(address);
  }

  #authorize(): void {
    const { token, run, onRefused } = this.#options;
    const aedes = this.#aedes;
    aedes.on('connectionError', (client, error) =>
      onRefused({ address: addressOf(client.conn as Socket), reason: error.message }),
    );
    aedes.on('clientDisconnect', (client) => void this.#admitted.delete(client));
    aedes.authenticate = (client, username, password, done) => {
      const offered = { clientId: client.id, username: username ?? '', password: password?.toString('utf8') ?? '' };
      if (offered.username === coordinatorName)
        return this.#refuse(client, 'only the coordinator itself may call itself so', done);
      const claim = checkCredentials(token, run, offered);
      if (claim === null)
        return this.#refuse(client, `no proof of this run's invitation from "${offered.username}"`, done);
      const certificate = this.#identityOf(client);
      if ('fault' in certificate) return this.#refuse(client, certificate.fault, done);
      const { identity } = certificate;
      const rival = [...this.#admitted.values()].find(
        (known) =>
          known.claim.participant === claim.participant &&
          (known.claim.instance !== claim.instance || known.identity !== identity),
      );
      if (rival !== undefined)
        return this.#refuse(client, `the name ${claim.participant} is in use by another connection`, done);
      this.#admitted.set(client, { claim, identity });
      return done(null, true);
    };
    aedes.preConnect = (client, packet, done) => {
      const reason = tooMuch(this.#admitted.size, packet);
      // Told by "connectionError".
      done(reason === null ? null : new Error(reason), reason === null);
    };
    aedes.authorizePublish = (client, packet, done) => {
      // Nobody who comes later reads what clients say; kept, it would fill this process with topics of their choice.
      if (client !== null) packet.retain = false;
      const allowed = this.#mayPublish(client, packet.topic, packet.payload.length);
      done(allowed ? null : new Error(`no right to publish on ${packet.topic}`));
    };
    aedes.authorizeSubscribe = (client, subscription, done) =>
      done(null, this.#maySubscribe(client, subscription.topic) ? subscription : null);
  }

  #identityOf({ conn }: Client): { readonly identity: string | null } | { readonly fault: string } {
    if (!(conn instanceof TLSSocket) || conn.getPeerX509Certificate() === undefined) return { identity: null };
    const peer = peerOf(conn, this.#options.owner.clock);
    return peer.ok ? { identity: peer.value } : { fault: `its certificate is not good: ${peer.error.reason}` };
  }

  #refuse(
    client: Client,
    reason: string,
    done: (error: (Error & { returnCode: number }) | null, success: boolean | null) => void,
  ): void {
    this.#options.onRefused({ address: addressOf(client.conn as Socket), reason });
    done(Object.assign(new Error(reason), { returnCode: 5 }), false);
  }

  #mayPublish(client: Client | null, topic: string, bytes: number): boolean {
    const { run } = this.#options;
    // No client: the broker itself.
    if (client === null) return true;
    const claim = this.#admitted.get(client)?.claim;
    if (claim === undefined) return false;
    const parsed = parseTopic(run, topic);
    if (parsed === null || parsed.participant !== claim.participant || isTooLong(parsed.what, bytes)) return false;
    if (parsed.what === 'status') return true;
    if (parsed.session !== claim.session) return false;
    return parsed.what === 'open' || (parsed.direction === 'up' && isSpoken(parsed.what));
  }

  #maySubscribe(client: Client, topic: string): boolean {
    const { run } = this.#options;
    const admitted = this.#admitted.get(client);
    if (admitted === undefined) return false;
    const { claim } = admitted;
    const own = `${sessionTopics(run, claim.participant, claim.session).base}/down/#`;
    return topic === own || topic === statusTopic(run, coordinatorName);
  }
}

function addressOf(socket: Socket): string {
  return `${socket.remoteAddress ?? '?'}:${socket.remotePort ?? 0}`;
}

/** Of the coordinator's own broker, which speaks TLS alone. */
export function urlOf(host: string, port: number): string {
  return `mqtts://${formatAddress(host, port)}`;
}
