import type { SQLOutputValue } from 'node:sqlite';
import { parseEvent, type RecordedEvent } from '#shared/contract/events.ts';
import { packetSchema, type PacketDetail, type PacketRow } from '#shared/contract/packet.ts';
import { fromWireNames } from '#shared/contract/wire-names.ts';
import { packetColumns } from './row-mapping.ts';

export type SqlRow = Record<string, SQLOutputValue>;

const checkPacket = packetSchema.omit({ header: true, bodySample: true });

/** Null: the row is not what our writer writes; the caller counts it. */
export function packetRow(row: SqlRow): PacketRow | null {
  const named: Record<string, unknown> = {};
  for (const [column, name] of packetColumns) {
    if (row[column] !== null) named[name] = row[column];
  }
  const checked = checkPacket.safeParse(named);
  if (!checked.success) return null;
  const gap = row['gap_ms'];
  // Recordings of format 1 have the difference of two times as it was, below 0 where a clock was set back.
  const gapMs = typeof gap === 'number' ? Math.max(0, gap) : null;
  return { ...(checked.data as Omit<PacketRow, 'id' | 'gapMs'>), id: Number(row['id']), gapMs };
}

export function packetDetail(row: SqlRow): PacketDetail | null {
  const packet = packetRow(row);
  if (packet === null) return null;
  const sample = row['sample'];
  return {
    ...packet,
    header: typeof row['header'] === 'string' ? row['header'] : '',
    ...(sample instanceof Uint8Array ? { bodySample: sample } : {}),
  };
}

/** Null: malformed, or of a type that this version does not know. */
export function eventOf(row: SqlRow, run: string): RecordedEvent | null {
  try {
    const data = fromWireNames(JSON.parse(String(row['data'])));
    const event = parseEvent({ type: row['type'], run, source: row['source'], at: row['at'], data });
    return event === null ? null : { ...event, id: Number(row['id']) };
  } catch {
    // Not JSON: as good as malformed data of another shape.
    return null;
  }
}
