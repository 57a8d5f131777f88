import type { DatabaseSync } from 'node:sqlite';
import { RoundscopeError } from '#shared/base/errors.ts';

/** `RSCP`, in the file's header at byte 68, so that a recording is known without opening it. */
export const applicationId = 0x52534350;
/** Raised when a reader of the version before could not read it, or would misread it; see docs/recording-format.md. */
export const schemaVersion = 3;

/** The tables of docs/recording-format.md. Ids are given by whoever records and ascend. */
const firstTables: Readonly<Record<string, string>> = {
  runs: `CREATE TABLE runs (
  run TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  started_at REAL NOT NULL,
  ended_at REAL,
  status TEXT,
  reason TEXT,
  recorder TEXT NOT NULL,
  dropped_packets INTEGER NOT NULL DEFAULT 0,
  dropped_events INTEGER NOT NULL DEFAULT 0,
  malformed_rows INTEGER NOT NULL DEFAULT 0,
  cut_bodies INTEGER NOT NULL DEFAULT 0,
  removed_packets INTEGER NOT NULL DEFAULT 0,
  removed_bodies INTEGER NOT NULL DEFAULT 0,
  removed_events INTEGER NOT NULL DEFAULT 0
) STRICT`,
  events: `CREATE TABLE events (
  id INTEGER PRIMARY KEY,
  at REAL NOT NULL,
  source TEXT NOT NULL,
  type TEXT NOT NULL,
  data TEXT NOT NULL
) STRICT`,
  packets: `CREATE TABLE packets (
  id INTEGER PRIMARY KEY,
  at REAL NOT NULL,
  source TEXT NOT NULL,
  peer TEXT NOT NULL,
  participant TEXT NOT NULL,
  direction TEXT NOT NULL,
  side TEXT NOT NULL,
  protocol TEXT NOT NULL,
  stack TEXT NOT NULL,
  kind TEXT NOT NULL,
  round INTEGER NOT NULL,
  message_id TEXT NOT NULL,
  reply_to TEXT NOT NULL,
  size_bytes INTEGER NOT NULL,
  connection INTEGER NOT NULL,
  stream TEXT NOT NULL,
  chunk TEXT NOT NULL,
  status TEXT NOT NULL,
  duration_ms REAL,
  body_bytes INTEGER NOT NULL,
  note TEXT NOT NULL,
  gap_ms REAL
) STRICT`,
  bodies: `CREATE TABLE bodies (
  packet INTEGER PRIMARY KEY,
  header TEXT NOT NULL,
  sample BLOB
) STRICT`,
};
/** Those that format 3 has besides. No two tables with a number as their key have as many columns: a file that was cut tells them by that. */
const laterTables: Readonly<Record<string, string>> = {
  states: `CREATE TABLE states (
  event INTEGER PRIMARY KEY,
  due_at REAL NOT NULL,
  projection INTEGER NOT NULL,
  event_hash BLOB NOT NULL,
  size_bytes INTEGER NOT NULL,
  state BLOB NOT NULL,
  seal BLOB NOT NULL
) STRICT`,
  rounds: `CREATE TABLE rounds (
  round INTEGER PRIMARY KEY,
  state TEXT NOT NULL,
  started_at REAL NOT NULL,
  ended_at REAL,
  duration_ms REAL,
  selected INTEGER NOT NULL,
  counted INTEGER NOT NULL,
  loss REAL,
  accuracy REAL,
  bytes_down INTEGER,
  model_after TEXT NOT NULL
) STRICT`,
  contributions: `CREATE TABLE contributions (
  id INTEGER PRIMARY KEY,
  round INTEGER NOT NULL,
  participant TEXT NOT NULL,
  at REAL NOT NULL,
  counted INTEGER NOT NULL,
  reason TEXT NOT NULL,
  examples INTEGER NOT NULL,
  size_bytes INTEGER NOT NULL,
  loss REAL,
  accuracy REAL,
  norm REAL,
  share REAL
) STRICT`,
};
/** Columns of these, by which a row that lies in a file that was cut is known. */
export const laterColumns = { states: 7, rounds: 11, contributions: 12 } as const;
/**
 * For what people ask of millions of packets (`filter-index.ts`). Those of what is rare hold the rare rows alone, so that
 * they cost a run next to nothing.
 */
