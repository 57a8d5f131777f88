import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

interface Package {
  readonly version?: string;
  readonly integrity?: string;
  readonly engines?: { readonly node?: string };
  readonly resolved?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

function readJson<T>(path: string): T {
  return JSON.parse(readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')) as T;
}

/**
 * Builds that no registry within reach could name when the lockfile was made (2026-11-30: "not found" for each of them),
 * for systems of which nothing is installed here. Whoever reaches a registry that has them runs
 * scripts/complete-lockfile.mjs, which adds their hashes, and strikes them off this list.
 */
const withoutHash = [
  '@chainsafe/libp2p-quic-darwin-arm64',
  '@chainsafe/libp2p-quic-darwin-x64',
  '@chainsafe/libp2p-quic-linux-arm64-gnu',
  '@chainsafe/libp2p-quic-linux-arm64-musl',
  '@chainsafe/libp2p-quic-linux-x64-musl',
  '@chainsafe/libp2p-quic-win32-x64-msvc',
];

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

  test('every package of the lockfile is known by its hash', () => {
    const packages = Object.entries(lock.packages).filter(([path]) => path !== '');
    const bare = packages.filter(([, { integrity }]) => !/^sha512-[A-Za-z0-9+/]{86}==$/.test(integrity ?? ''));
    assert.deepEqual(
      bare.map(([path]) => path.replace('node_modules/', '')),
      withoutHash,
      'run: node scripts/complete-lockfile.mjs',
    );
  });

  test('so is every package of the mutation check, which has a lockfile of its own', () => {
    const { packages } = readJson<typeof lock>('test/mutation/tool/package-lock.json');
    const names = Object.keys(packages).filter((path) => path !== '');
    assert.ok(names.length > 100, `${names.length} packages`);
    assert.deepEqual(
      names.filter((path) => !(packages[path]?.integrity ?? '').startsWith('sha512-') || packages[path]?.resolved),
      [],
    );
  });

  test('the Node that the programs run on is the one that package.json demands of whoever installs it', () => {
    const pinned = manifest.devDependencies?.['node'] ?? '';
    const [, lowest, above] = /^>=(\d+) <(\d+)$/.exec(manifest.engines?.node ?? '') ?? [];
    assert.equal(lowest, pinned.split('.')[0]);
    assert.equal(Number(above), Number(lowest) + 1);
    assert.equal(process.versions.node, pinned);
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
