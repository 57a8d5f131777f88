import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { CallCredentials, ChannelCredentials } from '@grpc/grpc-js';
import type { GrpcLibrary } from './grpc-library.ts';

/**
 * Credentials of a channel whose TLS is ours: the library's own can trust authorities only, and would not ask anybody
 * about a certificate that none has signed.
 */
export function pinnedCredentials(
  grpc: GrpcLibrary,
  secure: (socket: Socket) => Promise<TLSSocket>,
): ChannelCredentials {
  class PinnedCredentials extends grpc.ChannelCredentials {
    _isSecure(): boolean {
      return true;
    }

    _equals(other: ChannelCredentials): boolean {
      return other === this;
    }

    _createSecureConnector(
      _target: unknown,
      _options: unknown,
      callCredentials?: CallCredentials,
    ): ReturnType<ChannelCredentials['_createSecureConnector']> {
      return {
        connect: async (socket) => ({ socket: await secure(socket), secure: true }),
        waitForReady: () => Promise.resolve(),
        getCallCredentials: () => callCredentials ?? grpc.credentials.createEmpty(),
        destroy: () => undefined,
      };
    }
  }
  return new PinnedCredentials();
}
