import { laneValues, wasCarried, type DissectedRow, type Dissector } from './dissector.ts';

/** DDS by RTPS. */
export const dds: Dissector = {
  id: 'dds',
  title: 'DDS',
  reads: ['protocol', 'stream'],
  applies: ({ protocol }) => protocol === 'dds',
  fields: [
    {
      name: 'dds.topic',
      type: 'text',
      label: 'topic',
      words: 'topic that the sample was written to',
      example: 'dds.topic ~ control',
      of: (row) => sampleOf(row)?.topic ?? null,
    },
    {
      name: 'dds.lane',
      type: 'choice',
      label: 'lane',
      words: 'control or bulk, as the topic has it',
      example: 'dds.lane == bulk',
      values: laneValues,
      of: (row) => /_(control|bulk)_(?:up|down)$/i.exec(sampleOf(row)?.topic ?? '')?.[1]?.toLowerCase() ?? null,
    },
    {
      name: 'dds.transfer',
      type: 'text',
      label: 'transfer',
      words: 'id of the model that the sample is of',
      example: 'dds.transfer == m-000a91',
      of: (row) => sampleOf(row)?.transfer ?? null,
    },
  ],
  summary: (row) => sampleOf(row)?.topic ?? '',
};

/** A topic, and of a bulk topic the transfer: `TOPIC ID`. */
function sampleOf(row: DissectedRow): { readonly topic: string; readonly transfer: string | null } | null {
  if (row.protocol !== 'dds' || !wasCarried(row)) return null;
  const [topic = '', transfer] = row.stream.split(' ', 2);
  return { topic, transfer: transfer ?? null };
}
