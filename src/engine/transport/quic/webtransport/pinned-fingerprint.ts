import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect, isIP } from 'node:net';
import { RoundscopeError } from '#shared/base/errors.ts';
import type { Endpoint } from '#shared/contract/app/invitation.ts';
import { secure, type TlsOwner } from '#engine/transport/tls/pinned-tls.ts';
import { formatAddress } from '#engine/transport/addresses.ts';

/**
 * SHA-256 of the certificate that answers at an endpoint, once that has proved the invited identity. WebTransport wants
 * to be told the hash beforehand and lets a certificate live 14 days, while an identity and its invitations last: so one
 * bare TLS connection looks first. Nothing is sent over it, and the session after it takes this certificate alone.
 * @throws RoundscopeError `connect_refused`, `connect_failed`, `identity_mismatch`, `certificate_expired`; the signal's
 *   reason on abort
 */
export async function pinnedFingerprint(
  endpoint: Endpoint,
  at: { readonly address: string; readonly owner: TlsOwner },
  signal: AbortSignal,
): Promise<string> {
  const socket = connect({ host: at.address, port: endpoint.port });
  try {
    await once(socket, 'connect', { signal });
  } catch (error) {
    socket.destroy();
    signal.throwIfAborted();
    throw unreachable(endpoint, error);
  }
  const sni = isIP(endpoint.host) === 0 ? endpoint.host : 'localhost';
  let hash = '';
  const onShown = (der: Uint8Array): void => void (hash = createHash('sha256').update(der).digest('hex'));
  const tls = await secure(socket, { owner: at.owner, endpoint, sni, alpn: 'h2', onShown, signal });
  tls.destroy();
  socket.destroy();
  return hash;
}

/** It proved who it is, and yet opens no session: the library says "Opening handshake failed" whatever happened. */
export function noSession(endpoint: Endpoint, cause: unknown): RoundscopeError {
  return new RoundscopeError('connect_failed', {
    layer: 'transport',
    message: `${formatAddress(endpoint.host, endpoint.port)} answers, but opens no WebTransport session. Check that both sides run the same version.`,
    retryable: true,
    cause,
    context: { host: endpoint.host, port: endpoint.port },
  });
}

function unreachable(endpoint: Endpoint, cause: unknown): RoundscopeError {
  const refused = cause instanceof Error && 'code' in cause && cause.code === 'ECONNREFUSED';
  const text = cause instanceof Error ? cause.message : String(cause);
  const what = refused ? 'Nothing listens' : 'No coordinator could be reached';
  return new RoundscopeError(refused ? 'connect_refused' : 'connect_failed', {
    layer: 'transport',
    message: `${what} at ${formatAddress(endpoint.host, endpoint.port)} (TCP${refused ? '' : `: ${text}`}). Check that the coordinator is running and that host and port are those it printed.`,
    retryable: true,
    cause,
    context: { host: endpoint.host, port: endpoint.port },
  });
}
