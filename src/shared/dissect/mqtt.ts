import { laneValues, wasCarried, type DissectedRow, type Dissector } from './dissector.ts';

/** MQTT 5. */
export const mqtt: Dissector = {
  id: 'mqtt',
  title: 'MQTT',
  reads: ['protocol', 'stream'],
  applies: ({ protocol }) => protocol === 'mqtt',
  fields: [
    {
      name: 'mqtt.topic',
      type: 'text',
      label: 'topic',
      words: 'topic that it was published on',
      example: 'mqtt.topic ~ /up/control',
      of: topicOf,
    },
    {
      name: 'mqtt.session',
      type: 'text',
      label: 'session',
      words: 'number of the session in the topic',
      example: 'mqtt.session == 5d1c',
      of: (row) => levelsOf(row)?.session ?? null,
    },
    {
      name: 'mqtt.lane',
      type: 'choice',
      label: 'lane',
      words: 'control or bulk, as the topic has it',
      example: 'mqtt.lane == bulk',
      values: laneValues,
      of: (row) => levelsOf(row)?.lane ?? null,
    },
    {
      name: 'mqtt.transfer',
      type: 'text',
      label: 'transfer',
      words: 'id of the model that the topic is for',
      example: 'mqtt.transfer == m-000a91',
      of: (row) => levelsOf(row)?.transfer ?? null,
    },
  ],
  summary: (row) => topicOf(row) ?? '',
};

function topicOf(row: DissectedRow): string | null {
  return row.protocol === 'mqtt' && wasCarried(row) ? row.stream : null;
}

interface Levels {
  readonly session: string;
  readonly lane: string;
  readonly transfer: string | null;
}

/** `roundscope/RUN/PARTICIPANT/SESSION/up|down/control` or `…/bulk/ID`; null: a topic of somebody else. */
function levelsOf(row: DissectedRow): Levels | null {
  const found = /^roundscope\/[^/]+\/[^/]+\/([^/]+)\/(?:up|down)\/(control|bulk)(?:\/([^/]*))?$/.exec(
    topicOf(row) ?? '',
  );
  if (found === null) return null;
  return { session: found[1] as string, lane: found[2] as string, transfer: asId(found[3]) };
}

/** The link writes an id with percent signs, since `+`, `#` and `/` mean something in a topic. */
function asId(level: string | undefined): string | null {
  if (level === undefined || level === '') return null;
  try {
    return decodeURIComponent(level);
  } catch {
    // Cut off in the middle of a sign, or none of ours.
    return level;
  }
}
