import { carrierOf } from '../contract/protocols.ts';
import type { DissectedRow, Dissector } from './dissector.ts';

/** QUIC, also over HTTP/3 and HTTP/2. */
export const quic: Dissector = {
  id: 'quic',
  title: 'QUIC',
  reads: ['protocol', 'stack', 'stream'],
  applies: ({ protocol }) => protocol === 'quic',
  fields: [
    {
      name: 'quic.stream',
      type: 'count',
      label: 'stream',
      words: 'number of the stream, as its library counts them',
      example: 'quic.stream == 8',
      of: streamOf,
    },
    {
      name: 'quic.carrier',
      type: 'choice',
      label: 'over',
      words: 'udp, or tcp where WebTransport fell back to HTTP/2',
      example: 'quic.carrier == tcp',
      values: ['udp', 'tcp'],
      of: ({ protocol, stack }) => (protocol === 'quic' ? carrierOf(stack).toLowerCase() : null),
    },
  ],
  summary: (row) => {
    const stream = streamOf(row);
    return stream === null ? '' : `stream ${stream}`;
  },
};

function streamOf({ protocol, stream }: DissectedRow): number | null {
  return protocol === 'quic' && /^\d{1,15}$/.test(stream) ? Number(stream) : null;
}
