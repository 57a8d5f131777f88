import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileMode, folderMode } from './atomic-file.ts';
import { diskError } from './disk-errors.ts';
import { isAlive, startOf } from './process-life.ts';

/** Who has a lock, and what it left in it for others. */
export interface LockHolder {
  readonly pid: number;
  readonly note: string;
}

/** A note is an address and a secret; a larger file is none of ours. */
const lockBytesMax = 4096;

/**
 * A file that one process holds at a time: its number, its beginning and a note for others. A lock whose process is gone
 * (killed, power cut) is taken over, and so is one whose number has been given to another process since.
 * @returns the lock, or who holds it
 * @throws RoundscopeError `path_unwritable`, `disk_full`
 */
export function takeLock(path: string, note = ''): Disposable | LockHolder {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: folderMode });
    for (let attempt = 0; attempt < 3; attempt++) {
      if (create(path, note)) return { [Symbol.dispose]: () => rmSync(path, { force: true }) };
      const holder = holderOf(path);
      if (holder !== null && !isFormerSelf(holder.pid)) return holder;
      rmSync(path, { force: true });
    }
  } catch (error) {
    throw diskError(path, error);
  }
  // Others take and leave it as fast as it is asked for.
  return { pid: 0, note: '' };
}

/** Who holds it; null: nobody. */
export function holderOf(path: string): LockHolder | null {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    // Just removed, or never there: nobody holds it.
    return null;
  }
  if (text.length > lockBytesMax) return null;
  const [first = '', ...rest] = text.split('\n');
  const [digits = '', start = ''] = first.split(' ');
  const pid = Number(digits);
  if (!Number.isSafeInteger(pid) || pid <= 0 || !isAlive(pid)) return null;
  // A number is given to another process sooner or later; when that one began tells them apart.
  return startOf(pid) === start ? { pid, note: rest.join('\n') } : null;
}

/** Where the system does not tell when a process began, a number that is ours now was another's at that time. */
function isFormerSelf(pid: number): boolean {
  return pid === process.pid && startOf(pid) === '';
}

function create(path: string, note: string): boolean {
  try {
    const file = openSync(path, 'wx', fileMode);
    try {
      writeSync(file, `${process.pid} ${startOf(process.pid)}\n${note}`);
    } finally {
      closeSync(file);
    }
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}
