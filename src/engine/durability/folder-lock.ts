import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { RoundscopeError } from '#shared/base/errors.ts';
import { fileMode, folderMode } from './atomic-file.ts';
import { diskError } from './disk-errors.ts';
import { isAlive, startOf } from './process-life.ts';

/**
 * One process per state folder: two would speak for one participant, or write one journal. A lock whose process is gone is
 * taken over, so a killed process does not keep its successor out.
 * @throws RoundscopeError `state_in_use` with the process that has it, `path_unwritable`
 */
export function lockFolder(folder: string): Disposable {
  const path = join(folder, 'lock');
  try {
    mkdirSync(folder, { recursive: true, mode: folderMode });
    for (let attempt = 0; attempt < 3; attempt++) {
      if (create(path)) return { [Symbol.dispose]: () => rmSync(path, { force: true }) };
      const holder = holderOf(path);
      if (holder !== null && holder !== process.pid && isAlive(holder)) throw inUse(folder, holder);
      rmSync(path, { force: true });
    }
  } catch (error) {
    throw diskError(path, error);
  }
  throw inUse(folder, 0);
}

function create(path: string): boolean {
  try {
    const file = openSync(path, 'wx', fileMode);
    writeSync(file, `${process.pid} ${startOf(process.pid)}`);
    closeSync(file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function holderOf(path: string): number | null {
  try {
    const [pid = '', start = ''] = readFileSync(path, 'utf8').split(' ');
    const number = Number(pid);
    // A number is given to another process sooner or later; when that one began tells them apart.
    return Number.isSafeInteger(number) && number > 0 && startOf(number) === start ? number : null;
  } catch {
    // Just removed: nobody holds it.
    return null;
  }
}

function inUse(folder: string, pid: number): RoundscopeError {
  return new RoundscopeError('state_in_use', {
    layer: 'application',
    message: `Another process (${pid}) uses the state folder ${folder}.`,
    context: { path: folder, pid },
  });
}
