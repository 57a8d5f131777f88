import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder, inRoot, outerEnvironment } from './paths.mjs';
import { launch } from './launch.mjs';
import { SetUpError, say, step } from './say.mjs';
import { hashOf, readStamp, writeStamp } from './stamp.mjs';

const lockfile = inRoot('package-lock.json');
/** npm writes it last, so a folder without it was left half-way. */
const installedLock = inRoot('node_modules', '.package-lock.json');

function modifiedMs(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/** Whether node_modules is complete and belongs to this lockfile. */
function modulesFit(lockHash) {
  if (!existsSync(installedLock)) return false;
  if (readStamp(join(cacheFolder(), 'installed.json'))?.lockHash === lockHash) return true;
  // Installed by hand: then npm has written its own list after the lockfile was.
  return modifiedMs(installedLock) >= modifiedMs(lockfile);
}

/** Installs node_modules when it is missing, incomplete or older than the lockfile. */
export async function ensureModules() {
  const lockHash = hashOf([lockfile]);
  if (modulesFit(lockHash)) return;
  const isFirst = !existsSync(installedLock);
  const what = isFirst ? 'Installing dependencies (about 800 MB on disk, a minute or two)' : 'Updating dependencies';
  await step(what, async () => {
    // `npm ci` removes the whole folder first, which fails on Windows for a program that runs from it.
    const args = [isFirst ? 'ci' : 'install', '--no-audit', '--no-fund', '--loglevel=error'];
    // npm is a .cmd file on Windows, which only a shell can start.
    const shell = process.platform === 'win32';
    const result = await launch('npm', args, { env: outerEnvironment(), shell }).catch((cause) => {
      throw new SetUpError('npm could not be started.', { tell: 'Install Node.js 20 or newer with npm.', cause });
    });
    if (result.status !== 0) {
      throw new SetUpError(`npm ${args[0]} ended with status ${result.status}.`, {
        tell: 'Its own words are above. Without a network, or behind a proxy, set npm\'s "registry" or "proxy" first.',
      });
    }
  });
  writeStamp(join(cacheFolder(), 'installed.json'), { lockHash });
  if (!existsSync(installedLock)) say('  npm left no list of what it installed; the next start will install again.');
}
