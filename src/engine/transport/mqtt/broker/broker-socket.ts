import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, getCACertificates, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { RoundscopeError } from '#shared/base/errors.ts';
import type { Endpoint } from '#shared/contract/app/invitation.ts';
import { abortable } from '#engine/transport/shared/abortable.ts';
import { secure, type TlsOwner } from '#engine/transport/tls/pinned-tls.ts';
import { withoutSecrets } from '../connect-errors.ts';

/** What a connection to a broker rests on. */
export type BrokerTrust =
  /** The coordinator's own broker: it proves the identity that the invitation names. */
  | { readonly by: 'identity'; readonly owner: TlsOwner; readonly endpoint: Endpoint }
  /** A broker elsewhere whose certificate the coordinator has checked and the invitation names, by its SHA-256. */
  | { readonly by: 'certificate'; readonly hash: string }
  /** A broker elsewhere, `mqtts://`: the authorities that this machine knows, or those in a file. */
  | { readonly by: 'authorities'; readonly file: string | null }
  /** A broker elsewhere, `mqtt://`: who has chosen that has chosen to be read. */
  | { readonly by: 'nothing' };

export interface BrokerSocket {
  readonly socket: Socket | TLSSocket;
  /** SHA-256 of the certificate that an authority has vouched for; null where none was asked. */
  readonly certificate: string | null;
}

/** What an outside broker's URL asks for. */
export function outsideTrust(
  url: string,
  known: { readonly hash?: string | undefined; readonly file?: string | undefined },
): BrokerTrust {
  if (!url.startsWith('mqtts:')) return { by: 'nothing' };
  return known.hash === undefined
    ? { by: 'authorities', file: known.file ?? null }
    : { by: 'certificate', hash: known.hash };
}

/**
 * A byte stream to the broker. Nothing has been sent over it before the broker has proved itself: mqtt.js would send user
 * and password first and would look at the certificate, if at all, by name.
 * @throws RoundscopeError `identity_mismatch`, `certificate_expired`, `settings_invalid`; an error of the system's
 */
export async function openBrokerSocket(url: string, trust: BrokerTrust, signal: AbortSignal): Promise<BrokerSocket> {
  const authorities = trust.by === 'authorities' ? await authoritiesOf(trust.file) : [];
  const { hostname, port, protocol } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, '');
  const socket = connectTcp({ host, port: port === '' ? (protocol === 'mqtts:' ? 8883 : 1883) : Number(port) });
  try {
    await abortable(happened(socket, 'connect'), signal);
    // mqtt.js leaves Nagle's algorithm on, which with delayed acknowledgements costs 40 ms for each small exchange.
    socket.setNoDelay(true);
    const sni = isIP(host) === 0 ? host : 'localhost';
    if (trust.by === 'nothing') return { socket, certificate: null };
    if (trust.by === 'identity') return { socket: await secure(socket, { ...trust, sni, signal }), certificate: null };
    return await vouchedFor(socket, { url, host, trust, authorities }, signal);
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

async function vouchedFor(
  socket: Socket,
  at: {
    readonly url: string;
    readonly host: string;
    readonly trust: Extract<BrokerTrust, { readonly by: 'certificate' | 'authorities' }>;
    readonly authorities: readonly string[];
  },
  signal: AbortSignal,
): Promise<BrokerSocket> {
  const { url, host, trust } = at;
  const checks: ConnectionOptions =
    trust.by === 'certificate' ? { rejectUnauthorized: false } : { ca: [...at.authorities], rejectUnauthorized: true };
  const name = isIP(host) === 0 ? { servername: host } : {};
  const tls = connectTls({ socket, host, ...name, ...checks });
  try {
    await abortable(happened(tls, 'secureConnect'), signal);
  } catch (error) {
    tls.destroy();
    signal.throwIfAborted();
    throw notVouchedFor(url, error);
  }
  const shown = createHash('sha256')
    .update(tls.getPeerX509Certificate()?.raw ?? '')
    .digest('hex');
  if (trust.by === 'certificate' && shown !== trust.hash) {
    tls.destroy();
    throw new RoundscopeError('identity_mismatch', {
      layer: 'transport',
      message: `The broker at ${withoutSecrets(url)} shows another certificate than the one that the invitation names. Ask for a new invitation; if that does not help, something between you and the broker answers in its place.`,
    });
  }
  return { socket: tls, certificate: shown };
}

/** The event, or what came instead of it. The socket's own listener for errors stays: without one they end the process. */
function happened(socket: Socket, event: 'connect' | 'secureConnect'): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once(event, () => resolve());
    socket.on('error', reject);
    socket.once('close', () => reject(new Error('the connection was closed')));
  });
}

async function authoritiesOf(file: string | null): Promise<readonly string[]> {
  if (file === null) return [...getCACertificates('default'), ...getCACertificates('system')];
  try {
    const pem = await readFile(file, 'utf8');
    if (pem.includes('-----BEGIN CERTIFICATE-----')) return [pem];
  } catch (error) {
    throw noAuthorities(file, 'cannot be read', error);
  }
  throw noAuthorities(file, 'holds no certificate (PEM)', undefined);
}

function noAuthorities(file: string, what: string, cause: unknown): RoundscopeError {
  return new RoundscopeError('settings_invalid', {
    layer: 'settings',
    message: `The file of the broker's authority, ${file}, ${what}.`,
    cause,
    context: { file },
  });
}

function notVouchedFor(url: string, cause: unknown): unknown {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const address = withoutSecrets(url);
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID') {
    return new RoundscopeError('certificate_expired', {
      layer: 'transport',
      message: `The certificate of the broker at ${address} is not valid now (${code}). Renew it, or set this machine's clock.`,
      cause,
    });
  }
  if (!/CERT|SIGNED|ISSUER|ALTNAME|VERIFY/.test(code)) return cause;
  return new RoundscopeError('identity_mismatch', {
    layer: 'transport',
    message: `No authority that this machine trusts vouches for the broker at ${address} (${cause instanceof Error ? cause.message : code}). If the name differs, use the one in the certificate.`,
    context: { option: '--broker-ca FILE, for the certificate of its authority' },
    cause,
  });
}
