import type { DissectedRow, Dissector } from './dissector.ts';
import { layerOf, layers } from './kinds.ts';

/** Our own frame: prefix, JSON header, body. */
export const frame: Dissector = {
  id: 'frame',
  title: 'Frame',
  reads: ['kind', 'chunk', 'side', 'sizeBytes', 'bodyBytes', 'durationMs'],
  applies: () => true,
  fields: [
    {
      name: 'layer',
      type: 'choice',
      label: 'layer',
      words: 'message, link, connection or malformed',
      example: 'layer == message',
      values: layers,
      of: ({ kind }) => layerOf(kind),
    },
    {
      name: 'part',
      type: 'count',
      label: 'part',
      words: 'which chunk of its message, from 1',
      example: 'part == 1',
      of: (row) => partOf(row)?.part ?? null,
    },
    {
      name: 'parts',
      type: 'count',
      label: 'parts',
      words: 'of how many chunks',
      example: 'parts > 1',
      of: (row) => partOf(row)?.parts ?? null,
    },
    {
      name: 'overhead',
      type: 'size',
      label: 'overhead',
      words: 'bytes beside the body: prefix and header',
      example: 'overhead > 200B',
      of: ({ sizeBytes, bodyBytes }) => (sizeBytes === 0 ? null : Math.max(0, sizeBytes - bodyBytes)),
    },
    {
      name: 'rtt',
      type: 'duration',
      label: 'round trip',
      words: 'round trip that a heartbeat measured',
      example: 'rtt > 50ms',
      of: ({ side, durationMs }) => (side === 'received' ? (durationMs ?? null) : null),
    },
    {
      name: 'handover',
      type: 'duration',
      label: 'hand-over',
      words: 'how long flow control let it wait',
      example: 'handover > 1s',
      of: ({ side, durationMs }) => (side === 'sent' ? (durationMs ?? null) : null),
    },
  ],
  summary: (row) => {
    const place = partOf(row);
    return place === null ? '' : `part ${place.part} of ${place.parts}`;
  },
};

/** `2/9` as the link writes it. */
function partOf({ chunk }: Pick<DissectedRow, 'chunk'>): { readonly part: number; readonly parts: number } | null {
  const found = /^(\d{1,15})\/(\d{1,15})$/.exec(chunk);
  return found === null ? null : { part: Number(found[1]), parts: Number(found[2]) };
}
