import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { encode as encodePng } from 'fast-png';
import { encode as encodeJpeg } from 'jpeg-js';
import { summaryOf, describeData } from './describe-data.ts';
import type { DataFit, LoadedData } from './dataset.ts';
import { loadData, requireData } from './load-data.ts';

let root = '';
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'roundscope-folders-'));
});
after(() => rm(root, { recursive: true, force: true }));

const { signal } = new AbortController();
const load = (folder: string, fit?: DataFit): Promise<LoadedData> => loadData(folder, { signal, fit });
const lineOf = (data: LoadedData): string => describeData(data, summaryOf(data)).text;

type Files = Readonly<Record<string, Uint8Array>>;

async function write(name: string, files: Files): Promise<string> {
  const folder = join(root, name);
  for (const [path, bytes] of Object.entries(files)) {
    await mkdir(join(folder, path, '..'), { recursive: true });
    await writeFile(join(folder, path), bytes);
  }
  return folder;
}

let drawn = 0;
/** Each another picture: a set of equal ones is worth a warning. */
function png([width, height]: readonly [number, number] = [4, 3]): Uint8Array {
  drawn++;
  const data = new Uint8Array(width * height).map((_, i) => (i * 40 + drawn * 7) % 256);
  return encodePng({ width, height, channels: 1, data });
}

function jpeg([r, g, b]: readonly [number, number, number]): Uint8Array {
  const data = new Uint8Array(4 * 3 * 4).map((_, i) => [r, g, b, 255][i % 4] as number);
  return encodeJpeg({ width: 4, height: 3, data }, 95).data;
}

const text = Buffer.from('some words');
const gif = Buffer.concat([Buffer.from('GIF89a'), Buffer.alloc(20)]);
const webp = Buffer.from('RIFF\x10\0\0\0WEBPVP8 \0\0\0\0', 'latin1');
const two = { 'a/1.png': png(), 'b/1.png': png() };

describe('files by what they are', () => {
  test('by their first bytes, whatever their names: jfif, jpe, none, PNG named .jpg', async () => {
    const folder = await write('names', {
      'a/1.jfif': jpeg([9, 9, 9]),
      'a/2.jpe': jpeg([9, 9, 9]),
      'a/3': png(),
      'b/4.jpg': png(),
      'b/5.PNG': jpeg([9, 9, 9]),
    });
    const data = await load(folder);
    assert.deepEqual([data.all.labels.length, data.skipped, data.notes.leftOut], [5, 0, []]);
  });

  test('what is no image is left out and counted by kind; other formats are a warning', async () => {
    const folder = await write('kinds', {
      ...two,
      'a/notes.txt': text,
      'a/more.TXT': text,
      'a/anim.gif': gif,
      'a/web.jpg': webp,
      'b/README': text,
      'b/more/2.png': png(),
    });
    const data = await load(folder);
    assert.deepEqual([data.all.labels.length, data.skipped], [2, 0]);
    assert.deepEqual(
      data.notes.leftOut.map(({ what, count, example }) => [what, count, example]),
      [
        ['.txt', 2, 'a/more.TXT'],
        ['.gif', 1, 'a/anim.gif'],
        ['WebP named .jpg', 1, 'a/web.jpg'],
        ['folder inside a class', 1, 'b/more'],
        ['without extension', 1, 'b/README'],
      ],
    );
    assert.match(data.notes.warnings.join(), /2 images in .* are of formats that are not read/);
    assert.match(lineOf(data), /^2 images in 2 classes \(a 1, b 1\), seen as 4x3 grey; 6 others left out \(2 \.txt, /);
  });

  test('a folder of many kinds of files keeps its count', async () => {
    const many = Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`a/x.k${i}`, text]));
    const { leftOut } = (await load(await write('many', { ...two, ...many }))).notes;
    assert.ok(leftOut.length <= 32);
    assert.equal(
      leftOut.reduce((sum, { count }) => sum + count, 0),
      60,
    );
  });

  test('an image by name that is none is damaged; more than one in twenty of these stop it', async () => {
    const folder = await write('damage', { ...two, 'b/2.png': text });
    await assert.rejects(load(folder), { code: 'data_invalid', message: /1 of 3 images .* is neither PNG nor JPEG/ });
  });

  test('what systems and programs leave behind is no class and no file', async () => {
    const folder = await write('junk', {
      ...two,
      '__MACOSX/._a/1.png': png(),
      '@eaDir/1.png': png(),
      '.ipynb_checkpoints/1.png': png(),
      'a/._1.png': text,
      'a/Thumbs.db': text,
      'a/desktop.ini': text,
      'b/.DS_Store': text,
      'b/@eaDir/1.png': png(),
    });
    const { all, notes } = await load(folder);
    assert.deepEqual([all.classes, all.labels.length, notes.leftOut], [['a', 'b'], 2, []]);
  });
});

