import type { MethodDefinition } from '@grpc/grpc-js';

/** Messages stay bytes for the library: ours are encoded and checked in `messages.ts`, where nothing has to throw. */
type Method = MethodDefinition<Buffer, Buffer>;

export function unchanged(bytes: Buffer): Buffer {
  return bytes;
}

export const servicePath = '/roundscope.v1.Federation/';

function method(name: string, streams: Pick<Method, 'requestStream' | 'responseStream'>): Method {
  return {
    path: `${servicePath}${name}`,
    ...streams,
    requestSerialize: unchanged,
    requestDeserialize: unchanged,
    responseSerialize: unchanged,
    responseDeserialize: unchanged,
  };
}

/** `service Federation` of `resources/proto/roundscope.proto`. */
export const federation = {
  session: method('Session', { requestStream: true, responseStream: true }),
  upload: method('Upload', { requestStream: true, responseStream: false }),
  download: method('Download', { requestStream: false, responseStream: true }),
} as const;
