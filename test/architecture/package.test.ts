import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

interface Package {
  readonly version?: string;
  readonly resolved?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

function readJson<T>(path: string): T {
  return JSON.parse(readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')) as T;
}

const manifest = readJson<Package>('package.json');
const lock = readJson<{ readonly packages: Readonly<Record<string, Package>> }>('package-lock.json');

describe('package', () => {
  test('every dependency has an exact version', () => {
    const all = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies });
    assert.ok(all.length > 20, `only ${all.length} dependencies read`);
    assert.deepEqual(
      all.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version)),
      [],
    );
  });

  test('the lockfile names no registry', () => {
    const named = Object.entries(lock.packages).filter(([, entry]) => entry.resolved?.startsWith('http'));
    assert.deepEqual(
      named.map(([path]) => path),
      [],
      'set omit-lockfile-registry-resolved=true and make the lockfile again',
    );
  });

  // A registry mirror without the builds for other systems makes npm leave them out, and `npm ci` then fails anywhere.
  test('the lockfile holds the native builds of every platform', () => {
    const missing = Object.values(lock.packages).flatMap((entry) =>
      Object.entries(entry.optionalDependencies ?? {})
        .filter(([, version]) => /^\d+\.\d+\.\d+$/.test(version))
        .map(([name]) => name)
        .filter((name) => !Object.keys(lock.packages).some((path) => path.endsWith(`node_modules/${name}`))),
    );
    assert.deepEqual(missing, [], 'run: node scripts/complete-lockfile.mjs');
  });
});
