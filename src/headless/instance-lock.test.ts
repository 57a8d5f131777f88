import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { InstanceLock } from './instance-lock.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'roundscope-lock-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const self = { pid: process.pid, port: 7870, secret: 'known to its user' };

describe('one app per data folder', () => {
  test('a second start learns who is there, and may go on once that has ended', () => {
    const first = InstanceLock.take(folder, self);
    assert.ok(first instanceof InstanceLock);
    assert.deepEqual(InstanceLock.take(folder, { pid: 1, port: 1, secret: '' }), self);
    assert.deepEqual(InstanceLock.holder(folder), self);
    assert.equal(statSync(join(folder, 'browser-mode.lock')).mode & 0o777, 0o600);
    first[Symbol.dispose]();
    assert.equal(InstanceLock.holder(folder), null);
    assert.ok(InstanceLock.take(folder, self) instanceof InstanceLock);
  });

  test('a lock whose process was killed is taken over, and so is a broken one', () => {
    const gone = spawnSync(process.execPath, ['-e', '']).pid;
    writeFileSync(join(folder, 'browser-mode.lock'), JSON.stringify({ pid: gone, port: 1 }));
    const first = InstanceLock.take(folder, self);
    assert.ok(first instanceof InstanceLock);
    writeFileSync(join(folder, 'browser-mode.lock'), '{"pid":');
    assert.ok(InstanceLock.take(folder, self) instanceof InstanceLock);
  });
});
