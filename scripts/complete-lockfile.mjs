/**
 * Completes package-lock.json with the native builds for other systems, each with its hash. For development only; run it
 * after changing a dependency.
 *
 * Native packages come as one optional dependency per platform. A mirror that carries only some of them makes
 * `npm install` write a lockfile without the others, and `npm ci` then refuses it everywhere. So npm is asked first for
 * every entry that is missing or has no hash; what the registry does not have is written from what its parent names (exact
 * version) and from the platform in its own name, without a hash, and told: test/architecture/package.test.ts holds the
 * list of those that may stay so.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { inRoot } from './lib/paths.mjs';
import { platformOf } from './lib/platform-of.mjs';

const lockPath = inRoot('package-lock.json');
const readLock = () => JSON.parse(readFileSync(lockPath, 'utf8'));

function writeLock(lock) {
  const root = lock.packages[''];
  const rest = Object.entries(lock.packages).filter(([path]) => path !== '');
  rest.sort(([a], [b]) => a.localeCompare(b, 'en'));
  writeFileSync(
    lockPath,
    `${JSON.stringify({ ...lock, packages: { '': root, ...Object.fromEntries(rest) } }, null, 2)}\n`,
  );
}

/** As Node resolves it: the nearest node_modules upwards from the parent's own folder. */
function isLocked(lock, parentPath, name) {
  for (let at = parentPath; ; at = at.slice(0, Math.max(0, at.lastIndexOf('/node_modules/')))) {
    if (lock.packages[`${at === '' ? '' : `${at}/`}node_modules/${name}`]) return true;
    if (at === '') return false;
    if (!at.includes('/node_modules/')) return Boolean(lock.packages[`node_modules/${name}`]);
  }
}

/** Lets npm resolve again what has no hash; every other entry stays as it is. */
function askNpm() {
  const lock = readLock();
  for (const [path, entry] of Object.entries(lock.packages))
    if (path !== '' && !entry.integrity) delete lock.packages[path];
  writeLock(lock);
  const args = ['install', '--package-lock-only', '--ignore-scripts', '--loglevel=error'];
  execFileSync('npm', args, { cwd: inRoot(), stdio: 'inherit', shell: process.platform === 'win32' });
}

function addMissing(lock) {
  for (const [parentPath, parent] of Object.entries(lock.packages)) {
    for (const [name, version] of Object.entries(parent.optionalDependencies ?? {})) {
      if (isLocked(lock, parentPath, name)) continue;
      const platform = platformOf(name);
      if (!platform || !/^\d+\.\d+\.\d+/.test(version)) {
        console.warn(`left out: ${name}@${version} of ${parentPath || 'the root'} (no platform or no exact version)`);
        continue;
      }
      lock.packages[`node_modules/${name}`] = {
        version,
        ...platform,
        ...(parent.dev && { dev: true }),
        optional: true,
      };
    }
  }
}

askNpm();
const lock = readLock();
addMissing(lock);
writeLock(lock);
const bare = Object.entries(lock.packages).filter(([path, { integrity }]) => path !== '' && !integrity);
console.log(`package-lock.json: ${Object.keys(lock.packages).length - 1} packages, ${bare.length} without a hash`);
for (const [path, { version }] of bare)
  console.log(`  ${path.slice(path.lastIndexOf('node_modules/') + 13)}@${version}`);
