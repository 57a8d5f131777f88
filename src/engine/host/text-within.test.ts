import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { textWithin } from './text-within.ts';

const folder = mkdtempSync(join(tmpdir(), 'roundscope-text-'));
after(() => rmSync(folder, { recursive: true, force: true }));

test('a text is read up to its limit, whatever is cut in the middle', async () => {
  const path = join(folder, 'text');
  const text = 'ä'.repeat(100_000);
  writeFileSync(path, text);
  assert.equal(await textWithin(path, 200_000), text);
  assert.equal(await textWithin(path, 199_999), null);
  writeFileSync(path, '');
  assert.equal(await textWithin(path, 10), '');
  await assert.rejects(textWithin(join(folder, 'none'), 10), { code: 'ENOENT' });
});

test(
  'a device without end is given up at the limit',
  { skip: !existsSync('/dev/zero') && 'no such device' },
  async () => {
    assert.equal(await textWithin('/dev/zero', 64 * 1024), null);
  },
);
