import type { Http2Session, ServerHttp2Stream } from 'node:http2';
import { TLSSocket } from 'node:tls';
import type { ServerCredentials } from '@grpc/grpc-js';
import { err, type Result } from '#shared/base/result.ts';
import type { CertificateFault } from '../../identity/identity-certificate.ts';
import { peerOf, serverTls, type TlsOwner } from '../tls/pinned-tls.ts';
import type { GrpcLibrary } from './grpc-library.ts';
import { secureServerOptions } from './grpc-options.ts';

/**
 * The coordinator's certificate, and the wish to see the participant's. `createSsl` has no way to say what TLS and HTTP/2
 * settings are wanted, the class that it makes one of has.
 */
export function serverCredentials(grpc: GrpcLibrary, owner: TlsOwner): ServerCredentials {
  class PinnedCredentials extends grpc.ServerCredentials {
    _equals(other: ServerCredentials): boolean {
      return other === this;
    }
  }
  const { cert, key, ...wishes } = serverTls(owner);
  return new PinnedCredentials({ ...secureServerOptions, ...wishes }, { cert, key });
}

/** Who makes a call, by the certificate of its connection. */
export function callerOf(call: unknown, clock: TlsOwner['clock']): Result<string, CertificateFault> {
  const socket = connectionOf(call)?.socket;
  if (socket instanceof TLSSocket) return peerOf(socket, clock);
  return err({ kind: 'foreign', reason: 'its connection shows no certificate' });
}

/**
 * The HTTP/2 connection under a call, by way of the library's own field: what it offers (`getAuthContext`) leaves out
 * certificates that no authority has signed. Null, and nobody is let in, if another version has no such field.
 */
export function connectionOf(call: unknown): Http2Session | null {
  const { stream } = (call as { readonly call?: { readonly stream?: ServerHttp2Stream } }).call ?? {};
  return stream?.session ?? null;
}