describe('links', () => {
  test('to folders and files are followed, also where all are links', async () => {
    const real = await write('real', { ...two, 'c/1.png': png() });
    const folder = join(root, 'links');
    await mkdir(join(folder, 'c'), { recursive: true });
    for (const name of ['a', 'b']) await symlink(join(real, name), join(folder, name));
    await symlink(join(real, 'c/1.png'), join(folder, 'c', 'x.png'));
    assert.deepEqual((await load(folder)).all.classes, ['a', 'b', 'c']);
    assert.equal((await load(folder)).all.labels.length, 3);
  });

  test('that lead nowhere or back are left out and told', async () => {
    const folder = await write('loops', two);
    await symlink(folder, join(folder, 'again'));
    await symlink(join(folder, 'nowhere'), join(folder, 'a', 'gone.png'));
    const { all, notes } = await load(folder);
    assert.deepEqual(all.classes, ['a', 'b']);
    assert.deepEqual(notes.leftOut.map(({ what }) => what).sort(), ['broken link', 'link to itself']);
  });
});

describe('layouts', () => {
  const parts: readonly (readonly string[])[] = [
    ['Training', 'Testing'],
    ['Training', 'PublicTest', 'PrivateTest'],
    ['train', 'test', 'val'],
  ];
  for (const names of parts) {
    test(`${names.join(' + ')}: the first is trained on, the others are held out`, async () => {
      const files = Object.fromEntries(
        names.flatMap((name) => ['a', 'b'].map((label) => [`${name}/${label}/1.png`, png()])),
      );
      const { all, testFrom } = await load(await write(names.join('-'), files));
      assert.deepEqual([all.classes, testFrom, all.labels.length], [['a', 'b'], 2, 2 * names.length]);
    });
  }

  const wrong: Readonly<Record<string, { readonly files: Files; readonly says: RegExp; readonly code?: string }>> = {
    'images one folder deeper': {
      files: { 'set/a/1.png': png(), 'set/b/1.png': png() },
      says: /lie a folder deeper: set\/a\/1\.png, where CLASS\/IMAGE is looked for\. Choose .*set\./,
    },
    'images one folder deeper in each class': {
      files: { 'a/small/1.png': png(), 'b/small/1.png': png() },
      says: /lie a folder deeper: a\/small\/1\.png.* Move them up/,
    },
    'train alone': { files: { 'train/a/1.png': png(), 'train/b/1.png': png() }, says: /Choose .*train\./ },
    'images without folders': { files: { '1.png': png() }, says: /holds images and no folders/ },
    'nothing but texts': { files: { 'a/x.txt': text, 'b/y.txt': text }, says: /has no images/, code: 'data_missing' },
  };
  for (const [what, { files, says, code = 'data_invalid' }] of Object.entries(wrong)) {
    test(`${what}: says where it looked`, async () => {
      await assert.rejects(load(await write(`wrong ${what}`, files)), { code, message: says });
    });
  }

  test('an empty folder has no images', async () => {
    const folder = join(root, 'void');
    await mkdir(folder);
    await assert.rejects(load(folder), { code: 'data_missing', message: /void has no images/ });
  });

  test('a cheap look tells a wrong path', async () => {
    await requireData('digits');
    await requireData(await write('there', two));
    await assert.rejects(requireData(join(root, 'not-there')), { code: 'data_missing' });
  });
});

