import { createServer, type Server as TcpServer } from 'node:net';
import type { Server, ServerCredentials, StatusObject } from '@grpc/grpc-js';
import type { ServerDuplexStream, ServerReadableStream, ServerWritableStream, sendUnaryData } from '@grpc/grpc-js';
import type { Clock } from '#shared/base/time/clock.ts';
import { RoundscopeError } from '#shared/base/errors.ts';
import type { Endpoint } from '#shared/contract/app/invitation.ts';
import { limits } from '#shared/contract/limits.ts';
import { abortable } from '../shared/abortable.ts';
import { reachableHosts, resolveHost } from '../addresses.ts';
import { cannotListen } from '../endpoint-errors.ts';
import { SocketRoom } from '../shared/socket-room.ts';
import type { TlsOwner } from '../tls/pinned-tls.ts';
import { portFor, type Listener, type ListenOptions } from '../transport.ts';
import { OfferingWays } from './wire/bulk-ways.ts';
import { answeredCall, receivedCall } from './wire/call.ts';
import { checkClaim, proof, proofKey, type Claim, type ClaimRefusal } from './wire/claim.ts';
import type { GrpcLibrary } from './grpc-library.ts';
import { serverOptions, type GrpcOptions } from './grpc-options.ts';
import { GrpcSession } from './grpc-session.ts';
import { decodeDownload } from './wire/messages.ts';
import { RoundTrip } from './round-trip.ts';
import { callerOf, connectionOf, serverCredentials } from './server-credentials.ts';
import { federation } from './service.ts';
import { widenServerWindows } from './wire/wide-window.ts';

export interface ListenSetup {
  readonly grpc: GrpcLibrary;
  readonly clock: Clock;
  readonly options: GrpcOptions;
  readonly security: 'tls' | 'plaintext';
  readonly owner: TlsOwner;
}

/** Sessions of one run that have not ended; more than each participant could need. */
const sessionsMax = limits.participantsMax * 4;

type Refusal = Pick<StatusObject, 'code' | 'details'>;

interface Held {
  readonly claim: Claim;
  readonly session: GrpcSession;
  readonly ways: OfferingWays;
}

/** The coordinator's side: one server; calls belong to sessions by what they carry and prove, not by whence they come. */
export class GrpcListener implements Listener {
  readonly #options: ListenOptions;
  readonly #setup: ListenSetup;
  readonly #server: Server;
  readonly #held = new Map<string, Held>();
  /** Ours, and not the library's, which counts no connections: who waits here has proved nothing yet. */
  readonly #sockets: TcpServer;
  readonly #room: SocketRoom;
  #port = 0;
  #uploads = 0;
  #closing: Promise<void> | null = null;

