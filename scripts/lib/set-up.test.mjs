import assert from 'node:assert/strict';
import { delimiter } from 'node:path';
import { describe, test } from 'node:test';
import { failedLately, reasonAgainstElectron, windowOfTests } from './electron.mjs';
import { globSync } from './glob.mjs';
import { launch } from './launch.mjs';
import { inRoot, outerEnvironment } from './paths.mjs';
import { platformOf } from './platform-of.mjs';
import { addCounts, alone, describeCounts, groupsOf, phases } from './test-phases.mjs';

describe('a failed download of Electron', () => {
  const hourMs = 60 * 60 * 1000;
  const stamp = { version: '45.0.0', atMs: 1000 * hourMs };

  test('is remembered for a day', () => {
    assert.equal(failedLately(stamp, '45.0.0', 1001 * hourMs), true);
    assert.equal(failedLately(stamp, '45.0.0', 1024 * hourMs), false);
  });

  test('is forgotten for another version, without a stamp, and when the clock was set back', () => {
    assert.equal(failedLately(stamp, '45.0.1', 1001 * hourMs), false);
    assert.ok(!failedLately(undefined, '45.0.0', 1001 * hourMs));
    assert.equal(failedLately(stamp, '45.0.0', 999 * hourMs), false);
  });
});

test('tests of the window take a real Electron where there is one, and say why where there is none', () => {
  const machine = { platform: 'linux', env: { DISPLAY: ':0' }, uid: 1000, told: undefined };
  const find = () => '/e/electron';
  assert.deepEqual(windowOfTests({ ...machine, find }), { program: '/e/electron', words: 'window: Electron' });
  assert.equal(windowOfTests({ ...machine, find, told: '/other' }).program, '/other');
  const standIns = [
    [{ find: () => undefined }, /stand-in, since no Electron is installed/],
    [{ find, env: {} }, /stand-in, since there is no display/],
    [{ find, uid: 0 }, /stand-in, since Electron keeps its sandbox/],
  ];
  for (const [change, expected] of standIns) {
    const { program, words } = windowOfTests(Object.assign({}, machine, change));
    assert.equal(program, undefined);
    assert.match(words, expected);
  }
});

test('Electron is not tried where it cannot show a window', () => {
  assert.match(reasonAgainstElectron({ platform: 'linux', env: {}, uid: 1000 }), /display/);
  assert.match(reasonAgainstElectron({ platform: 'linux', env: { DISPLAY: ':0' }, uid: 0 }), /root/);
  assert.equal(reasonAgainstElectron({ platform: 'linux', env: { WAYLAND_DISPLAY: 'w' }, uid: 1000 }), undefined);
  assert.equal(reasonAgainstElectron({ platform: 'darwin', env: {}, uid: 501 }), undefined);
});

test('the platform of a native package is read from its name', () => {
  assert.deepEqual(platformOf('@chainsafe/libp2p-quic-linux-x64-musl'), {
    cpu: ['x64'],
    libc: ['musl'],
    os: ['linux'],
  });
  assert.deepEqual(platformOf('@oxfmt/binding-linux-arm-gnueabihf'), { cpu: ['arm'], libc: ['glibc'], os: ['linux'] });
  assert.deepEqual(platformOf('@typescript/typescript-win32-arm64'), { cpu: ['arm64'], os: ['win32'] });
  assert.deepEqual(platformOf('@oxc-parser/binding-wasm32-wasi'), { cpu: ['wasm32'] });
  assert.equal(platformOf('left-pad'), undefined);
});

test("npm is run without the project's own programs on the path", () => {
  const path = ['/clone/node_modules/.bin', '/usr/bin'].join(delimiter);
  assert.equal(outerEnvironment({ PATH: path }).PATH, '/usr/bin');
  assert.equal(outerEnvironment({ Path: path, HOME: '/h' }).Path, '/usr/bin');
});

test('test files are found at any depth, and only those', () => {
  const found = globSync('scripts/**/*.test.mjs');
  assert.ok(found.some((file) => file.endsWith('set-up.test.mjs')));
  assert.ok(found.every((file) => file.endsWith('.test.mjs')));
  assert.deepEqual(globSync('no-such-folder/**/*.test.ts'), []);
});

test('a test file that is named runs alone, and any other shares the machine', () => {
  const files = ['test/cli/demo.test.ts', 'test/cli/demo-new.test.ts', 'test/survival/kill.test.ts'].map((path) =>
    inRoot(path),
  );
  const [single, shared, ...others] = groupsOf(files, { beginnings: ['test/cli/demo.', 'test/survival/'] });
  assert.deepEqual([single, others], [{ files: [files[0], files[2]], concurrency: 1 }, []]);
  assert.deepEqual(shared.files, [files[1]]);
  assert.ok(shared.concurrency >= 2);
  assert.deepEqual(groupsOf([], { beginnings: ['test/cli/demo.'] }), []);
});

test('no test file that should run alone has gone', () => {
  const files = Object.values(phases).flatMap(({ patterns = [] }) => patterns.flatMap((pattern) => globSync(pattern)));
  const gone = alone.filter((beginning) => !files.some((file) => file.startsWith(inRoot(beginning))));
  assert.deepEqual(gone, []);
});

test('the closing line adds up', () => {
  const sum = addCounts({ passed: 1, failed: 0, skipped: 2 }, { passed: 3, failed: 1, skipped: 0 });
  assert.equal(describeCounts(sum), '4 passed, 1 failed, 2 skipped');
});

test('a program that outstays its limit is ended and told so', async () => {
  const result = await launch(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { capture: true, limitMs: 200 });
  assert.equal(result.timedOut, true);
  assert.notEqual(result.status, 0);
});

test('status and output of a program are passed on', async () => {
  const result = await launch(process.execPath, ['-e', 'console.log("out"); process.exit(7)'], { capture: true });
  assert.deepEqual(result, { status: 7, output: 'out\n', timedOut: false });
});
