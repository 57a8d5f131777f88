import { readFileSync, rmSync, statSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { exclusively } from './exclusive.mjs';
import { installPackages } from './npm.mjs';
import { cacheFolder, demandWritable, inRoot, root } from './paths.mjs';
import { SetUpError, step } from './say.mjs';
import { hashOf, readStamp, writeStamp } from './stamp.mjs';

const lockfile = inRoot('package-lock.json');
/** npm writes it last, so a folder without it was left half-way. */
const installedLock = inRoot('node_modules', '.package-lock.json');
/** Tells that everything that could be had was installed: what is optional and still not there cannot be had. */
const stamp = join(cacheFolder, 'installed.json');

/** `glibc` or `musl`, as packages name it. */
function libcHere() {
  if (process.platform !== 'linux') return undefined;
  return process.report.getReport().header.glibcVersionRuntime ? 'glibc' : 'musl';
}

function isForHere({ os, cpu, libc }, { platform, arch }) {
  const fits = (list, value) => list === undefined || list.includes(value);
  return fits(os, platform) && fits(cpu, arch) && (libc === undefined || fits(libc, libcHere()));
}

function isNative({ optional, os, cpu }) {
  return optional === true && (os !== undefined || cpu !== undefined);
}

/**
 * Packages of a lockfile that this machine needs and that `folder` does not hold in the locked version, by npm's own list
 * of what it installed and by a look: an install that left out the development packages writes such a list too, and what
 * is deleted afterwards stays on it.
 * @param what `native`: builds for this platform, which a registry may rightly lack
 */
export function missingPackages(lock, folder, { what, platform = process.platform, arch = process.arch }) {
  const installed = readStamp(join(folder, 'node_modules', '.package-lock.json'))?.packages ?? {};
  const isThere = (path, { version }) =>
    installed[path]?.version === version && statSync(join(folder, path, 'package.json'), { throwIfNoEntry: false });
  return Object.entries(lock.packages)
    .filter(([path, entry]) => path !== '' && !entry.link && (what === 'native' ? isNative(entry) : !entry.optional))
    .filter(([path, entry]) => isForHere(entry, { platform, arch }) && !isThere(path, entry))
    .map(([path]) => path);
}

/** Packages to install, in the words of npm's list; none: everything is there. */
function findMissing() {
  const lock = JSON.parse(readFileSync(lockfile, 'utf8'));
  const missing = missingPackages(lock, root, { what: 'needed' });
  if (missing.length > 0 || readStamp(stamp)?.lockHash === hashOf([lockfile])) return missing;
  return missingPackages(lock, root, { what: 'native' });
}

/** What node_modules takes. */
const neededMb = 800;

function freeMb() {
  const { bavail, bsize } = statfsSync(root);
  return Math.floor((bavail * bsize) / 1e6);
}

/** Looked at first: npm takes minutes to fill the disk, removes what it has written, and often does not say why. */
function demandRoom() {
  if (freeMb() >= neededMb) return;
  throw new SetUpError(`The disk of ${root} has ${freeMb()} MB left; the dependencies need about ${neededMb} MB.`, {
    tell: 'Make room, or clone it to a larger disk.',
  });
}

async function install() {
  const missing = findMissing();
  if (missing.length === 0) return;
  const isFirst = !statSync(installedLock, { throwIfNoEntry: false });
  if (isFirst) demandRoom();
  const what = isFirst
    ? `Installing dependencies (about ${neededMb} MB on disk, a minute or two)`
    : `Updating dependencies (${missing.length} to install)`;
  await step(what, async () => {
    // npm believes its own list, also where something that is on it was deleted.
    if (!isFirst) rmSync(installedLock, { force: true });
    // `npm ci` removes the whole folder first, which fails on Windows for a program that runs from it.
    // What is installed is never written into the lockfile: another npm would write it otherwise.
    await installPackages(isFirst ? ['ci'] : ['install', '--no-save']);
  });
  writeStamp(stamp, { lockHash: hashOf([lockfile]) });
  const still = findMissing();
  if (still.length > 0) {
    throw new SetUpError(`npm left out ${still.length} packages: ${still.slice(0, 3).join(', ')} …`, {
      tell: 'Remove the folder node_modules and run the same command again.',
    });
  }
}

/** Installs into node_modules what the lockfile names and is not there. */
export async function ensureModules() {
  if (findMissing().length === 0) return;
  demandWritable('Dependencies have to be installed');
  await exclusively('installs', install);
}