  private constructor(options: ListenOptions, setup: ListenSetup) {
    this.#options = options;
    this.#setup = setup;
    this.#room = new SocketRoom(setup.clock, options, { patienceMs: setup.options.helloTimeoutMs });
    this.#sockets = createServer({ noDelay: true });
    this.#server = new setup.grpc.Server(serverOptions(setup.options));
    this.#server.addService(federation, {
      session: (stream: ServerDuplexStream<Buffer, Buffer>) => this.#onSession(stream),
      upload: (stream: ServerReadableStream<Buffer, Buffer>, answer: sendUnaryData<Buffer>) =>
        this.#onUpload(stream, answer),
      download: (stream: ServerWritableStream<Buffer, Buffer>) => this.#onDownload(stream),
    });
  }

  static async start(options: ListenOptions, setup: ListenSetup): Promise<GrpcListener> {
    widenServerWindows();
    const listener = new GrpcListener(options, setup);
    try {
      await listener.#bind();
    } catch (error) {
      listener.#server.forceShutdown();
      listener.#sockets.close();
      throw error;
    }
    return listener;
  }

  get endpoints(): readonly Endpoint[] {
    const { security, owner } = this.#setup;
    const identity = security === 'plaintext' ? {} : { identity: owner.identity.peerId };
    return reachableHosts(this.#options.host).map((host) => {
      return { protocol: 'grpc' as const, provider: 'grpc' as const, host, port: this.#port, ...identity };
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #bind(): Promise<void> {
    const { host } = this.#options;
    const port = portFor(this.#options, 'grpc');
    const address = await resolveHost(host);
    const calls = this.#server.createConnectionInjector(this.#credentials());
    const sockets = this.#sockets;
    sockets.on('connection', (socket) => {
      this.#room.take(socket);
      if (!socket.destroyed) calls.injectConnection(socket);
    });
    await new Promise<void>((resolve, reject) => {
      sockets.once('error', (error) => reject(cannotListen({ host, port }, 'TCP', error)));
      sockets.listen({ host: address, port, exclusive: true }, resolve);
    });
    sockets.removeAllListeners('error');
    sockets.on('error', (error) => this.#options.onRefused({ address: '', reason: error.message }));
    const bound = sockets.address();
    this.#port = bound !== null && typeof bound === 'object' ? bound.port : port;
  }

  /** Its connection has carried a call that proves the invitation. */
  #admit(call: unknown): void {
    const { remoteAddress = '', remotePort = 0 } = connectionOf(call)?.socket ?? {};
    this.#room.admitted(`${remoteAddress}:${remotePort}`);
  }

  #credentials(): ServerCredentials {
    const { grpc, security, owner } = this.#setup;
    return security === 'plaintext' ? grpc.ServerCredentials.createInsecure() : serverCredentials(grpc, owner);
  }

  /** Who calls, as far as its connection proves it: null without TLS. */
  #caller(call: unknown): { readonly identity: string | null } | Refusal {
    const { grpc, security, clock } = this.#setup;
    if (security === 'plaintext') return { identity: null };
    const caller = callerOf(call, clock);
    if (caller.ok) return { identity: caller.value };
    return { code: grpc.status.UNAUTHENTICATED, details: caller.error.reason };
  }

  #onSession(stream: ServerDuplexStream<Buffer, Buffer>): void {
    const { run, token = '', onSession } = this.#options;
    const control = answeredCall('Session', stream);
    const caller = this.#caller(stream);
    if ('code' in caller) return this.#refuse(stream, caller);
    const checked = checkClaim(stream.metadata, { purpose: 'session', token, run });
    const refusal = checked.ok ? this.#admission(checked.value) : this.#statusOf(checked.error);
    if (!checked.ok || refusal !== null) return this.#refuse(stream, refusal);
    const claim = checked.value;
    this.#admit(stream);
    const { clock, grpc, options } = this.#setup;
    const answer = new grpc.Metadata();
    answer.set(proofKey, proof(token, 'accept', claim));
    stream.sendMetadata(answer);
    const ways = new OfferingWays({ clock, timeoutMs: options.offerTimeoutMs });
    const session = new GrpcSession({
      control,
      bulk: ways,
      remote: stream.getPeer(),
      peerIdentity: caller.identity,
      clock,
      options,
      roundTrip: new RoundTrip(clock, connectionOf(stream)),
      release: () => void this.#held.delete(claim.session),
    });
    this.#held.set(claim.session, { claim, session, ways });
    onSession(session);
  }

  /** What stands against a session of one who may have one. */
  #admission(claim: Claim): Refusal | null {
    const { status } = this.#setup.grpc;
    if (this.#closing !== null) return { code: status.UNAVAILABLE, details: 'the coordinator has ended' };
    if (this.#held.size >= sessionsMax) {
      return { code: status.RESOURCE_EXHAUSTED, details: `this coordinator has ${sessionsMax} sessions already` };
    }
    for (const held of this.#held.values()) {
      if (held.claim.session === claim.session) {
        return { code: status.INVALID_ARGUMENT, details: 'there is a session of this id already' };
      }
    }
    return null;
  }

  #onUpload(stream: ServerReadableStream<Buffer, Buffer>, answer: sendUnaryData<Buffer>): void {
    const held = this.#owner(stream, 'upload');
    const call = receivedCall(`Upload ${++this.#uploads}`, stream, answer);
    if ('session' in held) held.session.receive(call);
    else answer(this.#refused(stream.getPeer(), held));
  }

  #onDownload(stream: ServerWritableStream<Buffer, Buffer>): void {
    const held = this.#owner(stream, 'download');
    const number = decodeDownload(stream.request);
    const call = answeredCall(`Download ${number.ok ? number.value : '?'}`, stream);
    if (!('session' in held)) return this.#refuse(stream, held);
    if (number.ok && held.ways.taken(number.value, call)) return;
    this.#refuse(stream, { code: this.#setup.grpc.status.NOT_FOUND, details: 'nothing of that number is offered' });
  }

  /** The session that a bulk call belongs to: id and proof together, so that none can add to another's. */
  #owner(call: Pick<ServerReadableStream<Buffer, Buffer>, 'metadata'>, purpose: 'upload' | 'download'): Held | Refusal {
    const { run, token = '' } = this.#options;
    const caller = this.#caller(call);
    if ('code' in caller) return caller;
    const checked = checkClaim(call.metadata, { purpose, token, run });
    if (!checked.ok) return this.#statusOf(checked.error);
    const { participant, instance, session } = checked.value;
    const held = this.#held.get(session);
    const same =
      held?.claim.participant === participant &&
      held.claim.instance === instance &&
      held.session.peerIdentity === caller.identity;
    if (held !== undefined && same) {
      this.#admit(call);
      return held;
    }
    return { code: this.#setup.grpc.status.PERMISSION_DENIED, details: 'the call belongs to no session of its sender' };
  }

  #statusOf({ kind, reason }: ClaimRefusal): Refusal {
    const { status } = this.#setup.grpc;
    const codes = {
      malformed: status.INVALID_ARGUMENT,
      version: status.FAILED_PRECONDITION,
      run: status.FAILED_PRECONDITION,
      proof: status.UNAUTHENTICATED,
    };
    return { code: codes[kind], details: reason };
  }

  /** The library makes the call's status of an error event. */
  #refuse(
    stream: ServerDuplexStream<Buffer, Buffer> | ServerWritableStream<Buffer, Buffer>,
    refusal: Refusal | null,
  ): void {
    if (refusal !== null) stream.emit('error', this.#refused(stream.getPeer(), refusal));
  }

  #refused(address: string, refusal: Refusal): Refusal {
    if (this.#closing === null) this.#options.onRefused({ address, reason: refusal.details });
    return refusal;
  }

  async #close(): Promise<void> {
    const sessions = [...this.#held.values()].map(({ session }) => session);
    await Promise.allSettled(sessions.map((session) => session.close('clean', 'the coordinator stopped listening')));
    this.#server.forceShutdown();
    this.#sockets.close();
    this.#room.destroy();
    // The library waits for ever for a connection that is destroyed but has not been told so yet, which takes a moment.
    await this.#setup.clock.sleep(1, { signal: new AbortController().signal });
    const closed = new Promise<void>((resolve) => this.#server.tryShutdown(() => resolve()));
    using limit = this.#setup.clock.deadline(this.#setup.options.closeTimeoutMs);
    await abortable(closed, limit).catch(() => undefined);
  }
}

/** Without TLS the token's proof and every model could be read on the way. */
export function mustBeLoopback(host: string): void {
  if (/^(127\.|::1$|localhost$)/.test(host)) return;
  throw new RoundscopeError('settings_invalid', {
    layer: 'settings',
    message: `gRPC without TLS is for this machine alone, not for ${host}. Leave TLS on, or use 127.0.0.1.`,
    context: { host },
  });
}
