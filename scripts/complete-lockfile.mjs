/**
 * Adds the builds of other platforms to package-lock.json.
 *
 * Native packages come as one optional dependency per platform. A registry mirror that carries only some of them makes
 * `npm install` write a lockfile without the others, and `npm ci` then refuses it everywhere. This writes the missing
 * entries from what their parents name (exact version) and from the platform in their own name. They carry no integrity
 * hash, so a full registry fills that in on its next `npm install`. Run it after changing a dependency.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { platformOf } from './lib/platform-of.mjs';

const lockPath = new URL('../package-lock.json', import.meta.url);
const lock = JSON.parse(readFileSync(lockPath, 'utf8'));

/** As Node resolves it: the nearest node_modules upwards from the parent's own folder. */
function isLocked(parentPath, name) {
  for (let at = parentPath; ; at = at.slice(0, Math.max(0, at.lastIndexOf('/node_modules/')))) {
    if (lock.packages[`${at === '' ? '' : `${at}/`}node_modules/${name}`]) return true;
    if (at === '') return false;
    if (!at.includes('/node_modules/')) {
      return Boolean(lock.packages[`node_modules/${name}`]);
    }
  }
}

let added = 0;
for (const [parentPath, parent] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(parent.optionalDependencies ?? {})) {
    if (isLocked(parentPath, name)) continue;
    const platform = platformOf(name);
    if (!platform || !/^\d+\.\d+\.\d+/.test(version)) {
      console.warn(`left out: ${name}@${version} of ${parentPath || 'the root'} (no platform or no exact version)`);
      continue;
    }
    lock.packages[`node_modules/${name}`] = {
      version,
      ...platform,
      ...(parent.dev ? { dev: true } : {}),
      optional: true,
    };
    added++;
  }
}

const root = lock.packages[''];
const rest = Object.entries(lock.packages).filter(([path]) => path !== '');
rest.sort(([a], [b]) => a.localeCompare(b, 'en'));
lock.packages = { '': root, ...Object.fromEntries(rest) };
writeFileSync(lockPath, `${JSON.stringify(lock, null, 2)}\n`);
console.log(`package-lock.json: ${added} builds of other platforms added`);
