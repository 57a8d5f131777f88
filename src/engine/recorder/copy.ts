import { rmSync, statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { RoundscopeError } from '#shared/base/errors.ts';
import { recorderError } from './errors.ts';
import { createTables } from './schema.ts';

interface Copy {
  readonly from: string;
  readonly to: string;
  readonly minutes: number;
}

/**
 * A recording of its own with all events (a view of the run is folded from its beginning) and the packets of the last
 * minutes before the newest one. What is there already is not written over; a failed copy is taken away again.
 */
export function copyLast(source: DatabaseSync, { from, to, minutes }: Copy): { readonly sizeBytes: number } {
  const newest = source.prepare('SELECT max(at) AS at FROM packets').get()?.['at'];
  const since = typeof newest === 'number' ? newest - minutes * 60_000 : 0;
  if (statSync(to, { throwIfNoEntry: false }) !== undefined) {
    throw new RoundscopeError('path_unwritable', {
      layer: 'recorder',
      message: `${to} exists already, and recordings are never written over: choose another name`,
      context: { path: to },
    });
  }
  try {
    using db = new DatabaseSync(to, { timeout: 5000 });
    db.exec('PRAGMA journal_mode = DELETE; PRAGMA synchronous = NORMAL;');
    createTables(db);
    db.prepare('ATTACH DATABASE ? AS source').run(from);
    db.exec('BEGIN');
    // A source of an older format has fewer columns.
    const known = columnsOf(source, 'runs');
    db.exec(`INSERT INTO main.runs (${known}) SELECT ${known} FROM source.runs`);
    db.exec('INSERT INTO main.events SELECT * FROM source.events');
    db.prepare('INSERT INTO main.packets SELECT * FROM source.packets WHERE at >= ?').run(since);
    db.exec('INSERT INTO main.bodies SELECT * FROM source.bodies WHERE packet IN (SELECT id FROM main.packets)');
    db.exec('COMMIT');
    db.exec('DETACH DATABASE source');
  } catch (error) {
    rmSync(to, { force: true });
    throw recorderError(error, to, 'copying the recording to');
  }
  return { sizeBytes: statSync(to).size };
}

function columnsOf(db: DatabaseSync, table: string): string {
  const columns = db.prepare('SELECT name FROM pragma_table_info(?)').all(table);
  return columns.map(({ name }) => String(name)).join(', ');
}
