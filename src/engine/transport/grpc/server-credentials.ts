import type { ServerCredentials } from '@grpc/grpc-js';
import type { Certificate } from '../../identity/certificate.ts';
import type { GrpcLibrary } from './grpc-library.ts';
import { secureServerOptions } from './grpc-options.ts';

/**
 * The coordinator's certificate. `createSsl` has no way to say what TLS and HTTP/2 settings are wanted, the class that it
 * makes one of has.
 */
export function serverCredentials(grpc: GrpcLibrary, certificate: Certificate): ServerCredentials {
  class PinnedCredentials extends grpc.ServerCredentials {
    _equals(other: ServerCredentials): boolean {
      return other === this;
    }
  }
  return new PinnedCredentials(secureServerOptions, {
    cert: certificate.certificatePem,
    key: certificate.privateKeyPem,
  });
}
