import { createHash, X509Certificate } from 'node:crypto';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls, createSecureContext, type SecureContext, type TLSSocket } from 'node:tls';
import { RoundscopeError } from '#shared/base/errors.ts';
import type { Endpoint } from '#shared/contract/invitation.ts';
import { abortable } from '../quic/abortable.ts';
import { formatAddress } from '../quic/addresses.ts';
import { impostor } from '../quic/connect-errors.ts';

/** Where to connect: the name as invited to, and the address that it means. */
export interface Target {
  readonly endpoint: Endpoint;
  readonly address: string;
  /** Name in the TLS handshake; an IP address may not stand there. */
  readonly sni: string;
}

/** Trust in exactly one certificate. */
export interface Pinned {
  readonly secureContext: SecureContext;
  readonly checkServerIdentity: (host: string, certificate: { readonly raw: Buffer }) => Error | undefined;
}

/**
 * Looks at the certificate that the coordinator shows, and makes of it, when its hash is the invited one, the only
 * authority of the connection that follows.
 *
 * The short way would not hold: with `rejectUnauthorized: false` Node does not ask `checkServerIdentity` about a
 * certificate that no authority has signed, so nothing would be pinned. This also tells a closed port from a silent one
 * and from an impostor, for all of which the library says UNAVAILABLE.
 * @throws RoundscopeError `identity_mismatch`, `connect_refused`, `connect_failed`; the signal's reason on abort
 */
export async function pinCertificate(target: Target, identity: string, signal: AbortSignal): Promise<Pinned> {
  const der = await look(target, signal);
  if (der === null || hashOf(der) !== identity) throw impostor(target.endpoint, der === null ? null : hashOf(der));
  return {
    secureContext: createSecureContext({ ca: new X509Certificate(der).toString(), minVersion: 'TLSv1.3' }),
    // The name in it does not matter, the certificate does: an authority could sign others.
    checkServerIdentity: (_host, shown) =>
      hashOf(shown.raw) === identity ? undefined : new Error('the certificate is not the one invited to'),
  };
}

/** That somebody listens, for connections without TLS. */
export async function knock(target: Target, signal: AbortSignal): Promise<void> {
  const { endpoint, address } = target;
  const socket = connectTcp({ host: address, port: endpoint.port });
  await opened(socket, 'connect', target, signal);
  socket.destroy();
}

async function look(target: Target, signal: AbortSignal): Promise<Buffer | null> {
  const { endpoint, address, sni } = target;
  // Nothing is sent over it, so that whoever it is does no harm.
  const socket = connectTls({
    host: address,
    port: endpoint.port,
    servername: sni,
    rejectUnauthorized: false,
    minVersion: 'TLSv1.3',
    ALPNProtocols: ['h2'],
  });
  await opened(socket, 'secureConnect', target, signal);
  const certificate = socket.getPeerX509Certificate()?.raw ?? null;
  socket.destroy();
  return certificate;
}

async function opened(
  socket: Socket | TLSSocket,
  event: 'connect' | 'secureConnect',
  { endpoint }: Target,
  signal: AbortSignal,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let connected = false;
  socket.once('connect', () => (connected = true));
  socket.once(event, () => resolve());
  socket.on('error', reject);
  socket.once('close', () => reject(new Error('the connection was closed')));
  try {
    await abortable(promise, signal);
  } catch (error) {
    socket.destroy();
    signal.throwIfAborted();
    throw unreachable(endpoint, connected ? 'connected' : 'not connected', error);
  }
}

function unreachable(endpoint: Endpoint, state: 'connected' | 'not connected', cause: unknown): RoundscopeError {
  const at = formatAddress(endpoint.host, endpoint.port);
  const refused = cause instanceof Error && 'code' in cause && cause.code === 'ECONNREFUSED';
  const text = cause instanceof Error ? cause.message : String(cause);
  const what = refused
    ? `Nothing listens at ${at} (TCP). Check that the coordinator is running and that host and port are those it printed.`
    : state === 'connected'
      ? `${at} answers, but not as a Roundscope coordinator over gRPC (${text}). Check host and port of the invitation.`
      : `No coordinator could be reached at ${at} (TCP: ${text}). Check that it is running and that host and port are those it printed.`;
  return new RoundscopeError(refused ? 'connect_refused' : 'connect_failed', {
    layer: 'transport',
    message: what,
    retryable: true,
    cause,
    context: { host: endpoint.host, port: endpoint.port },
  });
}

function hashOf(der: Buffer): string {
  return createHash('sha256').update(der).digest('hex');
}
