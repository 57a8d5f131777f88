import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { hashOf, readStamp, writeStamp } from './stamp.mjs';

function inFolder(body) {
  const folder = mkdtempSync(join(tmpdir(), 'roundscope-stamp-'));
  try {
    body(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test('the hash follows contents, names and places of files, not their times', () => {
  inFolder((folder) => {
    const file = join(folder, 'a.ts');
    writeFileSync(file, 'one');
    const first = hashOf([folder]);
    utimesSync(file, 1, 1);
    assert.equal(hashOf([folder]), first);
    writeFileSync(file, 'two');
    assert.notEqual(hashOf([folder]), first);
    writeFileSync(file, 'one');
    assert.equal(hashOf([folder]), first);
    mkdirSync(join(folder, 'b'));
    writeFileSync(join(folder, 'b', 'c.ts'), '');
    assert.notEqual(hashOf([folder]), first, 'a new file counts');
    assert.equal(
      hashOf([folder], (path) => path.endsWith('c.ts')),
      first,
      'unless it is left out',
    );
  });
});

test('a text that moves from one file to the next changes the hash', () => {
  inFolder((folder) => {
    writeFileSync(join(folder, 'a'), 'xy');
    writeFileSync(join(folder, 'b'), 'z');
    const first = hashOf([folder]);
    writeFileSync(join(folder, 'a'), 'x');
    writeFileSync(join(folder, 'b'), 'yz');
    assert.notEqual(hashOf([folder]), first);
  });
});

test('a missing folder is empty, a missing or damaged stamp is none', () => {
  inFolder((folder) => {
    assert.equal(hashOf([join(folder, 'none')]), hashOf([]));
    const path = join(folder, 'deep', 'stamp.json');
    assert.equal(readStamp(path), undefined);
    writeStamp(path, { sources: 'abc' });
    assert.deepEqual(readStamp(path), { sources: 'abc' });
    writeFileSync(path, '{"sour');
    assert.equal(readStamp(path), undefined);
  });
});
