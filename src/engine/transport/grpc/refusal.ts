import type { StatusObject } from '@grpc/grpc-js';
import { RoundscopeError } from '#shared/base/errors.ts';
import type { Endpoint } from '#shared/contract/app/invitation.ts';
import { formatAddress } from '../addresses.ts';
import type { GrpcLibrary } from './grpc-library.ts';
import type { HttpProxy } from './proxy.ts';
import { callEnd } from './wire/status-words.ts';

/** A way to the coordinator, and what is known about how that went. */
export interface Way {
  readonly endpoint: Endpoint;
  readonly proxy: HttpProxy | null;
  /** Of the coordinator, or of the proxy: what TCP is opened to. */
  readonly address: string;
  /** What our own part of connecting found; the library says UNAVAILABLE whatever it was. */
  failure: unknown;
}

/** Why there is no session, by the status with which the opening call ended. */
export function refusal(
  { code, details }: Pick<StatusObject, 'code' | 'details'>,
  way: Way,
  grpc: GrpcLibrary,
): RoundscopeError {
  const { host, port } = way.endpoint;
  const at = formatAddress(host, port);
  const { status } = grpc;
  const said = `The coordinator at ${at} refuses: ${details}.`;
  switch (code) {
    case status.UNAUTHENTICATED:
    case status.PERMISSION_DENIED:
    case status.INVALID_ARGUMENT:
      return new RoundscopeError('link_rejected', { layer: 'transport', message: said });
    case status.FAILED_PRECONDITION:
      return new RoundscopeError(/version/.test(details) ? 'version_unsupported' : 'link_rejected', {
        layer: 'transport',
        message: said,
      });
    case status.UNIMPLEMENTED:
      return new RoundscopeError('version_unsupported', {
        layer: 'transport',
        message: `${at} speaks gRPC, but not as a Roundscope coordinator. Check host and port of the invitation, and that both sides run the same version.`,
      });
    default:
      return notConnected(code === status.UNAVAILABLE ? details : null, callEnd({ code, details }).reason, way);
  }
}

/** @param unavailable the library's words when it got no connection, null when the connection was there */
function notConnected(unavailable: string | null, reason: string, { endpoint, proxy }: Way): RoundscopeError {
  const at = formatAddress(endpoint.host, endpoint.port);
  const refused = proxy === null && unavailable !== null && unavailable.includes('ECONNREFUSED');
  const noConnection = unavailable !== null && /No connection established/.test(unavailable);
  const message = refused
    ? `Nothing listens at ${at} (TCP). Check that the coordinator is running and that host and port are those it printed.`
    : proxy !== null && noConnection
      ? `The HTTP proxy at ${formatAddress(proxy.host, proxy.port)} opens no connection to ${at}. Check grpc_proxy and no_grpc_proxy, and whether the proxy lets that port through.`
      : noConnection
        ? `No coordinator could be reached at ${at} (TCP). Check that it is running and that host and port are those it printed.`
        : `The coordinator at ${at} could be reached, but the session did not come about: ${reason}. Check that it still runs, and try again.`;
  return new RoundscopeError(refused ? 'connect_refused' : 'connect_failed', {
    layer: 'transport',
    message,
    retryable: true,
    cause: new Error(reason),
    context: { host: endpoint.host, port: endpoint.port },
  });
}
