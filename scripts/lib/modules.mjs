import { readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { runNpm } from './npm.mjs';
import { cacheFolder, demandWritable, inRoot } from './paths.mjs';
import { SetUpError, step } from './say.mjs';
import { hashOf, readStamp, writeStamp } from './stamp.mjs';

const lockfile = inRoot('package-lock.json');
/** npm writes it last, so a folder without it was left half-way. */
const installedLock = inRoot('node_modules', '.package-lock.json');
const stamp = join(cacheFolder, 'installed.json');

function modifiedMs(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function namesOf(field, value) {
  return field === undefined || field.includes(value);
}

/**
 * Packages of a lockfile that this machine needs and that are not in `folder`. A stamp and npm's own list say what was
 * meant to be there: an install that left out the development packages writes both. What is optional may rightly be missing.
 */
export function missingPackages(lock, folder, { platform, arch } = process) {
  return Object.entries(lock.packages)
    .filter(([path, entry]) => path !== '' && !entry.optional && !entry.peer && !entry.devOptional)
    .filter(([, { os, cpu }]) => namesOf(os, platform) && namesOf(cpu, arch))
    .map(([path]) => path)
    .filter((path) => !statSync(join(folder, path, 'package.json'), { throwIfNoEntry: false }));
}

/** Whether node_modules belongs to this lockfile, by the stamp of these scripts or by npm's own list. */
function isOfThisLock() {
  if (modifiedMs(installedLock) === 0) return false;
  // Installed by hand: then npm has written its own list after the lockfile was.
  return readStamp(stamp)?.lockHash === hashOf([lockfile]) || modifiedMs(installedLock) >= modifiedMs(lockfile);
}

/** Installs node_modules when it is missing, incomplete or older than the lockfile. */
export async function ensureModules() {
  const lock = JSON.parse(readFileSync(lockfile, 'utf8'));
  const missing = () => missingPackages(lock, inRoot());
  const isFirst = modifiedMs(installedLock) === 0;
  if (!isFirst && isOfThisLock() && missing().length === 0) return;
  const what = isFirst
    ? 'Installing dependencies (about 800 MB on disk, a minute or two)'
    : isOfThisLock()
      ? `Installing what an earlier install left out (${missing().length} packages)`
      : 'Updating dependencies';
  demandWritable('Dependencies have to be installed');
  await step(what, async () => {
    // npm believes its own list, also where a package that it names was removed since.
    if (!isFirst && isOfThisLock()) rmSync(installedLock, { force: true });
    // `npm ci` removes the whole folder first, which fails on Windows for a program that runs from it.
    // What is installed is never written into the lockfile: another npm would write it otherwise.
    await runNpm(isFirst ? ['ci'] : ['install', '--no-save']);
  });
  const still = missing();
  if (still.length > 0) {
    throw new SetUpError(`npm left out ${still.length} packages: ${still.slice(0, 3).join(', ')} …`, {
      tell: 'Remove the folder node_modules and run the same command again.',
    });
  }
  writeStamp(stamp, { lockHash: hashOf([lockfile]) });
}
