import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { formatBytes } from '#shared/base/bytes.ts';
import { counted } from '#shared/base/text/counted.ts';
import { RoundscopeError } from '#shared/base/errors.ts';
import { insertBodySql, insertEventSql, insertPacketSql, packetColumns } from '../reading/row-mapping.ts';
import { createTables, laterColumns, schemaVersion } from '../schema.ts';
import { freePages } from './free-pages.ts';
import { rowsOfLeaf, type FoundRow, type Value } from './leaf-rows.ts';
import { PageSource } from './page-source.ts';

export interface Salvaged {
  readonly db: DatabaseSync;
  /** One or two sentences on what is missing; null: nothing is. */
  readonly cut: string | null;
}

/** Pages after which time is looked at. */
const pagesBetween = 64;

/**
 * What can still be read of a recording that SQLite cannot open as it lies: a file that was cut, or one on a disk that takes
 * nothing with rows in its companion. Every page that is there is looked at by itself, and its rows go into a temporary
 * database, which is gone when it is closed. Nothing is written to the file (decision 0095).
 * @returns null: it is no recording of ours
 * @throws RoundscopeError `recording_invalid`: nothing of its run is left, or it takes too long; SQLite's and the system's own
 */
export function salvage(path: string, inTime: () => boolean): Salvaged | null {
  using source = PageSource.open(path);
  if (source === null) return null;
  if (source.header.version > schemaVersion) return null;
  const db = new DatabaseSync('');
  try {
    const found = fill(db, source, () => {
      if (!inTime())
        throw invalid(path, 'takes too long to be read page by page and was given up: copy it to a faster disk');
    });
    if (!found.run) throw invalid(path, 'was cut so early that nothing of its run is left');
    db.exec('PRAGMA query_only = ON');
    return { db, cut: cutWords(db, source, found) };
  } catch (error) {
    db.close();
    throw error;
  }
}

interface Found {
  run: boolean;
  missingPages: number;
  /** Of pages that are there. */
  lostRows: number;
}

function fill(db: DatabaseSync, source: PageSource, beat: () => void): Found {
  // It is gone with the process: nothing has to survive a crash.
  db.exec('PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;');
  createTables(db);
  const insert = inserts(db);
  const found: Found = { run: false, missingPages: 0, lostRows: 0 };
  const free = freePages(source);
  db.exec('BEGIN');
  for (let number = 1; number <= source.pages; number++) {
    if (number % pagesBetween === 0) beat();
    const end = Math.floor(source.presentBytes / source.header.pageSize);
    if (number > end && source.page(number) === null) {
      found.missingPages++;
      continue;
    }
    if (free.has(number)) continue;
    for (const row of rowsOfLeaf(source, number)) {
      if (row === null || !insert(row, found)) found.lostRows++;
    }
  }
  db.exec('COMMIT');
  return found;
}

/** Columns of `runs` of each version of the format. */
const runColumns = { 1: 12, 2: 14 } as const;

/** Puts a row where it belongs, which its shape tells; false: it cannot be one of ours. */
function inserts(db: DatabaseSync): (row: FoundRow, found: Found) => boolean {
  const packet = db.prepare(orIgnore(insertPacketSql));
  const event = db.prepare(orIgnore(insertEventSql));
  const body = db.prepare(orIgnore(insertBodySql));
  const round = db.prepare(insertAll('rounds', laterColumns.rounds));
  const contribution = db.prepare(insertAll('contributions', laterColumns.contributions));
  const runOf = (values: readonly Value[]): void => {
    const names =
      values.length === runColumns[1] ? allRunColumns.filter((name) => !newInFormat2.has(name)) : allRunColumns;
    const places = names.map(() => '?').join(', ');
    db.prepare(`INSERT OR REPLACE INTO runs (${names.join(', ')}) VALUES (${places})`).run(...values);
  };
  const put = (statement: StatementSync, { id, values }: FoundRow): void => {
    statement.run(id, ...values.slice(1));
  };
  return (row, found) => {
    const { values } = row;
    // A table whose rows have a number as their key writes nothing in that column.
    const keyed = values[0] === null;
    try {
      if (keyed && values.length === packetColumns.length) put(packet, row);
      else if (keyed && values.length === 5) put(event, row);
      else if (keyed && values.length === 3) put(body, row);
      // Which events stand before it is not known any more: they are folded instead.
      else if (keyed && values.length === laterColumns.states) return true;
      else if (keyed && values.length === laterColumns.rounds) put(round, row);
      else if (keyed && values.length === laterColumns.contributions) put(contribution, row);
      else if (!keyed && (values.length === runColumns[1] || values.length === runColumns[2])) {
        runOf(values);
        found.run = true;
      } else return isSchema(values);
      return true;
    } catch (error) {
      // A value that its column does not take.
      if ((error as { readonly errcode?: number }).errcode === undefined) throw error;
      return false;
    }
  };
}

const allRunColumns = [
  'run',
  'name',
  'started_at',
  'ended_at',
  'status',
  'reason',
  'recorder',
  'dropped_packets',
  'dropped_events',
  'malformed_rows',
  'cut_bodies',
  'removed_packets',
  'removed_bodies',
  'removed_events',
] as const;
const newInFormat2: ReadonlySet<string> = new Set(['malformed_rows', 'cut_bodies']);

/** The list of tables is known already. */
function isSchema(values: readonly Value[]): boolean {
  return values.length === 5 && values[0] !== null;
}

function insertAll(table: string, columns: number): string {
  return `INSERT OR IGNORE INTO ${table} VALUES (${Array.from({ length: columns }, () => '?').join(', ')})`;
}

function orIgnore(sql: string): string {
  return sql.replace(/^INSERT INTO/, 'INSERT OR IGNORE INTO');
}

function cutWords(db: DatabaseSync, source: PageSource, { missingPages, lostRows }: Found): string | null {
  if (missingPages === 0) return null;
  const row = db
    .prepare(
      `SELECT (SELECT max(at) FROM (SELECT max(at) AS at FROM packets UNION ALL SELECT max(at) FROM events)) AS at,
        removed_packets + removed_bodies + removed_events AS removed FROM runs LIMIT 1`,
    )
    .get();
  const size = `${formatBytes(source.presentBytes)} of ${formatBytes(source.expectedBytes)} are there`;
  const at = typeof row?.['at'] === 'number' ? row['at'] : null;
  const rest = at === null ? 'No row is left.' : `What was recorded after ${timeOfDay(at)} is missing.`;
  // Its pages were used again, so that they are in no order of time.
  const what = Number(row?.['removed'] ?? 0) > 0 && at !== null ? 'Rows of all its time may be missing.' : rest;
  const edge = lostRows === 0 ? '' : ` ${counted(lostRows, 'row')} at the cut could not be read.`;
  return `This file was cut: ${size}. ${what}${edge}`;
}

/** `21:10:25`, on this machine's clock. */
function timeOfDay(at: number): string {
  const when = new Date(at);
  return Number.isNaN(when.getTime()) ? 'a time that is not known' : when.toTimeString().slice(0, 8);
}

function invalid(path: string, what: string): RoundscopeError {
  return new RoundscopeError('recording_invalid', {
    layer: 'recorder',
    message: `${path} ${what}`,
    context: { path },
  });
}
