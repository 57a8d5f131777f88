import { connect } from 'node:tls';
import { RoundscopeError } from '#shared/base/errors.ts';
import type { Endpoint } from '#shared/contract/invitation.ts';
import { abortable } from './abortable.ts';
import { formatAddress } from './addresses.ts';
import { impostor } from './connect-errors.ts';

/**
 * Why a WebTransport session could not be opened: the library does not tell a closed port from a wrong certificate, so
 * one bare TLS connection after the failure looks.
 */
export async function explainFailure(
  endpoint: Endpoint,
  cause: unknown,
  signal: AbortSignal,
): Promise<RoundscopeError> {
  const address = formatAddress(endpoint.host, endpoint.port);
  const where = { host: endpoint.host, port: endpoint.port };
  try {
    const shown = await certificateHash(endpoint, signal);
    if (endpoint.identity !== undefined && shown !== endpoint.identity) return impostor(endpoint, shown);
    return new RoundscopeError('connect_failed', {
      layer: 'transport',
      message: `${address} answers, but opens no WebTransport session. Check host and port of the invitation, and that both sides run the same version.`,
      retryable: true,
      cause,
      context: where,
    });
  } catch (error) {
    signal.throwIfAborted();
    const refused = error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED';
    const what = refused ? 'Nothing listens' : 'No coordinator could be reached';
    const text = error instanceof Error ? error.message : String(error);
    return new RoundscopeError(refused ? 'connect_refused' : 'connect_failed', {
      layer: 'transport',
      message: `${what} at ${address} (TCP${refused ? '' : `: ${text}`}). Check that the coordinator is running and that host and port are those it printed.`,
      retryable: true,
      cause: error,
      context: where,
    });
  }
}

async function certificateHash(endpoint: Endpoint, signal: AbortSignal): Promise<string | null> {
  const { promise, resolve, reject } = Promise.withResolvers<string | null>();
  // Nothing is sent over it; it only looks at what the peer shows.
  const socket = connect({
    host: endpoint.host,
    port: endpoint.port,
    rejectUnauthorized: false,
    ALPNProtocols: ['h2'],
  });
  socket.once('secureConnect', () => {
    resolve(socket.getPeerX509Certificate()?.fingerprint256.replaceAll(':', '').toLowerCase() ?? null);
  });
  socket.once('error', reject);
  socket.once('close', () => reject(new Error('the connection was closed')));
  try {
    return await abortable(promise, signal);
  } finally {
    socket.destroy();
  }
}