describe('a run asks', () => {
  const run = { classes: ['angry', 'happy', 'sad'], shape: [1, 3, 4] } as const;

  test('a subset, one class and an empty class are all right', async () => {
    const folder = await write('subset', { 'sad/1.png': png(), 'sad/2.png': png() });
    await mkdir(join(folder, 'angry'));
    const data = await load(folder, run);
    assert.deepEqual([[...data.all.labels], data.all.classes], [[2, 2], run.classes]);
    assert.deepEqual(summaryOf(data).classCounts, [0, 0, 2]);
    assert.match(lineOf(data), /^2 images in 1 class of the run's 3 \(sad 2\)/);
  });

  test('no folder need be removed: an unknown one without images is left out', async () => {
    const folder = await write('docs', { 'sad/1.png': png(), 'docs/readme.txt': text });
    const { all, notes } = await load(folder, run);
    assert.equal(all.labels.length, 1);
    assert.deepEqual(notes.mapping, [
      { from: 'docs', to: null, examples: 0 },
      { from: 'sad', to: 'sad', examples: 1 },
    ]);
  });

  test('an unknown class with images is refused before an image is read, or mapped, or left out', async () => {
    const folder = await write('unknown', { 'Happy/1.png': png(), 'junk/1.png': png(), 'sad/1.png': png() });
    await assert.rejects(load(folder, run), { code: 'classes_unknown', message: /did you mean "happy"/ });
    const mapping = [
      { from: 'Happy', to: 'happy' },
      { from: 'junk', to: null },
    ];
    const { all, notes } = await load(folder, { ...run, mapping });
    assert.deepEqual([...all.labels], [1, 2]);
    assert.deepEqual(notes.mapping, [
      { from: 'Happy', to: 'happy', examples: 1 },
      { from: 'junk', to: null, examples: 0 },
      { from: 'sad', to: 'sad', examples: 1 },
    ]);
    assert.equal(notes.leftOut[0]?.what, 'in junk');
  });

  test('another size is scaled to the run, and color becomes grey', async () => {
    const folder = await write('scaled', { 'sad/1.png': png([40, 30]), 'sad/2.jpg': jpeg([250, 20, 20]) });
    const { all, notes } = await load(folder, { ...run, shape: [1, 6, 8] });
    assert.deepEqual([all.shape, all.pixels.length], [[1, 6, 8], 2 * 48]);
    assert.deepEqual(
      notes.changed.map(({ what, count, how }) => `${count} ${what} ${how}`),
      ['2 scaled to 8x6', '1 in color seen in grey'],
    );
  });

  test('the bundled digits too: by name, scaled, a class left out', async () => {
    const fit = { classes: Array.from({ length: 9 }, (_, i) => String(i)), shape: [3, 16, 16] } as const;
    await assert.rejects(load('digits', fit), { code: 'classes_unknown', message: /"9"/ });
    const { all, notes } = await load('digits', { ...fit, mapping: [{ from: '9', to: null }] });
    assert.deepEqual([all.labels.length, all.shape, all.maxValue], [1797 - 180, [3, 16, 16], 255]);
    assert.ok(
      all.pixels.some((value) => value > 200),
      'sixteen grey levels are spread over all',
    );
    assert.deepEqual(notes.changed, [{ what: 'scaled', count: 1617, how: 'to 16x16' }]);
  });
});

describe('pictures that are all alike', () => {
  const even = (value: number): Uint8Array =>
    encodePng({ width: 4, height: 3, channels: 1, data: new Uint8Array(12).fill(value) });
  const cases: Readonly<Record<string, { readonly files: Files; readonly says: RegExp | null }>> = {
    'one value': { files: { 'a/1.png': even(0), 'b/1.png': even(0) }, says: /one even surface of the same value/ },
    'one picture': { files: { 'a/1.png': two['a/1.png'], 'b/1.png': two['a/1.png'] }, says: /are the same picture/ },
    'even surfaces': {
      files: { 'a/1.png': even(3), 'b/1.png': even(90) },
      says: /Each of the 2 images is one even surface/,
    },
    different: { files: two, says: null },
  };
  for (const [what, { files, says }] of Object.entries(cases)) {
    test(`${what}: ${says === null ? 'no warning' : 'a warning'}`, async () => {
      const { warnings } = (await load(await write(`alike ${what}`, files))).notes;
      if (says === null) assert.deepEqual(warnings, []);
      else assert.match(warnings.join(), says);
    });
  }
});
