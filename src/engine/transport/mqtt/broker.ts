import { createServer, type Server, type Socket } from 'node:net';
import { Aedes, type Client } from 'aedes';
import { RoundscopeError } from '#shared/base/errors.ts';
import { limits } from '#shared/contract/limits.ts';
import { judgeCredentials, sameText, type Claim } from './auth.ts';
import { guardPacketSize } from './packet-guard.ts';
import { coordinatorName, parseTopic, statusTopic, topicRoot } from './topics.ts';

export interface BrokerOptions {
  readonly host: string;
  readonly port: number;
  readonly run: string;
  readonly token: string;
  /** Password of the coordinator's own connection. */
  readonly coordinatorPassword: string;
  readonly onRefused: (refusal: { readonly address: string; readonly reason: string }) => void;
}

/** Keep-alive that a client must ask for: without one, a peer that stops in the middle of a packet would stay for ever. */
const keepaliveMaxS = 60;
/** A client that does not take what it subscribed to holds everybody up; it goes after this. */
const drainTimeoutMs = 10_000;

/**
 * The broker inside the coordinator: aedes behind a TCP server of ours. Who has no proof of the invitation's token is
 * refused; who is in may publish and read below its own participant and session only.
 */
export class EmbeddedBroker implements AsyncDisposable {
  readonly #options: BrokerOptions;
  readonly #aedes: Aedes;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #claims = new Map<Client, Claim>();
  #unauthenticated = 0;

  private constructor(options: BrokerOptions, aedes: Aedes) {
    this.#options = options;
    this.#aedes = aedes;
    this.#server = createServer((socket) => this.#onSocket(socket));
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
    for (const [client, claim] of this.#claims) {
      if (claim.participant === participant && claim.session === session) return client;
    }
    return undefined;
  }

  #bind(): Promise<void> {
    const { host, port } = this.#options;
    return new Promise((resolve, reject) => {
      this.#server.once('error', (error: NodeJS.ErrnoException) => reject(bindError(error, host, port)));
      this.#server.listen({ host, port, exclusive: true }, () => {
        this.#server.removeAllListeners('error');
        this.#server.on('error', (error) => this.#options.onRefused({ address: '', reason: error.message }));
        resolve();
      });
    });
  }

  #onSocket(socket: Socket): void {
    if (this.#unauthenticated >= limits.unauthenticatedSessionsMax) {
      this.#options.onRefused({
        address: addressOf(socket),
        reason: 'too many connections that have not said who they are',
      });
      socket.destroy();
      return;
    }
    this.#unauthenticated++;
    this.#sockets.add(socket);
    socket.setNoDelay(true);
    const address = addressOf(socket);
    guardPacketSize(socket, limits.mqttPacketBytesMax, (reason) => {
      this.#options.onRefused({ address, reason });
      socket.destroy();
    });
    const client = this.#aedes.handle(socket);
    let counted = true;
    const settle = (): void => {
      if (counted) this.#unauthenticated--;
      counted = false;
    };
    client.once('connected', settle);
    socket.once('close', () => {
      settle();
      this.#sockets.delete(socket);
    });
  }

  #authorize(): void {
    const { token, run, coordinatorPassword, onRefused } = this.#options;
    const aedes = this.#aedes;
    aedes.on('connectionError', (client, error) =>
      onRefused({ address: addressOf(client.conn as Socket), reason: error.message }),
    );
    aedes.on('clientDisconnect', (client) => void this.#claims.delete(client));
    aedes.authenticate = (client, username, password, done) => {
      const offered = { clientId: client.id, username: username ?? '', password: password?.toString('utf8') ?? '' };
      if (offered.username === coordinatorName) {
        if (sameText(offered.password, coordinatorPassword)) return done(null, true);
        return this.#refuse(client, 'only the coordinator itself may call itself so', done);
      }
      const claim = judgeCredentials(token, run, offered);
      if (claim === null)
        return this.#refuse(client, `no proof of this run's invitation from "${offered.username}"`, done);
      const rival = [...this.#claims.values()].find(
        (known) => known.participant === claim.participant && known.instance !== claim.instance,
      );
      if (rival !== undefined)
        return this.#refuse(client, `the name ${claim.participant} is in use by another connection`, done);
      this.#claims.set(client, claim);
      return done(null, true);
    };
    aedes.authorizePublish = (client, packet, done) =>
      done(this.#mayPublish(client, packet.topic) ? null : new Error(`no right to publish on ${packet.topic}`));
    aedes.authorizeSubscribe = (client, subscription, done) =>
      done(null, this.#maySubscribe(client, subscription.topic) ? subscription : null);
  }

  #refuse(
    client: Client,
    reason: string,
    done: (error: (Error & { returnCode: number }) | null, success: boolean | null) => void,
  ): void {
    this.#options.onRefused({ address: addressOf(client.conn as Socket), reason });
    done(Object.assign(new Error(reason), { returnCode: 5 }), false);
  }

  #mayPublish(client: Client | null, topic: string): boolean {
    const { run } = this.#options;
    // No client: the broker itself.
    if (client === null) return true;
    const claim = this.#claims.get(client);
    if (claim === undefined) return isCoordinator(client) && topic.startsWith(`${topicRoot}/${run}/`);
    const parsed = parseTopic(run, topic);
    if (parsed === null || parsed.participant !== claim.participant) return false;
    return (
      parsed.what === 'status' ||
      (parsed.session === claim.session && (parsed.what === 'open' || parsed.direction === 'up'))
    );
  }

  #maySubscribe(client: Client, topic: string): boolean {
    const { run } = this.#options;
    const claim = this.#claims.get(client);
    if (claim === undefined) return isCoordinator(client) && topic.startsWith(`${topicRoot}/${run}/`);
    const own = `${topicRoot}/${run}/${claim.participant}/${claim.session}/down/`;
    return topic.startsWith(own) || topic === statusTopic(run, coordinatorName);
  }
}

/** Every client has been authenticated; the only one without a participant's claim is the coordinator's own. */
function isCoordinator(client: Client): boolean {
  return client.id.startsWith(`${coordinatorName}:`);
}

function addressOf(socket: Socket): string {
  return `${socket.remoteAddress ?? '?'}:${socket.remotePort ?? 0}`;
}

function bindError(error: NodeJS.ErrnoException, host: string, port: number): RoundscopeError {
  if (error.code === 'EADDRINUSE') {
    return new RoundscopeError('port_in_use', {
      layer: 'transport',
      message: `port ${port} on ${host} is taken by another program: choose another port, 0 for any free one`,
      cause: error,
      context: { host, port },
    });
  }
  return new RoundscopeError('transport_unavailable', {
    layer: 'transport',
    message: `the broker cannot listen on ${host}:${port} (${error.code ?? error.message}): check host and permissions`,
    cause: error,
    context: { host, port },
  });
}

/** How a client on this machine reaches what is bound to `host`. */
export function localHost(host: string): string {
  if (host === '0.0.0.0' || host === '') return '127.0.0.1';
  return host === '::' ? '::1' : host;
}

export function urlOf(host: string, port: number): string {
  return `mqtt://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
