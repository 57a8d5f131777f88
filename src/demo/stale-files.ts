import { taskFailed } from '#shared/base/spawn.ts';
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** A demo renews its journal at each round; one that has not for so long is over, and nobody was left to tidy up. */
const forgottenMs = 24 * 3600 * 1000;

/** Removes the state of demos whose own processes could not: they were all killed at once. */
export async function removeStaleFiles(folder: string, nowMs: number): Promise<void> {
  // No folder: there has been no demo yet.
  const names = await readdir(folder).catch(() => []);
  for (const name of names) {
    const path = join(folder, name);
    try {
      const { mtimeMs } = await stat(join(path, 'coordinator')).catch(() => stat(path));
      if (nowMs - mtimeMs > forgottenMs) await rm(path, { recursive: true, force: true });
    } catch (error) {
      // Another demo that starts now may have removed it.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') taskFailed('removing what an earlier demo left', error);
    }
  }
}
