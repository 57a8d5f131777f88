import { rmSync, statSync } from 'node:fs';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { redactedEvent, leftOut } from './redacted-event.ts';
import { createFile } from './writing/create-file.ts';
import { recorderError } from './errors.ts';
import { inTimeFunction } from './open-database.ts';
import { eventValues, insertBodySql, insertEventSql, insertPacketSql, packetColumns } from './reading/row-mapping.ts';
import { eventOf, type SqlRow } from './reading/row-reading.ts';
import { createTables, pragma } from './schema.ts';

export interface CopyOptions {
  /** Packets of these last minutes before the newest one; absent: all. */
  readonly minutes?: number | undefined;
  /**
   * For somebody else: without bodies, headers and notes, without addresses, class names and whatever else is text that a
   * person or a machine has written; numbers, names of participants, hashes, kinds, codes and times stay.
   */
  readonly bare?: boolean | undefined;
}

interface Source {
  readonly db: DatabaseSync;
  readonly run: string;
  /** There is time for another row. */
  readonly begin: () => void;
}

/**
 * A recording of its own, readable by its owner alone, with all events (a view of the run is folded from its beginning) and
 * the packets that were asked for. What is there already is not written over; a failed copy is taken away again. Rows are
 * read as any question reads them and written one by one: a file from elsewhere is never opened for more than that.
 */
export function copyRecording(source: Source, to: string, options: CopyOptions): { readonly sizeBytes: number } {
  try {
    createFile(to);
  } catch (error) {
    throw recorderError(error, to, 'copying the recording to');
  }
  try {
    using db = new DatabaseSync(to, { timeout: 5000 });
    db.exec('PRAGMA journal_mode = DELETE; PRAGMA synchronous = NORMAL;');
    createTables(db);
    db.exec('BEGIN');
    copyRun(source, db, options);
    copyEvents(source, db, options);
    copyPackets(source, db, options);
    copyRounds(source, db, options);
    db.exec('COMMIT');
  } catch (error) {
    for (const file of [to, `${to}-journal`]) rmSync(file, { force: true });
    throw recorderError(error, to, 'copying the recording to');
  }
  return { sizeBytes: statSync(to).size };
}

function copyRun({ db: source }: Source, db: DatabaseSync, { bare }: CopyOptions): void {
  const row = source.prepare('SELECT * FROM runs LIMIT 1').get();
  if (row === undefined) return;
  // A source of an older format has fewer columns.
  const kept = bare === true ? { ...row, name: leftOut, reason: row['reason'] === null ? null : '' } : row;
  insertInto(db, 'runs', kept);
}

function copyEvents({ db: source, run, begin }: Source, db: DatabaseSync, { bare }: CopyOptions): void {
  const insert = db.prepare(insertEventSql);
  const select = `SELECT id, at, source, type, data FROM events WHERE ${inTimeFunction}(id)`;
  for (const row of arraysOf(source, select, [])) {
    begin();
    if (bare !== true) {
      insert.run(...row);
      continue;
    }
    const [id, at, from, type, data] = row;
    // Of an event that this version does not know nobody can say what in it is text.
    const event = eventOf({ id, at, source: from, type, data } as SqlRow, run);
    if (event !== null) insert.run(...eventValues(redactedEvent(event)));
  }
}

/** Kept states stay behind: they hold text of people, and are sealed for that file. */
function copyRounds({ db: source, begin }: Source, db: DatabaseSync, { bare }: CopyOptions): void {
  if (pragma(source, 'user_version') < 3) return;
  for (const [table, key] of [
    ['rounds', 'round'],
    ['contributions', 'id'],
  ] as const) {
    for (const row of source.prepare(`SELECT * FROM ${table} WHERE ${inTimeFunction}(${key})`).iterate()) {
      begin();
      insertInto(db, table, bare === true && 'reason' in row ? { ...row, reason: '' } : row);
    }
  }
}

function copyPackets({ db: source, begin }: Source, db: DatabaseSync, { minutes, bare }: CopyOptions): void {
  const columns = packetColumns.map(([name]) => name);
  const since = minutes === undefined ? Number.MIN_SAFE_INTEGER : newestPacket(source) - minutes * 60_000;
  const insert = db.prepare(insertPacketSql);
  const select = `SELECT ${columns.join(', ')} FROM packets NOT INDEXED WHERE at >= ? AND ${inTimeFunction}(id)`;
  for (const row of arraysOf(source, select, [since])) {
    begin();
    insert.run(...(bare === true ? barePacket(row, columns) : row));
  }
  if (bare === true) return;
  const insertBody = db.prepare(insertBodySql);
  const bodies = `SELECT packet, header, sample FROM bodies
    WHERE packet >= ifnull((SELECT min(id) FROM packets WHERE at >= ? AND ${inTimeFunction}(id)), 0) AND ${inTimeFunction}(packet)`;
  const isCopied = db.prepare('SELECT 1 FROM packets WHERE id = ?');
  for (const row of arraysOf(source, bodies, [since])) {
    begin();
    if (isCopied.get(row[0] as SQLInputValue) !== undefined) insertBody.run(...row);
  }
}

/** Whoever was not let in is known by an address alone, and may have called its streams what it liked. */
function barePacket(row: readonly SQLInputValue[], columns: readonly string[]): SQLInputValue[] {
  const stranger = row[columns.indexOf('participant')] === '';
  return row.map((value, i) => {
    if (columns[i] === 'note') return '';
    if (!stranger) return value;
    return columns[i] === 'peer' ? leftOut : columns[i] === 'stream' ? '' : value;
  });
}

function newestPacket(source: DatabaseSync): number {
  const row = source.prepare(`SELECT max(at) AS at FROM packets WHERE ${inTimeFunction}(id)`).get();
  return Number(row?.['at'] ?? 0);
}

/** Rows as lists: a run has many, and objects of so many columns cost more than the copy itself. */
function* arraysOf(source: DatabaseSync, sql: string, parameters: readonly number[]): Generator<SQLInputValue[]> {
  const statement = source.prepare(sql);
  statement.setReturnArrays(true);
  for (const row of statement.iterate(...parameters)) yield row as unknown as SQLInputValue[];
}

function insertInto(db: DatabaseSync, table: string, row: SqlRow): void {
  const names = Object.keys(row);
  const sql = `INSERT INTO ${table} (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`;
  db.prepare(sql).run(...names.map((name) => row[name] as SQLInputValue));
}
