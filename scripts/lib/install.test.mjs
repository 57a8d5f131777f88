import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { missingPackages } from './modules.mjs';
import { npmEnvironment, remedyFor, runNpm } from './npm.mjs';
import { inRoot, isWritable } from './paths.mjs';

/** A project with one development package in a folder of its own, and npm settings that would leave it out. */
function makeProject(t, { npmrc }) {
  const folder = mkdtempSync(join(tmpdir(), 'roundscope install ü#%-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const write = (name, value) =>
    writeFileSync(join(folder, name), typeof value === 'string' ? value : JSON.stringify(value));
  const dependency = { name: 'tool', version: '1.0.0' };
  const manifest = { name: 'project', version: '1.0.0', devDependencies: { tool: 'file:tool' } };
  mkdirSync(join(folder, 'tool'));
  write('tool/package.json', dependency);
  write('package.json', manifest);
  write('package-lock.json', {
    ...{ name: 'project', version: '1.0.0', lockfileVersion: 3 },
    packages: {
      '': manifest,
      'node_modules/tool': { resolved: 'tool', link: true },
      tool: { version: '1.0.0', dev: true },
    },
  });
  write('user.npmrc', npmrc);
  return folder;
}

describe('npm for this checkout', () => {
  test('brings the development packages, whatever its user has set for other projects', async (t) => {
    const folder = makeProject(t, {
      npmrc: 'omit=dev\npackage-lock=false\nengine-strict=true\nglobal=true\ndry-run=true\n',
    });
    const environment = {
      ...process.env,
      ...{ NODE_ENV: 'production', npm_config_omit: 'dev', NPM_CONFIG_PRODUCTION: 'true' },
      npm_config_userconfig: join(folder, 'user.npmrc'),
    };
    await runNpm(['ci'], { folder, environment });
    assert.ok(existsSync(join(folder, 'node_modules', 'tool', 'package.json')));
  });

  test('is told neither to leave anything out nor to fetch the GPU libraries', () => {
    const env = npmEnvironment({
      NODE_ENV: 'production',
      npm_config_omit: 'dev',
      npm_config_registry: 'r',
      HOME: '/h',
    });
    assert.equal(env.NODE_ENV, undefined);
    assert.equal(env.npm_config_omit, undefined);
    assert.equal(env.npm_config_registry, 'r');
    assert.equal(env.HOME, '/h');
    assert.equal(env.ONNXRUNTIME_NODE_INSTALL, 'skip');
  });

  test('that fails ends in what to try', async (t) => {
    const folder = makeProject(t, { npmrc: '' });
    rmSync(join(folder, 'package-lock.json'));
    await assert.rejects(runNpm(['ci'], { folder }), { message: /^npm ci ended with status 1/ });
    assert.match(remedyFor('npm error code ENOSPC'), /disk is full/);
    assert.match(
      remedyFor('npm error request to https://r/x failed, reason: getaddrinfo EAI_AGAIN r'),
      /could not be reached/,
    );
    assert.match(remedyFor('npm error code EACCES\nnpm error path /home/one/.npm/_cacache/tmp'), /npm_config_cache/);
    assert.match(remedyFor('npm error code EACCES\nnpm error path /srv/clone/node_modules'), /change its owner/i);
    assert.match(remedyFor('npm error code E407'), /proxy/);
  });
});

describe('what is installed', () => {
  const lock = {
    packages: {
      '': { version: '1.0.0' },
      'node_modules/here': { version: '1.0.0' },
      'node_modules/older': { version: '1.0.1' },
      'node_modules/gone': { version: '1.0.0', dev: true },
      'node_modules/native': { version: '1.0.0', optional: true, os: ['linux'] },
      'node_modules/of-wasm': { version: '1.0.0', optional: true },
      'node_modules/elsewhere': { version: '1.0.0', os: ['win32'] },
    },
  };

  test('is looked at, not believed: only what this machine needs is missed', (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'roundscope-modules-'));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    const installed = { here: '1.0.0', older: '1.0.0', gone: '1.0.0' };
    for (const name of Object.keys(installed)) mkdirSync(join(folder, 'node_modules', name), { recursive: true });
    for (const name of ['here', 'older']) writeFileSync(join(folder, 'node_modules', name, 'package.json'), '{}');
    const packages = Object.entries(installed).map(([name, version]) => [`node_modules/${name}`, { version }]);
    const list = JSON.stringify({ packages: Object.fromEntries(packages) });
    const missing = (what) => missingPackages(lock, folder, { what, platform: 'linux', arch: 'x64' });
    writeFileSync(join(folder, 'node_modules', '.package-lock.json'), list);
    assert.deepEqual(missing('needed'), ['node_modules/older', 'node_modules/gone']);
    assert.deepEqual(missing('native'), ['node_modules/native']);
    writeFileSync(join(folder, 'node_modules', '.package-lock.json'), list.slice(0, 40));
    assert.equal(missing('needed').length, 3, 'a list that was cut off lists nothing');
  });

  test('is all there in this checkout', () => {
    const lockHere = JSON.parse(readFileSync(inRoot('package-lock.json'), 'utf8'));
    assert.deepEqual(missingPackages(lockHere, inRoot(), { what: 'needed' }), []);
  });
});

const isRoot = process.getuid?.() === 0;

test('a folder that is not there yet is judged by the one that it would be made in', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'roundscope-rights-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  assert.equal(isWritable(join(folder, 'a', 'b')), true);
  chmodSync(folder, 0o500);
  // Root may write everywhere.
  assert.equal(isWritable(join(folder, 'a', 'b')), isRoot);
});
