import { chmodSync, mkdirSync, statSync } from 'node:fs';

const folderMode = 0o700;
const others = 0o077;

/**
 * A folder that this program alone fills, for its owner's eyes: made so, and closed where an earlier version or somebody's
 * copy left it open. Where that cannot be done, the files in it are still closed.
 */
export function ownFolder(path: string): void {
  mkdirSync(path, { recursive: true, mode: folderMode });
  if (openTo(path) !== null && process.getuid?.() === statSync(path).uid) chmodSync(path, folderMode);
}

/** The mode of a folder that others may look into, such as `755`; null: nobody else may, or the system has no modes. */
export function openTo(path: string): string | null {
  if (process.platform === 'win32') return null;
  const { mode } = statSync(path);
  return (mode & others) === 0 ? null : (mode & 0o777).toString(8);
}
