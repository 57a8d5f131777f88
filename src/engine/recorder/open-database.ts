import { DatabaseSync } from 'node:sqlite';
import type { Clock } from '#shared/base/clock.ts';
import { RoundscopeError } from '#shared/base/errors.ts';
import { limits } from '#shared/contract/limits.ts';
import { checkSchema } from './schema.ts';

/** How long one question may take; a file that was made to be read for ever is given up after that. */
export interface ReadingLimit {
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly ms: number;
}

/** SQL function of a row's id that is 1 as long as there is time, and ends the query when there is none; asked for each row that is looked at. */
export const inTimeFunction = 'in_time';

export interface OpenedDatabase {
  readonly db: DatabaseSync;
  /** A new question begins: its time runs from now on. */
  readonly begin: () => void;
}

/**
 * Opens a recording for questions, whoever made it: read-only, with the schema of a recording and nothing else, with values
 * of a bounded length, cells judged by SQLite as it reads them, and a limit of time.
 * @throws RoundscopeError `recording_invalid`, or SQLite's own error
 */
export function openToRead(path: string, limit: ReadingLimit): OpenedDatabase {
  const db = new DatabaseSync(path, {
    readOnly: true,
    timeout: 5000,
    defensive: true,
    limits: { length: limits.recordedValueBytesMax },
  });
  try {
    db.exec('PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0;');
    checkSchema(db, path);
    let untilMs = 0;
    const begin = (): void => void (untilMs = limit.clock.monotonicMs() + limit.ms);
    begin();
    db.function(inTimeFunction, (_id) => {
      if (limit.clock.monotonicMs() < untilMs) return 1;
      throw new RoundscopeError('recording_invalid', {
        layer: 'recorder',
        message:
          `${path} took more than ${Math.round(limit.ms / 1000)} s to answer one question and was given up: it is damaged, ` +
          'was made to keep its reader busy, or lies on a disk that hardly answers; copy it to a local disk, or leave it alone',
        context: { path },
      });
    });
    return { db, begin };
  } catch (error) {
    db.close();
    throw error;
  }
}
