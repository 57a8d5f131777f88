import { mkdirSync, openSync, readFileSync, rmSync, writeSync, closeSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const lockSchema = z.object({
  pid: z.number().int().positive(),
  port: z.number().int().min(1).max(65_535),
  /** What a later start proves itself with to the running one; empty in the lock of an older version. Secret. */
  secret: z.string().max(100).default(''),
});
export type RunningInstance = z.infer<typeof lockSchema>;

/** One app per data folder: two would record over each other's heads. */
export class InstanceLock implements Disposable {
  readonly #path: string;

  /** The lock, or who holds it. A lock whose process is gone (killed, power cut) is taken over. */
  static take(folder: string, instance: RunningInstance): InstanceLock | RunningInstance {
    mkdirSync(folder, { recursive: true });
    const path = join(folder, 'browser-mode.lock');
    for (let attempt = 0; attempt < 2; attempt++) {
      try {
        const file = openSync(path, 'wx', 0o600);
        writeSync(file, JSON.stringify(instance));
        closeSync(file);
        return new InstanceLock(path);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
        const holder = readHolder(path);
        if (holder !== null && isAlive(holder.pid)) return holder;
        rmSync(path, { force: true });
      }
    }
    return { pid: 0, port: 0, secret: '' };
  }

  /** Who runs on the folder; null: nobody. */
  static holder(folder: string): RunningInstance | null {
    const holder = readHolder(join(folder, 'browser-mode.lock'));
    return holder !== null && isAlive(holder.pid) ? holder : null;
  }

  private constructor(path: string) {
    this.#path = path;
  }

  [Symbol.dispose](): void {
    rmSync(this.#path, { force: true });
  }
}

function readHolder(path: string): RunningInstance | null {
  try {
    const judged = lockSchema.safeParse(JSON.parse(readFileSync(path, 'utf8')));
    return judged.success ? judged.data : null;
  } catch {
    // Half written or just removed: nobody holds it.
    return null;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
