import { isIP, isIPv6 } from 'node:net';
import type { Client, ClientDuplexStream, Metadata, StatusObject } from '@grpc/grpc-js';
import type { Clock } from '#shared/base/time/clock.ts';
import { RoundscopeError } from '#shared/base/errors.ts';
import type { Endpoint } from '#shared/contract/app/invitation.ts';
import { abortable } from '../shared/abortable.ts';
import { formatAddress, resolveHost } from '../addresses.ts';
import { secure, type TlsOwner } from '../tls/pinned-tls.ts';
import { CallingWays } from './wire/bulk-ways.ts';
import { outgoingCall } from './wire/call.ts';
import { proof, proofKey, textOf, writeClaim, type Claim, type Purpose } from './wire/claim.ts';
import { sameText } from '../shared/same-text.ts';
import type { GrpcLibrary } from './grpc-library.ts';
import { channelOptions, type GrpcOptions } from './grpc-options.ts';
import { GrpcSession } from './grpc-session.ts';
import { encodeDownload } from './wire/messages.ts';
import { pinnedCredentials } from './pinned-credentials.ts';
import { connectOptions, type HttpProxy } from './proxy.ts';
import { refusal, type Way } from './refusal.ts';
import { RoundTrip, whenConnected } from './round-trip.ts';
import { federation, unchanged } from './service.ts';

export interface DialSetup {
  readonly grpc: GrpcLibrary;
  readonly clock: Clock;
  readonly options: GrpcOptions;
  readonly claim: Claim;
  readonly token: string;
  readonly owner: TlsOwner;
  readonly proxyFor: (host: string) => HttpProxy | null;
}

/** Opens a session at one endpoint; it ends when `signal` aborts before it is there. */
export async function dialEndpoint(endpoint: Endpoint, setup: DialSetup, signal: AbortSignal): Promise<GrpcSession> {
  const proxy = setup.proxyFor(endpoint.host);
  const address = await abortable(resolveHost(proxy?.host ?? endpoint.host), signal);
  const way: Way = { endpoint, proxy, address, failure: null };
  const over = new AbortController();
  const roundTrip = new RoundTrip(setup.clock, null);
  using _watching = whenConnected(setup.claim.session, (connection) => roundTrip.attach(connection));
  const client = makeClient(way, setup, over.signal);
  const release = (): void => {
    client.close();
    over.abort(new Error('the session is over'));
  };
  try {
    const stream = client.makeBidiStreamRequest<Buffer, Buffer>(
      federation.session.path,
      unchanged,
      unchanged,
      metadataFor('session', setup),
    );
    const control = outgoingCall('Session', stream);
    try {
      await abortable(accepted(stream, way, setup), signal);
    } catch (error) {
      control.cut();
      throw error;
    }
    return new GrpcSession({
      control,
      bulk: waysOf(client, setup),
      remote: formatAddress(proxy === null ? address : endpoint.host, endpoint.port),
      peerIdentity: endpoint.identity ?? null,
      clock: setup.clock,
      options: setup.options,
      roundTrip,
      release,
    });
  } catch (error) {
    release();
    throw error;
  }
}

function makeClient(way: Way, setup: DialSetup, over: AbortSignal): Client {
  const { endpoint, proxy, address } = way;
  const { grpc, options, owner } = setup;
  const port = proxy?.port ?? endpoint.port;
  const url = `${isIPv6(address) ? 'ipv6' : 'ipv4'}:${formatAddress(address, port)}`;
  const settings = {
    ...channelOptions(options, { authority: formatAddress(endpoint.host, endpoint.port) }),
    ...(proxy === null ? {} : connectOptions(proxy, endpoint)),
  };
  if (endpoint.identity === undefined) return new grpc.Client(url, grpc.credentials.createInsecure(), settings);
  const sni = isIP(endpoint.host) === 0 ? endpoint.host : 'localhost';
  const credentials = pinnedCredentials(grpc, async (socket) => {
    try {
      return await secure(socket, { owner, endpoint, sni, alpn: 'h2', signal: over });
    } catch (error) {
      way.failure = error;
      throw error;
    }
  });
  return new grpc.Client(url, credentials, settings);
}

function metadataFor(purpose: Purpose, { grpc, claim, token }: DialSetup): Metadata {
  const metadata = new grpc.Metadata();
  writeClaim(metadata, claim, { purpose, token });
  return metadata;
}

function waysOf(client: Client, setup: DialSetup): CallingWays {
  return new CallingWays({
    upload: (name) =>
      outgoingCall(
        name,
        client.makeClientStreamRequest<Buffer, Buffer>(
          federation.upload.path,
          unchanged,
          unchanged,
          metadataFor('upload', setup),
          // The receipt says nothing that the call's status does not.
          () => undefined,
        ),
      ),
    download: (name, number) =>
      outgoingCall(
        name,
        client.makeServerStreamRequest<Buffer, Buffer>(
          federation.download.path,
          unchanged,
          unchanged,
          encodeDownload(number),
          metadataFor('download', setup),
        ),
      ),
  });
}

/** The coordinator has accepted, and has proved that it has the token too. */
async function accepted(stream: ClientDuplexStream<Buffer, Buffer>, way: Way, setup: DialSetup): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<Metadata>();
  stream.once('metadata', (answer: Metadata) => {
    // Without any proof, as of another program's server, the status says more.
    if (answer.get(proofKey).length > 0) resolve(answer);
  });
  stream.once('status', (status: StatusObject) => reject(way.failure ?? refusal(status, way, setup.grpc)));
  const answer = await promise;
  if (sameText(textOf(answer, proofKey), proof(setup.token, 'accept', setup.claim))) return;
  const { host, port } = way.endpoint;
  throw new RoundscopeError('identity_mismatch', {
    layer: 'transport',
    message: `Who answers at ${formatAddress(host, port)} has not the token of this run. Ask for a new invitation; if that does not help, something between you and the coordinator answers in its place.`,
  });
}
