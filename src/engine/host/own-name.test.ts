import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { participantName } from '#shared/contract/run/participant-name.ts';
import { ownName } from './own-name.ts';
import { systemEntropy } from './system-entropy.ts';

test('the name of this machine in a federation is made once, kept, and not the name of the machine', () => {
  const folder = mkdtempSync(join(tmpdir(), 'roundscope-name-'));
  try {
    const name = ownName(folder, systemEntropy);
    assert.match(name, /^[a-z]+-[a-z]+-\d\d$/);
    assert.ok(participantName(name).ok);
    assert.ok(!name.includes(hostname()));
    assert.equal(ownName(folder, systemEntropy), name, 'remembered');
    if (process.platform !== 'win32') assert.equal(statSync(join(folder, 'participant-name')).mode & 0o777, 0o600);
    writeFileSync(join(folder, 'participant-name'), 'lab-7\n');
    assert.equal(ownName(folder, systemEntropy), 'lab-7', "its user's own");
    writeFileSync(join(folder, 'participant-name'), 'coordinator\n');
    assert.match(ownName(folder, systemEntropy), /^[a-z]+-[a-z]+-\d\d$/, 'no participant may be called so');
    assert.equal(readFileSync(join(folder, 'participant-name'), 'utf8'), 'coordinator\n', 'what somebody wrote stays');
    assert.match(ownName(join(folder, 'no-such-folder'), systemEntropy), /^[a-z]+-[a-z]+-\d\d$/);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('two machines are rarely called the same', () => {
  const folder = join(tmpdir(), 'roundscope-no-such-folder');
  const names = new Set(Array.from({ length: 100 }, () => ownName(folder, systemEntropy)));
  assert.ok(names.size >= 95, `${names.size} of 100`);
});
