import type { DatabaseSync } from 'node:sqlite';
import { pragma } from '../schema.ts';

export interface Removed {
  readonly packets: number;
  readonly bodies: number;
  readonly events: number;
}

type Counted = { -readonly [K in keyof Removed]: Removed[K] };

/** Share of a table's oldest rows that goes at once, so that room is made seldom. */
const share = 0.1;

/**
 * Keeps a recording within `sizeBytesMax`: the bodies of the older half of the packets go first, then the oldest packets,
 * last the oldest events. Room is made inside the file and used again; the file itself does not shrink.
 */
export function makeRoom(
  db: DatabaseSync,
  sizeBytesMax: number,
): { readonly sizeBytes: number; readonly removed: Removed; readonly firstEvent: number } {
  const pageBytes = pragma(db, 'page_size');
  const used = (): number => (pragma(db, 'page_count') - pragma(db, 'freelist_count')) * pageBytes;
  const removed: Counted = { packets: 0, bodies: 0, events: 0 };
  let sizeBytes = used();
  while (sizeBytes > sizeBytesMax && removeSome(db, removed)) sizeBytes = used();
  const firstEvent = removed.events === 0 ? 0 : (rangeOf(db, 'events', 'id')?.low ?? Number.MAX_SAFE_INTEGER);
  return { sizeBytes, removed, firstEvent };
}

/** False: there is nothing left to remove. */
function removeSome(db: DatabaseSync, removed: Counted): boolean {
  const packets = rangeOf(db, 'packets', 'id');
  const bodies = rangeOf(db, 'bodies', 'packet');
  if (bodies !== null && packets !== null && bodies.low < (packets.low + packets.high) / 2) {
    removed.bodies += removeUpTo(db, 'bodies', 'packet', oldest(bodies));
    return true;
  }
  if (packets !== null) {
    removed.bodies += removeUpTo(db, 'bodies', 'packet', oldest(packets));
    removed.packets += removeUpTo(db, 'packets', 'id', oldest(packets));
    return true;
  }
  const events = rangeOf(db, 'events', 'id');
  if (events !== null) {
    removed.events += removeUpTo(db, 'events', 'id', oldest(events));
    return true;
  }
  const contributions = rangeOf(db, 'contributions', 'id');
  if (contributions === null) return false;
  removeUpTo(db, 'contributions', 'id', oldest(contributions));
  return true;
}

interface Range {
  readonly low: number;
  readonly high: number;
}

function oldest({ low, high }: Range): number {
  return low + Math.floor((high - low) * share);
}

function rangeOf(db: DatabaseSync, table: string, key: string): Range | null {
  // One subquery each: SQLite answers either end of a primary key at once, but both together by a scan.
  const found = db
    .prepare(`SELECT (SELECT min(${key}) FROM ${table}) AS low, (SELECT max(${key}) FROM ${table}) AS high`)
    .get();
  const [low, high] = [found?.['low'], found?.['high']];
  return typeof low === 'number' && typeof high === 'number' ? { low, high } : null;
}

function removeUpTo(db: DatabaseSync, table: string, key: string, until: number): number {
  return Number(db.prepare(`DELETE FROM ${table} WHERE ${key} <= ?`).run(until).changes);
}
