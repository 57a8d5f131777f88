import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { runningInstance, takeInstance } from './instance-lock.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'roundscope-lock-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const note = { port: 7870, secret: 'known to its user' };
const self = { pid: process.pid, note };

function take(): Disposable {
  const taken = takeInstance(folder, note);
  assert.ok(Symbol.dispose in taken, 'taken');
  return taken;
}

describe('one app per data folder', () => {
  test('a second start learns who is there, and may go on once that has ended', () => {
    const first = take();
    assert.deepEqual(takeInstance(folder, { port: 1, secret: '' }), self);
    assert.deepEqual(runningInstance(folder), self);
    assert.equal(statSync(join(folder, 'browser-mode.lock')).mode & 0o777, 0o600);
    first[Symbol.dispose]();
    assert.equal(runningInstance(folder), null);
    take();
  });

  test('a lock whose process was killed is taken over, and so is a broken one', () => {
    const path = join(folder, 'browser-mode.lock');
    const gone = spawnSync(process.execPath, ['-e', '']).pid;
    for (const left of [`${gone} 1\n{}`, '{"pid":', '', 'x'.repeat(10_000)]) {
      writeFileSync(path, left);
      take();
    }
  });

  test('a lock is nobody’s when its number was given to another process since', () => {
    const path = join(folder, 'browser-mode.lock');
    take();
    // This process lives, and began at another time than the lock says.
    const text = readFileSync(path, 'utf8');
    writeFileSync(path, text.replace(/^(\d+) \d*/, '$1 1'));
    assert.equal(runningInstance(folder), null);
    take();
  });

  test('who holds it without saying more is told as that', () => {
    const path = join(folder, 'browser-mode.lock');
    take();
    writeFileSync(path, (readFileSync(path, 'utf8').split('\n')[0] ?? '') + '\n{"port":');
    assert.deepEqual(runningInstance(folder), { pid: process.pid, note: null });
  });
});