const indices: Readonly<Record<string, string>> = {
  packets_at: 'CREATE INDEX packets_at ON packets (at)',
  packets_kind: 'CREATE INDEX packets_kind ON packets (kind COLLATE NOCASE)',
  packets_participant: 'CREATE INDEX packets_participant ON packets (participant COLLATE NOCASE, id, round)',
  packets_message: `CREATE INDEX packets_message ON packets (message_id COLLATE NOCASE) WHERE message_id <> ''`,
  packets_status: `CREATE INDEX packets_status ON packets (status COLLATE NOCASE) WHERE status <> 'ok'`,
  packets_silence: 'CREATE INDEX packets_silence ON packets (id, kind, gap_ms) WHERE gap_ms >= 1000',
};
const tables = { ...firstTables, ...laterTables };
/** Columns of `runs` that format 1 did not have. */
const newInFormat2 = /\b(malformed_rows|cut_bodies) INTEGER NOT NULL DEFAULT 0, /g;

/** Makes the tables in an empty file. */
export function createTables(db: DatabaseSync): void {
  db.exec(`PRAGMA page_size = 4096; PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${schemaVersion};`);
  // At once: each by itself would write its pages, and the schema's, once more, which a disk that is nearly full does not take.
  db.exec(['BEGIN', ...Object.values(tables), ...Object.values(indices), 'COMMIT'].join(';'));
}

/**
 * Refuses what is not a recording of ours, or is of a later version. A file from elsewhere may call itself one and hold a
 * view without end, a trigger or a table of an extension, which every question to it would run: it has our tables, to the
 * letter, and nothing else.
 * @throws RoundscopeError `recording_invalid`
 */
export function checkSchema(db: DatabaseSync, path: string): void {
  const application = pragma(db, 'application_id');
  const version = pragma(db, 'user_version');
  if (application !== applicationId) {
    throw new RoundscopeError('recording_invalid', {
      layer: 'recorder',
      message: `${path} is not a recording of Roundscope`,
      context: { path },
    });
  }
  if (version > schemaVersion) {
    throw new RoundscopeError('recording_invalid', {
      layer: 'recorder',
      message: `${path} was recorded by a later version of Roundscope (format ${version}, this one reads up to ${schemaVersion}): update`,
      context: { path },
    });
  }
  checkTables(db, { path, version });
}

function checkTables(db: DatabaseSync, { path, version }: { readonly path: string; readonly version: number }): void {
  const expected = new Map(
    version < 3 ? entriesOf('table', firstTables) : [...entriesOf('table', tables), ...entriesOf('index', indices)],
  );
  const missing = new Set(expected.keys());
  for (const { type, name, sql } of db.prepare('SELECT type, name, sql FROM sqlite_schema').iterate()) {
    // SQLite's own, for the primary key of `runs`.
    if (type === 'index' && name === 'sqlite_autoindex_runs_1' && sql === null) continue;
    const key = `${String(type)} "${String(name)}"`;
    const known = expected.get(key);
    const wanted = version === 1 ? plain(known ?? '').replace(newInFormat2, '') : plain(known ?? '');
    if (known === undefined || plain(String(sql)) !== wanted) {
      throw new RoundscopeError('recording_invalid', {
        layer: 'recorder',
        message:
          `${path} calls itself a recording of Roundscope, and has a ${String(type).slice(0, 20)} ` +
          `"${String(name).slice(0, 60)}" that is none of a recording's: it was made or changed by something else, and is not opened`,
        context: { path },
      });
    }
    missing.delete(key);
  }
  const [first] = missing;
  if (first === undefined) return;
  throw new RoundscopeError('recording_invalid', {
    layer: 'recorder',
    message: `${path} is no whole recording: it has no ${first}`,
    context: { path },
  });
}

function entriesOf(type: string, named: Readonly<Record<string, string>>): (readonly [string, string])[] {
  return Object.entries(named).map(([name, sql]) => [`${type} "${name}"`, sql]);
}

/** Blanks are written otherwise where SQLite has changed a table. */
function plain(sql: string): string {
  return sql.replaceAll(/\s+/g, ' ');
}

export function pragma(db: DatabaseSync, name: string): number {
  return Number(Object.values(db.prepare(`PRAGMA ${name}`).get() ?? { none: 0 })[0]);
}
