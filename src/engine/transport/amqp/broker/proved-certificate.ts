import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { connect, isIP } from 'node:net';
import type { Endpoint } from '#shared/contract/app/invitation.ts';
import { RoundscopeError } from '#shared/base/errors.ts';
import { abortable } from '#engine/transport/shared/abortable.ts';
import { secure, type TlsOwner } from '#engine/transport/tls/pinned-tls.ts';
import { urlOf } from '../amqp-url.ts';
import { connectTimeout } from '#engine/transport/broker-errors.ts';
import { connectError } from '../connect-errors.ts';

/**
 * What the coordinator's own broker shows, as PEM, once it has proved the identity that the invitation names.
 *
 * amqplib opens its connections itself and trusts certificates only that it is given before, so there is one connection to
 * look and another, held to what was seen here, to speak. Nothing is sent over this one.
 * @throws RoundscopeError `identity_mismatch`, `certificate_expired`, `connect_*`; or the signal's reason
 */
export async function provedCertificate(
  endpoint: Endpoint,
  options: { readonly owner: TlsOwner; readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<string> {
  const { host, port } = endpoint;
  const { owner, timeoutMs, signal } = options;
  const url = urlOf(host, port);
  using deadline = owner.clock.deadline(timeoutMs, signal);
  const socket = connect({ host, port, noDelay: true });
  // One that comes later than anybody waits for it would end the process.
  socket.on('error', () => undefined);
  try {
    await abortable(once(socket, 'connect'), deadline);
    const shown = Promise.withResolvers<Uint8Array>();
    const tls = await secure(socket, {
      owner,
      endpoint,
      sni: isIP(host) === 0 ? host : 'localhost',
      onShown: shown.resolve,
      signal: deadline,
    });
    tls.destroy();
    return new X509Certificate(await shown.promise).toString();
  } catch (error) {
    signal.throwIfAborted();
    if (deadline.aborted) throw connectTimeout(url, 'the broker did not answer', timeoutMs);
    throw error instanceof RoundscopeError ? error : connectError(url, error);
  } finally {
    socket.destroy();
  }
}
