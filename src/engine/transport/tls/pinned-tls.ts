import type { Socket } from 'node:net';
import { connect, type ConnectionOptions, type TlsOptions, type TLSSocket } from 'node:tls';
import type { Clock } from '#shared/base/time/clock.ts';
import { RoundscopeError } from '#shared/base/errors.ts';
import { err, type Result } from '#shared/base/result.ts';
import type { Endpoint } from '#shared/contract/app/invitation.ts';
import {
  createIdentityCertificate,
  readIdentityCertificate,
  type CertificateFault,
} from '../../identity/identity-certificate.ts';
import type { Identity } from '../../identity/identity.ts';
import { abortable } from '../shared/abortable.ts';
import { formatAddress } from '../addresses.ts';
import { impostor } from '../endpoint-errors.ts';

/** Who this end is, and whom it shows itself to: certificates of both ends name an identity, no authority signs any. */
export interface TlsOwner {
  readonly identity: Identity;
  readonly clock: Clock;
  /** Other than a year, for tests. */
  readonly certificateForMs?: number;
}

const minVersion = 'TLSv1.3';

/** Both ends show a certificate; what the other's is worth is checked by `peerOf`, since no authority could. */
export function serverTls(owner: TlsOwner): TlsOptions & { readonly cert: string; readonly key: string } {
  return { ...ownCertificate(owner), minVersion, requestCert: true, rejectUnauthorized: false };
}

/** Whose connection it is, once its handshake is over. */
export function peerOf(
  socket: TLSSocket,
  clock: Clock,
  onShown?: (der: Uint8Array) => void,
): Result<string, CertificateFault> {
  // Asked a second time, Node 24 says that there is none.
  const der = socket.getPeerX509Certificate()?.raw;
  if (der !== undefined) onShown?.(der);
  if (der === undefined) return err({ kind: 'foreign', reason: 'it shows no certificate of its identity' });
  return readIdentityCertificate(der, clock.wallMs());
}

export interface SecureOptions {
  readonly owner: TlsOwner;
  /** The invited end: `identity` is the peer id that it must prove. */
  readonly endpoint: Endpoint;
  /** Name in the handshake; an IP address may not stand there. */
  readonly sni: string;
  readonly alpn?: string;
  /** Given the certificate of the peer, before it is checked. */
  readonly onShown?: (der: Uint8Array) => void;
  readonly signal: AbortSignal;
}

/**
 * TLS over a connected socket, with exactly the peer that was invited to. Nothing has been sent over it before that is
 * certain.
 * @throws RoundscopeError `identity_mismatch`, `certificate_expired`, `connect_failed`; the signal's reason on abort
 */
export async function secure(socket: Socket, options: SecureOptions): Promise<TLSSocket> {
  const { owner, endpoint, sni, alpn, signal } = options;
  const tls = connect({
    ...(ownCertificate(owner) satisfies ConnectionOptions),
    socket,
    servername: sni,
    minVersion,
    // Checked below. Node does not ask `checkServerIdentity` about a certificate that no authority has signed.
    rejectUnauthorized: false,
    ...(alpn === undefined ? {} : { ALPNProtocols: [alpn] }),
  });
  try {
    await abortable(handshake(tls), signal);
    const peer = peerOf(tls, owner.clock, options.onShown);
    if (!peer.ok && peer.error.kind === 'expired') throw expired(endpoint, peer.error.reason);
    if (!peer.ok || peer.value !== endpoint.identity) throw impostor(endpoint, peer.ok ? peer.value : null);
    return tls;
  } catch (error) {
    tls.destroy();
    socket.destroy();
    if (signal.aborted || error instanceof RoundscopeError) throw error;
    throw noTls(endpoint, error);
  }
}

async function handshake(tls: TLSSocket): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onClose = (): void => reject(new Error('the connection was closed'));
  tls.once('secureConnect', resolve);
  tls.once('error', reject);
  tls.once('close', onClose);
  try {
    await promise;
  } finally {
    tls.off('error', reject);
    tls.off('close', onClose);
    // An error that comes while nobody listens would end the process; who takes the socket over adds its own.
    tls.on('error', () => undefined);
  }
}

function ownCertificate({ identity, clock, certificateForMs }: TlsOwner): {
  readonly cert: string;
  readonly key: string;
} {
  const made = createIdentityCertificate(identity, {
    nowMs: clock.wallMs(),
    ...(certificateForMs === undefined ? {} : { validForMs: certificateForMs }),
  });
  return { cert: made.certificatePem, key: made.privateKeyPem };
}

function expired({ host, port }: Endpoint, reason: string): RoundscopeError {
  return new RoundscopeError('certificate_expired', {
    layer: 'transport',
    message: `${formatAddress(host, port)} is who the invitation names, but ${reason}. Set the clock of the machine that is wrong; if both are right, restart the coordinator.`,
    context: { host, port },
  });
}

function noTls({ host, port }: Endpoint, cause: unknown): RoundscopeError {
  const text = cause instanceof Error ? cause.message : String(cause);
  return new RoundscopeError('connect_failed', {
    layer: 'transport',
    message: `${formatAddress(host, port)} answers, but does not speak TLS 1.3 as a Roundscope coordinator does (${text}). Check host and port of the invitation, and that no proxy opens the connection on its way.`,
    retryable: true,
    cause,
    context: { host, port },
  });
}
