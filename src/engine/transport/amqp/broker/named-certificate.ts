import { createHash, type X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { connect, isIP } from 'node:net';
import { connect as connectTls, TLSSocket } from 'node:tls';
import type { Clock } from '#shared/base/time/clock.ts';
import { RoundscopeError } from '#shared/base/errors.ts';
import { abortable } from '#engine/transport/shared/abortable.ts';
import { connectTimeout } from '#engine/transport/broker-errors.ts';
import { hostOf, portOf, withoutSecrets } from '../amqp-url.ts';
import { connectError } from '../connect-errors.ts';

/** SHA-256 of what a broker elsewhere shows on that connection of amqplib's, for invitations; null: it is not encrypted. */
export function certificateShown(connection: object): string | null {
  const stream: unknown = Reflect.get(connection, 'stream');
  const shown = stream instanceof TLSSocket ? stream.getPeerX509Certificate() : undefined;
  return shown === undefined ? null : hashOf(shown);
}

/**
 * The certificate of a broker elsewhere that the invitation names by its SHA-256, as PEM. Participants have not the file of
 * its authority; the coordinator has, and has looked. amqplib trusts only what it is given before, so there is one connection
 * to look and another, held to what was seen here, to speak. Nothing is sent over this one.
 * @throws RoundscopeError `identity_mismatch`, `connect_*`; or the signal's reason
 */
export async function namedCertificate(
  url: string,
  hash: string,
  options: { readonly clock: Clock; readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<string> {
  const { clock, timeoutMs, signal } = options;
  using deadline = clock.deadline(timeoutMs, signal);
  const parsed = new URL(url);
  const host = hostOf(parsed);
  const socket = connect({ host, port: portOf(parsed), noDelay: true });
  // One that comes later than anybody waits for it would end the process.
  socket.on('error', () => undefined);
  const tls = connectTls({
    socket,
    minVersion: 'TLSv1.2',
    // Nobody vouches for it here; what it shows is compared below.
    rejectUnauthorized: false,
    ...(isIP(host) === 0 ? { servername: host } : {}),
  });
  tls.on('error', () => undefined);
  try {
    await abortable(once(tls, 'secureConnect'), deadline);
    const shown = tls.getPeerX509Certificate();
    if (shown === undefined || hashOf(shown) !== hash) throw anotherCertificate(withoutSecrets(url));
    return shown.toString();
  } catch (error) {
    signal.throwIfAborted();
    const shownUrl = withoutSecrets(url);
    if (deadline.aborted) throw connectTimeout(shownUrl, 'the broker did not answer', timeoutMs);
    throw error instanceof RoundscopeError ? error : connectError(shownUrl, error);
  } finally {
    tls.destroy();
    socket.destroy();
  }
}

function hashOf(certificate: X509Certificate): string {
  return createHash('sha256').update(certificate.raw).digest('hex');
}

function anotherCertificate(url: string): RoundscopeError {
  return new RoundscopeError('identity_mismatch', {
    layer: 'transport',
    message: `the broker at ${url} shows another certificate than the one that the invitation names: ask for a new invitation; if that does not help, something between you and the broker answers in its place`,
    context: { url },
  });
}
