import { closeSync, openSync } from 'node:fs';
import { RoundscopeError } from '#shared/base/errors.ts';

/**
 * Takes the name for a recording that its owner alone can read: no file is ever written over, and what fails does so with the
 * system's own reason. What SQLite puts beside it gets the same mode.
 */
export function createFile(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw new RoundscopeError('path_unwritable', {
      layer: 'recorder',
      message: `${path} exists already, and recordings are never written over: choose another name, or move that file away`,
      cause: error,
      context: { path },
    });
  }
}
