import { laneValues, wasCarried, type DissectedRow, type Dissector } from './dissector.ts';

/** AMQP 0-9-1. */
export const amqp: Dissector = {
  id: 'amqp',
  title: 'AMQP',
  reads: ['protocol', 'stream'],
  applies: ({ protocol }) => protocol === 'amqp',
  fields: [
    {
      name: 'amqp.queue',
      type: 'text',
      label: 'queue',
      words: 'queue that it was read from; its name is the routing key',
      example: 'amqp.queue ~ up.control',
      of: (row) => placeOf(row)?.queue ?? null,
    },
    {
      name: 'amqp.exchange',
      type: 'text',
      label: 'exchange',
      words: 'exchange that it was published to; of the coordinator amq.default',
      example: 'amqp.exchange == amq.default',
      of: (row) => exchangeOf(placeOf(row)?.queue ?? ''),
    },
    {
      name: 'amqp.lane',
      type: 'choice',
      label: 'lane',
      words: 'control or bulk, as the queue has it',
      example: 'amqp.lane == bulk',
      values: laneValues,
      of: (row) => /\.(?:up|down)\.(control|bulk)$/.exec(placeOf(row)?.queue ?? '')?.[1] ?? null,
    },
    {
      name: 'amqp.transfer',
      type: 'text',
      label: 'transfer',
      words: 'id of the model that the message is of',
      example: 'amqp.transfer == m-000a91',
      of: (row) => placeOf(row)?.transfer ?? null,
    },
  ],
  summary: (row) => placeOf(row)?.queue ?? '',
};

/** A queue, and of a bulk queue the transfer: `QUEUE ID`. */
function placeOf(row: DissectedRow): { readonly queue: string; readonly transfer: string | null } | null {
  if (row.protocol !== 'amqp' || !wasCarried(row)) return null;
  const [queue = '', transfer] = row.stream.split(' ', 2);
  return { queue, transfer: transfer ?? null };
}

/** A participant has an exchange of its own in front of its session's queues; the coordinator needs none. */
function exchangeOf(queue: string): string | null {
  const found = /^(roundscope\..+\.(up|down))\.(?:control|bulk)$/.exec(queue);
  if (found === null) return null;
  return found[2] === 'up' ? (found[1] as string) : 'amq.default';
}
