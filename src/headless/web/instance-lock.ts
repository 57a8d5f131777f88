import { join } from 'node:path';
import { z } from 'zod';
import { holderOf, takeLock } from '#engine/durability/pid-lock.ts';

const noteSchema = z.object({
  port: z.number().int().min(1).max(65_535),
  /** What a later start proves itself with to the running one. Secret. */
  secret: z.string().max(100),
});

export type InstanceNote = z.infer<typeof noteSchema>;

/** The app that runs on a data folder; null: a lock that says no more than that somebody is there. */
export interface RunningInstance {
  readonly pid: number;
  readonly note: InstanceNote | null;
}

const lockName = 'browser-mode.lock';

/**
 * One app per data folder: two would record over each other's heads.
 * @returns the lock, or who holds it
 * @throws RoundscopeError `path_unwritable`, `disk_full`
 */
export function takeInstance(folder: string, note: InstanceNote): Disposable | RunningInstance {
  const taken = takeLock(join(folder, lockName), JSON.stringify(note));
  return Symbol.dispose in taken ? taken : { pid: taken.pid, note: readNote(taken.note) };
}

/** Who runs on the folder; null: nobody. */
export function runningInstance(folder: string): RunningInstance | null {
  const holder = holderOf(join(folder, lockName));
  return holder === null ? null : { pid: holder.pid, note: readNote(holder.note) };
}

function readNote(text: string): InstanceNote | null {
  try {
    const checked = noteSchema.safeParse(JSON.parse(text));
    return checked.success ? checked.data : null;
  } catch {
    // It is being written just now, or by another version.
    return null;
  }
}
