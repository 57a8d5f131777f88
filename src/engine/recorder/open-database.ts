import { statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { Clock } from '#shared/base/time/clock.ts';
import { RoundscopeError } from '#shared/base/errors.ts';
import { limits } from '#shared/contract/limits.ts';
import { overruled } from './errors.ts';
import { isCut } from './salvage/page-source.ts';
import { salvage, type Salvaged } from './salvage/salvage.ts';
import { checkSchema } from './schema.ts';

/**
 * Result codes of SQLite (sqlite.org/rescode.html) for a file that it cannot read as it lies: with rows in a companion, on a
 * disk that takes nothing (8, 14), or with pages missing (11).
 */
const notInPlace: ReadonlySet<number> = new Set([8, 11, 14]);

/** How long one question may take; a file that was made to be read for ever is given up after that. */
export interface ReadingLimit {
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly ms: number;
  /** A newer question has taken the place of the one that is being answered. */
  readonly isOverruled?: () => boolean;
}

/** SQL function of a row's id that is 1 as long as there is time, and ends the query when there is none; asked for each row that is looked at. */
export const inTimeFunction = 'in_time';

export interface OpenedDatabase {
  readonly db: DatabaseSync;
  /** A new question begins: its time runs from now on. */
  readonly begin: () => void;
  /** Between two pieces of a question. @throws RoundscopeError its time is over */
  readonly goOn: () => void;
  /** What is missing at the end of a file that was cut, in a sentence or two; null: nothing. */
  readonly cut: string | null;
}

/**
 * Opens a recording for questions, whoever made it: read-only, with the schema of a recording and nothing else, with values
 * of a bounded length, cells checked by SQLite as it reads them, and a limit of time. One that was cut, or that SQLite cannot
 * read where it lies, is read page by page (`salvage`); in no case is anything written to it.
 * @throws RoundscopeError `recording_invalid`, or SQLite's own error
 */
export function openToRead(path: string, limit: ReadingLimit): OpenedDatabase {
  let untilMs = limit.clock.monotonicMs() + limit.ms;
  const begin = (): void => void (untilMs = limit.clock.monotonicMs() + limit.ms);
  const inTime = (): boolean => limit.clock.monotonicMs() < untilMs;
  const { db, cut } = readable(path, inTime);
  begin();
  const goOn = (): void => {
    if (limit.isOverruled?.() === true) throw overruled();
    if (inTime()) return;
    throw new RoundscopeError('recording_invalid', {
      layer: 'recorder',
      message:
        `${path} took more than ${Math.round(limit.ms / 1000)} s to answer one question and was given up: it is damaged, ` +
        'was made to keep its reader busy, or lies on a disk that hardly answers; copy it to a local disk, or leave it alone',
      context: { path },
    });
  };
  db.function(inTimeFunction, (_id) => {
    goOn();
    return 1;
  });
  return { db, begin, goOn, cut };
}

function readable(path: string, inTime: () => boolean): Salvaged {
  // Opening a pipe waits for whoever writes into it, for ever.
  if (statSync(path, { throwIfNoEntry: false })?.isFile() === false)
    throw new RoundscopeError('recording_invalid', {
      layer: 'recorder',
      message: `${path} is no file, and so no recording`,
      context: { path },
    });
  const salvaged = isCut(path) ? salvage(path, inTime) : null;
  if (salvaged !== null) return salvaged;
  try {
    return { db: openInPlace(path), cut: null };
  } catch (error) {
    const { errcode } = error as { readonly errcode?: number };
    const other = errcode !== undefined && notInPlace.has(errcode & 0xff) ? salvage(path, inTime) : null;
    if (other === null) throw error;
    return other;
  }
}

function openInPlace(path: string): DatabaseSync {
  const db = new DatabaseSync(path, {
    readOnly: true,
    timeout: 5000,
    defensive: true,
    limits: { length: limits.recordedValueBytesMax },
  });
  try {
    db.exec('PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0;');
    checkSchema(db, path);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}
