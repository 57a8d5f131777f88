import type { RecordedEvent } from '#shared/contract/events.ts';
import type { PacketDetail, PacketRow } from '#shared/contract/packet.ts';
import { toWireNames } from '#shared/contract/wire-names.ts';

/** Columns of `packets` in the order of the table, with the packet's own names. */
export const packetColumns = [
  ['id', 'id'],
  ['at', 'at'],
  ['source', 'source'],
  ['peer', 'peer'],
  ['participant', 'participant'],
  ['direction', 'direction'],
  ['side', 'side'],
  ['protocol', 'protocol'],
  ['stack', 'stack'],
  ['kind', 'kind'],
  ['round', 'round'],
  ['message_id', 'messageId'],
  ['reply_to', 'replyTo'],
  ['size_bytes', 'sizeBytes'],
  ['connection', 'connection'],
  ['stream', 'stream'],
  ['chunk', 'chunk'],
  ['status', 'status'],
  ['duration_ms', 'durationMs'],
  ['body_bytes', 'bodyBytes'],
  ['note', 'note'],
  ['gap_ms', 'gapMs'],
] as const satisfies readonly (readonly [string, keyof PacketRow])[];

/** The column that holds a value of a packet. */
export const columnOf: ReadonlyMap<string, string> = new Map(packetColumns.map(([column, name]) => [name, column]));

export type RecordedPacket = PacketDetail;

export const insertPacketSql = `INSERT INTO packets (${packetColumns.map(([column]) => column).join(', ')})
  VALUES (${packetColumns.map(() => '?').join(', ')})`;
export const selectPacketSql = `SELECT ${packetColumns.map(([column]) => column).join(', ')} FROM packets`;

/** Values for `insertPacketSql`. */
export function packetValues(packet: RecordedPacket): (string | number | null)[] {
  return packetColumns.map(([, name]) => packet[name] ?? null);
}

export const insertBodySql = 'INSERT INTO bodies (packet, header, sample) VALUES (?, ?, ?)';
export const insertEventSql = 'INSERT INTO events (id, at, source, type, data) VALUES (?, ?, ?, ?, ?)';

export function eventValues({ id, at, source, type, data }: RecordedEvent): (string | number)[] {
  return [id, at, source, type, JSON.stringify(toWireNames(data))];
}
