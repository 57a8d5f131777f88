import type { DissectedRow, Dissector } from './dissector.ts';

const methods = ['Session', 'Upload', 'Download'] as const;

/** gRPC over HTTP/2. */
export const grpc: Dissector = {
  id: 'grpc',
  title: 'gRPC',
  reads: ['protocol', 'stream'],
  applies: ({ protocol }) => protocol === 'grpc',
  fields: [
    {
      name: 'grpc.method',
      type: 'choice',
      label: 'method',
      words: 'Session, Upload or Download',
      example: 'grpc.method == upload',
      values: methods.map((method) => method.toLowerCase()),
      of: (row) => callOf(row)?.method ?? null,
    },
    {
      name: 'grpc.call',
      type: 'count',
      label: 'call',
      words: 'number of the call, as the end that reports counts them',
      example: 'grpc.call > 1',
      of: (row) => callOf(row)?.call ?? null,
    },
  ],
  summary: ({ protocol, stream }) => (protocol === 'grpc' ? stream : ''),
};

/** `Session`, `Upload 3`: as the transport names its calls. */
function callOf({ protocol, stream }: DissectedRow): { readonly method: string; readonly call: number | null } | null {
  const found = protocol === 'grpc' ? /^(Session|Upload|Download)(?: (\d{1,15}))?$/.exec(stream) : null;
  if (found === null) return null;
  return { method: (found[1] as string).toLowerCase(), call: found[2] === undefined ? null : Number(found[2]) };
}
