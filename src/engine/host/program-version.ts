import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** From this file up to the root: 3 in a checkout, 2 or 3 in a build. */
const levelsMax = 4;

/** Version of this program, as its package file says; `0.0.0` where that is not there. */
export function programVersion(from: string = dirname(fileURLToPath(import.meta.url))): string {
  let folder = from;
  for (let level = 0; level <= levelsMax; level++) {
    const path = join(folder, 'package.json');
    if (existsSync(path)) return versionIn(readFileSync(path, 'utf8'));
    folder = dirname(folder);
  }
  return '0.0.0';
}

function versionIn(text: string): string {
  const { version } = JSON.parse(text) as { version?: unknown };
  return typeof version === 'string' ? version.slice(0, 40) : '0.0.0';
}
