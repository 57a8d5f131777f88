import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { root } from './paths.mjs';

/** Contents of a JSON file, or `undefined` when it is missing or damaged: a stamp that cannot be read is no stamp. */
export function readStamp(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

export function writeStamp(path, value) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify(value)}\n`);
}

/** Files below `path`, sorted; a file stands for itself, a missing one for nothing. */
function listFiles(path) {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats) return [];
  if (stats.isFile()) return [path];
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort();
}

/**
 * One hash over names and contents of files and folders. Contents rather than times: a fresh clone, a restored cache
 * and a branch switched forth and back all change times without changing anything. Paths count from the checkout, which
 * may be moved.
 * @param {(path: string) => boolean} [leaveOut]
 */
export function hashOf(paths, leaveOut = () => false) {
  const hash = createHash('sha256');
  for (const path of paths.flatMap(listFiles)) {
    if (leaveOut(path)) continue;
    const bytes = readFileSync(path);
    hash.update(`${relative(root, path)}\0${bytes.length}\0`).update(bytes);
  }
  return hash.digest('hex');
}
