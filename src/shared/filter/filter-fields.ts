import { assert } from '../base/assert.ts';
import { packetStatusSchema } from '../contract/packet.ts';
import type { PacketRow } from '../contract/packet.ts';
import { protocols, stacks } from '../contract/protocols.ts';
import type { DissectedRow, FieldValue } from '../dissect/dissector.ts';
import { packetKinds } from '../dissect/kinds.ts';
import { dissectors } from '../dissect/registry.ts';

/** What kind of value a field takes: this decides its operators, its units and its words of error. */
export type FieldType = 'choice' | 'text' | 'search' | 'count' | 'size' | 'duration' | 'time';

export interface FieldInfo {
  readonly type: FieldType;
  /** The column of a packet; null: several (`text`), one of two (`from`, `to`), or none (a dissector's field). */
  readonly column: keyof PacketRow | null;
  /** What completion says beside the name. */
  readonly hint: string;
  /** All values of a `choice`, and those of a `text` that a row of this version can have. */
  readonly values?: readonly string[];
  /** How a dissector computes it. */
  readonly of?: (row: DissectedRow) => FieldValue;
}

/** Fields that every packet has, for all protocols; the order is that of completion. */
const packetFields = {
  protocol: { type: 'choice', column: 'protocol', hint: 'quic, mqtt, …', values: protocols },
  kind: { type: 'text', column: 'kind', hint: 'kind of message or frame', values: packetKinds },
  participant: { type: 'text', column: 'participant', hint: 'whose link it is' },
  from: { type: 'text', column: null, hint: 'who sent it' },
  to: { type: 'text', column: null, hint: 'for whom it was' },
  round: { type: 'count', column: 'round', hint: 'number' },
  size: { type: 'size', column: 'sizeBytes', hint: 'bytes on the wire, 1MB' },
  direction: { type: 'choice', column: 'direction', hint: 'up: to the coordinator', values: ['up', 'down'] },
  side: { type: 'choice', column: 'side', hint: 'sent or received', values: ['sent', 'received'] },
  status: { type: 'choice', column: 'status', hint: 'how it went', values: packetStatusSchema.options },
  text: { type: 'search', column: null, hint: 'protocol, kind, note, ids, …' },
  gap: { type: 'duration', column: 'gapMs', hint: 'silence before it, 5s' },
  duration: { type: 'duration', column: 'durationMs', hint: 'round trip, 20ms' },
  time: { type: 'time', column: 'at', hint: 'time of day, 21:10:00' },
  source: { type: 'text', column: 'source', hint: 'process that reports' },
  peer: { type: 'text', column: 'peer', hint: 'the other end' },
  stack: { type: 'choice', column: 'stack', hint: 'implementation', values: stacks },
  connection: { type: 'count', column: 'connection', hint: 'ordinal, from 1' },
  stream: { type: 'text', column: 'stream', hint: 'stream, topic or queue' },
  chunk: { type: 'text', column: 'chunk', hint: 'such as 2/9' },
  message: { type: 'text', column: 'messageId', hint: 'message id' },
  reply_to: { type: 'text', column: 'replyTo', hint: 'message id' },
  body: { type: 'size', column: 'bodyBytes', hint: 'bytes of the body, 64KiB' },
  packet: { type: 'count', column: 'id', hint: 'its number in the recording' },
} as const satisfies Record<string, FieldInfo>;

/** Name of a field, by which `fieldInfo` knows it. */
export type FilterField = keyof typeof packetFields | DissectedName;
/** Such as `mqtt.topic`: dissectors are an open set. Only `asField` makes one of a text. */
export type DissectedName = string & { readonly dissected: true };

/** All fields: those of every packet, then those of the dissectors. */
const filterFields: ReadonlyMap<string, FieldInfo> = new Map<string, FieldInfo>([
  ...Object.entries(packetFields),
  ...dissectors.flatMap(({ fields }) =>
    fields.map(({ name, type, words, values, of }) => {
      const info: FieldInfo = { type, column: null, hint: words, of, ...(values === undefined ? {} : { values }) };
      return [name, info] as const;
    }),
  ),
]);

export const fieldNames = [...filterFields.keys()] as FilterField[];

export function fieldInfo(field: FilterField): FieldInfo {
  const info = filterFields.get(field);
  assert(info !== undefined, 'a field that is in no list');
  return info;
}

export function asField(name: string): FilterField | null {
  const lower = name.toLowerCase();
  return filterFields.has(lower) ? (lower as FilterField) : null;
}

/** Names that people know from elsewhere, or from the screen, and the field that has what they mean. */
const otherNames: ReadonlyMap<string, FilterField> = new Map<string, FilterField>([
  ['sender', 'from'],
  ['src', 'from'],
  ['receiver', 'to'],
  ['dst', 'to'],
  ['node', 'participant'],
  ['type', 'kind'],
  ['length', 'size'],
  ['bytes', 'size'],
  ['silence', 'gap'],
  ['topic', 'stream'],
  ['queue', 'stream'],
  ['routing_key', 'amqp.queue' as DissectedName],
  ['exchange', 'amqp.exchange' as DissectedName],
  ['method', 'grpc.method' as DissectedName],
  ['stream_id', 'quic.stream' as DissectedName],
  ['round_trip', 'rtt' as DissectedName],
  ['id', 'packet'],
  ['address', 'peer'],
  ['host', 'peer'],
  ['port', 'peer'],
  ['ip.addr', 'peer'],
  ['tcp.port', 'peer'],
  ['udp.port', 'peer'],
]);

/** The field that has what another name means; null: none has. */
export function fieldMeant(name: string): FilterField | null {
  return otherNames.get(name.toLowerCase()) ?? null;
}

/** Where `text ~ x` and bare words look. */
export const searchedColumns = [
  'protocol',
  'stack',
  'status',
  'kind',
  'note',
  'stream',
  'messageId',
  'replyTo',
  'participant',
  'source',
  'peer',
] as const satisfies readonly (keyof PacketRow)[];

/** Operators that make sense for a type, in the order in which completion offers them. */
export function operatorsOf(type: FieldType): readonly string[] {
  switch (type) {
    case 'choice':
      return ['==', '!=', 'in'];
    case 'text':
      return ['==', '~', '!=', 'in', 'contains', '!~'];
    case 'search':
      return ['~', '!~', 'contains'];
    case 'count':
      return ['==', '>', '<', '>=', '<=', '!=', 'in'];
    case 'size':
    case 'duration':
    case 'time':
      return ['>', '<', '>=', '<=', '==', '!='];
  }
}
