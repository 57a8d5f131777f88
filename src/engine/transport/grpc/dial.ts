import { isIP, isIPv6 } from 'node:net';
import type { Client, ClientDuplexStream, Metadata, StatusObject } from '@grpc/grpc-js';
import type { Clock } from '#shared/base/clock.ts';
import { RoundscopeError } from '#shared/base/errors.ts';
import type { Endpoint } from '#shared/contract/invitation.ts';
import { abortable } from '../quic/abortable.ts';
import { formatAddress, resolveHost } from '../quic/addresses.ts';
import { CallingWays } from './bulk-ways.ts';
import { outgoingCall } from './call.ts';
import { knock, pinCertificate, type Target } from './certificate-check.ts';
import { proof, proofKey, sameText, textOf, writeClaim, type Claim, type Purpose } from './claim.ts';
import type { GrpcLibrary } from './grpc-library.ts';
import { channelOptions, type GrpcOptions } from './grpc-options.ts';
import { GrpcSession } from './grpc-session.ts';
import { encodeDownload } from './messages.ts';
import { federation, unchanged } from './service.ts';

export interface DialSetup {
  readonly grpc: GrpcLibrary;
  readonly clock: Clock;
  readonly options: GrpcOptions;
  readonly claim: Claim;
  readonly token: string;
}

/** Opens a session at one endpoint; it ends when `signal` aborts before it is there. */
export async function dialEndpoint(endpoint: Endpoint, setup: DialSetup, signal: AbortSignal): Promise<GrpcSession> {
  const address = await abortable(resolveHost(endpoint.host), signal);
  const sni = isIP(endpoint.host) === 0 ? endpoint.host : 'localhost';
  const client = await makeClient({ endpoint, address, sni }, setup, signal);
  const remote = formatAddress(address, endpoint.port);
  try {
    const stream = client.makeBidiStreamRequest<Buffer, Buffer>(
      federation.session.path,
      unchanged,
      unchanged,
      metadataFor('session', setup),
    );
    const control = outgoingCall('Session', stream);
    try {
      await abortable(accepted(stream, remote, setup), signal);
    } catch (error) {
      control.cut();
      throw error;
    }
    return new GrpcSession({
      control,
      bulk: waysOf(client, setup),
      remote,
      peerIdentity: endpoint.identity ?? null,
      clock: setup.clock,
      options: setup.options,
      release: () => client.close(),
    });
  } catch (error) {
    client.close();
    throw error;
  }
}

async function makeClient(target: Target, { grpc, options }: DialSetup, signal: AbortSignal): Promise<Client> {
  const { endpoint, address, sni } = target;
  const scheme = isIPv6(address) ? 'ipv6' : 'ipv4';
  const url = `${scheme}:${formatAddress(address, endpoint.port)}`;
  const settings = channelOptions(options, { authority: formatAddress(endpoint.host, endpoint.port), sni });
  if (endpoint.identity === undefined) {
    await knock(target, signal);
    return new grpc.Client(url, grpc.credentials.createInsecure(), settings);
  }
  const { secureContext, checkServerIdentity } = await pinCertificate(target, endpoint.identity, signal);
  const credentials = grpc.credentials.createFromSecureContext(secureContext, { checkServerIdentity });
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
async function accepted(stream: ClientDuplexStream<Buffer, Buffer>, remote: string, setup: DialSetup): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<Metadata>();
  stream.once('metadata', resolve);
  stream.once('status', (status: StatusObject) => reject(refusal(status, remote, setup.grpc)));
  const answer = await promise;
  if (sameText(textOf(answer, proofKey), proof(setup.token, 'accept', setup.claim))) return;
  throw new RoundscopeError('identity_mismatch', {
    layer: 'transport',
    message: `Who answers at ${remote} has not the token of this run. Ask for a new invitation; if that does not help, something between you and the coordinator answers in its place.`,
  });
}

function refusal({ code, details }: StatusObject, remote: string, { status }: GrpcLibrary): RoundscopeError {
  const said = `The coordinator at ${remote} refuses: ${details}.`;
  switch (code) {
    case status.ALREADY_EXISTS:
      // Retried: the one that has the name may be our own former self, not yet missed.
      return new RoundscopeError('participant_name_taken', { layer: 'transport', message: said, retryable: true });
    case status.UNAUTHENTICATED:
    case status.FAILED_PRECONDITION:
    case status.INVALID_ARGUMENT:
      return new RoundscopeError('link_rejected', { layer: 'transport', message: said });
    case status.UNIMPLEMENTED:
      return new RoundscopeError('version_unsupported', {
        layer: 'transport',
        message: `${remote} speaks gRPC, but not as a Roundscope coordinator. Check host and port of the invitation, and that both sides run the same version.`,
      });
    default:
      return new RoundscopeError('connect_failed', {
        layer: 'transport',
        message: `The coordinator at ${remote} could be reached, but the session did not come about (${details}). Check that it still runs, and try again.`,
        retryable: true,
      });
  }
}
