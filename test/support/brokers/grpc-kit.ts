import assert from 'node:assert/strict';
import {
  Client,
  credentials,
  Metadata,
  type ChannelOptions,
  type ClientDuplexStream,
  type StatusObject,
} from '@grpc/grpc-js';
import { systemClock } from '#engine/host/system-clock.ts';
import { systemEntropy } from '#engine/host/system-entropy.ts';
import { createIdentity } from '#engine/identity/identity.ts';
import { writeClaim, type Claim, type Purpose } from '#engine/transport/grpc/wire/claim.ts';
import { GrpcTransport, type GrpcTransportInit } from '#engine/transport/grpc/grpc-transport.ts';
import { federation, unchanged } from '#engine/transport/grpc/service.ts';
import type { DialOptions, IncomingFrame, Listener, Session } from '#engine/transport/transport.ts';
import type { Endpoint } from '#shared/contract/app/invitation.ts';

export const run = 'r-grpc';
export const token = 'grpc-token-0123456789abcdef';
export const signal = new AbortController().signal;

export function transport(init: Partial<GrpcTransportInit> = {}): GrpcTransport {
  return new GrpcTransport({ clock: systemClock, entropy: systemEntropy, identity: createIdentity(), ...init });
}

export interface Served extends AsyncDisposable {
  readonly listener: Listener;
  readonly endpoints: readonly Endpoint[];
  readonly port: number;
  readonly sessions: readonly Session[];
  readonly refused: readonly string[];
  /** The next session that has not been handed out. */
  next(): Promise<Session>;
}

export async function serve(served: GrpcTransport = transport(), at: { readonly port?: number } = {}): Promise<Served> {
  const sessions: Session[] = [];
  const refused: string[] = [];
  let wake = (): void => undefined;
  const listener = await served.listen({
    signal,
    run,
    token,
    host: '127.0.0.1',
    port: at.port ?? 0,
    onSession: (session) => {
      sessions.push(session);
      wake();
    },
    onRefused: ({ reason }) => refused.push(reason),
  });
  let handed = 0;
  return {
    listener,
    endpoints: listener.endpoints,
    port: listener.endpoints[0]?.port ?? 0,
    sessions,
    refused,
    next: async () => {
      while (sessions.length <= handed) await new Promise<void>((resolve) => (wake = resolve));
      return sessions[handed++] as Session;
    },
    [Symbol.asyncDispose]: () => listener[Symbol.asyncDispose](),
  };
}

export function dial(
  { endpoints }: { readonly endpoints: readonly Endpoint[] },
  from: GrpcTransport = transport(),
  options: Partial<DialOptions> = {},
): Promise<Session> {
  return from.dial(endpoints, { signal, run, token, participant: 'node-1', ...options });
}

/** A byte each way, so that both ends are known to work. */
export async function assertAlive(near: Session, far: Session): Promise<void> {
  for (const [from, to] of [
    [near, far],
    [far, near],
  ] as const) {
    const reading = readOne(to);
    await from.send({ lane: 'control', parts: [Uint8Array.of(7)] }, { signal });
    assert.equal((await reading)?.parts[0]?.[0], 7);
  }
}

const readers = new WeakMap<Session, AsyncIterator<IncomingFrame, undefined>>();

export async function readOne(session: Session): Promise<IncomingFrame | null> {
  const reader = readers.get(session) ?? session.frames()[Symbol.asyncIterator]();
  readers.set(session, reader);
  const next = await reader.next();
  return next.done === true ? null : next.value;
}

/** Another program's client: sends what it likes. */
export function rawClient(at: string, options: ChannelOptions = {}, tls: 'tls' | 'plaintext' = 'plaintext'): Client {
  const trust =
    tls === 'tls'
      ? credentials.createSsl(null, null, null, { rejectUnauthorized: false })
      : credentials.createInsecure();
  return new Client(at, trust, { 'grpc.use_local_subchannel_pool': 1, 'grpc.enable_http_proxy': 0, ...options });
}

export function claimOf(participant: string, session = '0'.repeat(32), instance = '1'.repeat(32)): Claim {
  return { run, participant, session, instance };
}

export function metadataOf(
  claim: Claim,
  purpose: Purpose,
  change: Readonly<Record<string, string>> = {},
  secret = token,
): Metadata {
  const metadata = new Metadata();
  writeClaim(metadata, claim, { purpose, token: secret });
  for (const [key, value] of Object.entries(change)) metadata.set(key, value);
  return metadata;
}

export function openSession(client: Client, metadata: Metadata): ClientDuplexStream<Buffer, Buffer> {
  const stream = client.makeBidiStreamRequest<Buffer, Buffer>(federation.session.path, unchanged, unchanged, metadata);
  // Told by the status.
  stream.on('error', () => undefined);
  stream.resume();
  return stream;
}

export function statusOf(stream: {
  once(event: 'status', listener: (status: StatusObject) => void): unknown;
}): Promise<StatusObject> {
  return new Promise((resolve) => stream.once('status', resolve));
}
