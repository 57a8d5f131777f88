import type * as Grpc from '@grpc/grpc-js';
import { RoundscopeError } from '#shared/base/errors.ts';

export type GrpcLibrary = typeof Grpc;

let loaded: Promise<GrpcLibrary> | null = null;

/** Loaded on first use: a run over another transport does not pay for it. */
export function loadGrpc(): Promise<GrpcLibrary> {
  loaded ??= load();
  return loaded;
}

async function load(): Promise<GrpcLibrary> {
  try {
    const grpc = await import('@grpc/grpc-js');
    // It writes to stderr what we report ourselves, typed and in words.
    grpc.setLogVerbosity(grpc.logVerbosity.NONE);
    return grpc;
  } catch (error) {
    throw new RoundscopeError('transport_unavailable', {
      layer: 'transport',
      message: 'The gRPC library cannot be loaded. Install Roundscope again, or choose another transport.',
      cause: error,
    });
  }
}
