import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { limits } from '#shared/contract/limits.ts';
import type { SelectionTable } from '#shared/contract/run/selection.ts';
import { readSelectionTable, writeSelectionTable } from './selection-table-file.ts';

const table: SelectionTable = {
  version: 1,
  strategy: 'q-learning',
  savedAt: 1,
  epsilon: 0.5,
  choices: 17,
  rows: [{ state: 'excellent/high/small/static', protocol: 'quic', value: 12.5, visits: 17 }],
};
let folder = '';

describe('file of a selection table', () => {
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'selection-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  test('what was written is read again, for its owner alone, and no draft is left', async () => {
    const path = join(folder, 'new', 'table.json');
    assert.equal(await readSelectionTable(path), null);
    await writeSelectionTable(path, table);
    await writeSelectionTable(path, { ...table, choices: 18 });
    assert.deepEqual(await readSelectionTable(path), { ...table, choices: 18 });
    assert.deepEqual(await readdir(join(folder, 'new')), ['table.json']);
    if (process.platform !== 'win32') assert.equal((await stat(path)).mode & 0o777, 0o600);
  });

  for (const [name, text, why] of [
    ['no JSON', '{"version":', /cannot be used \(.*JSON/],
    ['another version', JSON.stringify({ ...table, version: 2 }), /version/],
    ['a value that is no number', JSON.stringify({ ...table, epsilon: null }), /epsilon/],
    [
      'too many rows',
      JSON.stringify({ ...table, rows: Array(limits.selectionRowsMax + 1).fill(table.rows[0]) }),
      /rows/,
    ],
    ['too large', ' '.repeat(limits.selectionTableBytesMax + 1), /which no table has/],
  ] as const) {
    test(`${name}: a clear error that names the file`, async () => {
      const path = join(folder, 'broken.json');
      await writeFile(path, text);
      await assert.rejects(readSelectionTable(path), (error: Error) => {
        assert.match(error.message, why);
        assert.ok(error.message.includes(path));
        return true;
      });
    });
  }
});
