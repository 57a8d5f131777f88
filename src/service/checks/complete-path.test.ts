import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { completePath } from './complete-path.ts';

describe('completing a path', () => {
  const home = mkdtempSync(join(tmpdir(), 'roundscope-paths-'));
  for (const name of ['faces', 'Fashion', 'other', '.hidden']) mkdirSync(join(home, name));
  writeFileSync(join(home, 'fax.txt'), '');
  symlinkSync(join(home, 'other'), join(home, 'far'));
  after(() => rmSync(home, { recursive: true, force: true }));
  const names = async (typed: string) => (await completePath({ path: typed }, home)).entries.map(({ name }) => name);

  test('folders and links to folders, the letter case as typed first; files never', async () => {
    assert.deepEqual(await names('~/fa'), ['faces', 'far', 'Fashion']);
  });

  test('files of data beside folders, where they are asked for, and told as such', async () => {
    const files = ['fer2013.csv', 'few.npz', 'fashion-images-idx3-ubyte.gz', 'fer.xlsx'];
    for (const name of files) writeFileSync(join(home, name), '');
    const { entries } = await completePath({ path: '~/f', files: 'data' }, home);
    assert.deepEqual(
      entries.map(({ name, isFile }) => [name, isFile === true]),
      [
        ['faces', false],
        ['far', false],
        ['fashion-images-idx3-ubyte.gz', true],
        ['fer2013.csv', true],
        ['few.npz', true],
        ['Fashion', false],
      ],
    );
    assert.deepEqual(await names('~/fe'), []);
    for (const name of files) rmSync(join(home, name));
  });

  test('nothing typed, and a folder with its slash, show what is in it, without what is hidden', async () => {
    assert.deepEqual(await names(''), ['Fashion', 'faces', 'far', 'other']);
    assert.deepEqual(await names(`${home}/`), ['Fashion', 'faces', 'far', 'other']);
    assert.deepEqual(await names('~/.'), ['.hidden']);
  });

  test('the path is absolute, from the home folder where it begins nowhere', async () => {
    const { path, isFolder } = await completePath({ path: 'faces' }, home);
    assert.deepEqual([path, isFolder], [join(home, 'faces'), true]);
  });

  test('a folder that is not there is said in words', async () => {
    await assert.rejects(completePath({ path: '~/nowhere/x' }, home), {
      code: 'data_missing',
      message: /There is no folder/,
    });
    await assert.rejects(completePath({ path: '~/fax.txt/' }, home), { message: /is a file, not a folder/ });
  });

  test('of very many, a hundred and the word that there are more', async () => {
    for (let i = 0; i < 120; i++) mkdirSync(join(home, 'other', `d${i}`));
    const { entries, more } = await completePath({ path: '~/other/' }, home);
    assert.deepEqual([entries.length, more], [100, true]);
  });
});
