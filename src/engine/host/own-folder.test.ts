import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ensureDataFolder, openFolderWords } from './data-folder.ts';
import { openTo, ownFolder } from './own-folder.ts';

const skip = process.platform === 'win32' ? 'no modes' : false;

test(
  'a folder of this program is closed, also one that was left open; a chosen one is told of and left',
  { skip },
  () => {
    const root = mkdtempSync(join(tmpdir(), 'roundscope-folders-'));
    const mask = process.umask(0);
    try {
      const fresh = join(root, 'a', 'recordings');
      ownFolder(fresh);
      assert.equal(openTo(fresh), null);
      const left = join(root, 'saved');
      mkdirSync(left);
      chmodSync(left, 0o755);
      ownFolder(left);
      assert.equal(statSync(left).mode & 0o777, 0o700);
      const chosen = join(root, 'chosen');
      mkdirSync(chosen);
      chmodSync(chosen, 0o755);
      assert.equal(ensureDataFolder(chosen), chosen);
      assert.equal(statSync(chosen).mode & 0o777, 0o755);
      assert.match(openFolderWords(chosen) ?? '', /\(mode 755\).*chmod 700/);
      assert.equal(openFolderWords(ensureDataFolder(join(root, 'new'))), null);
    } finally {
      process.umask(mask);
      rmSync(root, { recursive: true, force: true });
    }
  },
);
