import type { DatabaseSync } from 'node:sqlite';
import { RoundscopeError } from '#shared/base/errors.ts';

/** `RSCP`, in the file's header at byte 68, so that a recording is known without opening it. */
export const applicationId = 0x52534350;
/** Raised when a reader of the version before could not read it, or would misread it; see docs/recording-format.md. */
export const schemaVersion = 2;

/** The tables of docs/recording-format.md. Ids are given by whoever records and ascend. */
const tables = `
CREATE TABLE runs (
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
) STRICT;
CREATE TABLE events (
  id INTEGER PRIMARY KEY,
  at REAL NOT NULL,
  source TEXT NOT NULL,
  type TEXT NOT NULL,
  data TEXT NOT NULL
) STRICT;
CREATE TABLE packets (
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
) STRICT;
CREATE TABLE bodies (
  packet INTEGER PRIMARY KEY,
  header TEXT NOT NULL,
  sample BLOB
) STRICT;
`;

/** Makes the tables in an empty file. */
export function createTables(db: DatabaseSync): void {
  db.exec(`PRAGMA page_size = 4096; PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${schemaVersion};`);
  db.exec(tables);
}

/** Refuses what is not a recording of ours, or is of a later version. */
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
}

export function pragma(db: DatabaseSync, name: string): number {
  return Number(Object.values(db.prepare(`PRAGMA ${name}`).get() ?? { none: 0 })[0]);
}
