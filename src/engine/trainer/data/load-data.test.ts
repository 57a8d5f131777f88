import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { encode as encodePng } from 'fast-png';
import { encode as encodeJpeg } from 'jpeg-js';
import type { LoadedData } from './dataset.ts';
import type { ImageFolderOptions } from './images/image-folder.ts';
import { withoutRights } from '#test/support/without-rights.ts';
import { loadData } from './load-data.ts';

let root = '';
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'roundscope-data-'));
});
after(() => rm(root, { recursive: true, force: true }));

const { signal } = new AbortController();
const load = (folder: string, options: Partial<ImageFolderOptions> = {}): Promise<LoadedData> =>
  loadData(folder, { signal, ...options });

async function write(name: string, files: Readonly<Record<string, Uint8Array>>): Promise<string> {
  const folder = join(root, name);
  for (const [path, bytes] of Object.entries(files)) {
    await mkdir(join(folder, path, '..'), { recursive: true });
    await writeFile(join(folder, path), bytes);
  }
  return folder;
}

function png(value: number, [width, height] = [4, 3]): Uint8Array {
  return encodePng({
    width: width as number,
    height: height as number,
    channels: 1,
    data: new Uint8Array((width as number) * (height as number)).fill(value),
  });
}

function jpeg(color: readonly [number, number, number]): Uint8Array {
  const data = new Uint8Array(4 * 3 * 4).map((_, i) => [...color, 255][i % 4] as number);
  return encodeJpeg({ width: 4, height: 3, data }, 100).data;
}

function idx(shape: readonly number[], data: readonly number[]): Uint8Array {
  const header = new DataView(new ArrayBuffer(4 + 4 * shape.length));
  header.setUint32(0, 0x0800 + shape.length);
  shape.forEach((side, i) => header.setUint32(4 + 4 * i, side));
  return Buffer.concat([new Uint8Array(header.buffer), Uint8Array.from(data)]);
}

describe('what this user may not read', { skip: process.platform === 'win32' && 'rights are others there' }, () => {
  const files = { 'cat/a.png': png(1), 'cat/b.png': png(2), 'dog/a.png': png(3), 'dog/b.png': png(4) };
  const cases = { 'the folder itself': '', 'the folder of one class': 'dog' } as const;
  for (const [what, inside] of Object.entries(cases)) {
    test(`${what} is named, with what to do`, async () => {
      const folder = await write(`closed ${inside}`, files);
      const path = join(folder, inside);
      await withoutRights(path, [root, folder], () =>
        assert.rejects(load(folder), (error: Error) => {
          assert.match(error.message, new RegExp(`folder ${path} may not be read by this user\\. (Give|Change)`));
          return 'code' in error && error.code === 'data_missing';
        }),
      );
      assert.equal((await load(folder)).all.labels.length, 4, 'and nothing else is wrong with it');
    });
  }

  test('one image of many is left out and told of; of few it is too much', async () => {
    const many = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`cat/${i}.png`, png(i)]));
    const folder = await write('one closed', { ...many, ...files });
    const loaded = await withoutRights(join(folder, 'dog/a.png'), [root, folder], () => load(folder));
    assert.equal(loaded.all.labels.length, 43);
    assert.equal(loaded.skipped, 1);
    const few = await write('closed of few', files);
    await withoutRights(join(few, 'dog/a.png'), [root, few], () =>
      assert.rejects(load(few), { code: 'data_invalid', message: /dog\/a\.png cannot be opened \(EACCES\)/ }),
    );
  });
});

describe('the bundled digits', () => {
  test('are 1,797 images of 8x8 in ten classes', async () => {
    const { all, testFrom, skipped } = await load('digits');
    assert.deepEqual(all.shape, [1, 8, 8]);
    assert.equal(all.labels.length, 1797);
    assert.equal(all.pixels.length, 1797 * 64);
    assert.deepEqual(all.classes, ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
    assert.equal(Math.max(...all.pixels), all.maxValue);
    assert.deepEqual([testFrom, skipped], [undefined, 0]);
    assert.deepEqual([...all.pixels.subarray(0, 8)], [0, 0, 5, 13, 9, 1, 0, 0]);
  });
});

describe('a folder of class folders', () => {
  test('PNG and JPEG, classes by name, in color where there is any, else as the run asks', async () => {
    const folder = await write('pictures', {
      'dog/a.png': png(200),
      'cat/b.jpg': jpeg([255, 0, 0]),
      'cat/a.PNG': png(10),
      'cat/notes.txt': Buffer.from('no image'),
    });
    const fit = { classes: ['cat', 'dog'], shape: [1, 3, 4] } as const;
    const grey = await load(folder, { fit });
    assert.deepEqual(grey.all.classes, ['cat', 'dog']);
    assert.deepEqual(grey.notes.changed, [{ what: 'in color', count: 1, how: 'seen in grey' }]);
    assert.deepEqual([...grey.all.labels], [0, 0, 1]);
    assert.equal(grey.all.pixels[0], 10);
    assert.ok(Math.abs((grey.all.pixels[12] as number) - 76) <= 2);
    const rgb = await load(folder);
    assert.deepEqual(rgb.all.shape, [3, 3, 4]);
    const red = rgb.all.pixels.subarray(36, 72);
    assert.ok((red[0] as number) > 250 && (red[12] as number) < 5, 'channels lie one after another');
  });

  test('train and test folders are training and test set', async () => {
    const files = {
      'train/a/1.png': png(1),
      'train/a/2.png': png(2),
      'train/b/1.png': png(3),
      'test/a/1.png': png(4),
      'test/b/1.png': png(5),
    };
    const { all, testFrom } = await load(await write('author', files));
    assert.equal(testFrom, 3);
    assert.deepEqual([...all.labels], [0, 0, 1, 0, 1]);
    const odd = await write('odd', { ...files, 'test/c/1.png': png(1) });
    assert.deepEqual((await load(odd)).all.classes, ['a', 'b', 'c'], 'a class of one part is a class of the run');
  });

  test('images of another size are scaled, and that is said', async () => {
    const folder = await write('sizes', {
      'a/1.png': png(80),
      'a/2.png': png(90, [40, 30]),
      'b/1.png': png(100, [2, 2]),
    });
    const { all, notes } = await load(folder);
    assert.deepEqual(all.shape, [1, 3, 4]);
    assert.deepEqual(notes.changed, [{ what: 'scaled', count: 2, how: 'to 4x3' }]);
    assert.deepEqual([all.pixels[12], all.pixels[23], all.pixels[24]], [90, 90, 100]);
    assert.deepEqual((await load(folder, { fit: { classes: ['a', 'b'], shape: [1, 6, 5] } })).all.shape, [1, 6, 5]);
  });

  test('a large first image does not make a huge model', async () => {
    const folder = await write('large', { 'a/1.png': png(80, [400, 200]), 'b/1.png': png(90, [400, 200]) });
    assert.deepEqual((await load(folder)).all.shape, [1, 48, 96]);
  });

  test('a few damaged files are skipped and counted', async () => {
    const files: Record<string, Uint8Array> = { 'b/1.png': png(1) };
    for (let i = 0; i < 30; i++) files[`a/${i}.png`] = png(i);
    files['a/5x.png'] = png(1).subarray(0, 40);
    const { all, skipped } = await load(await write('few', files));
    assert.deepEqual([all.labels.length, skipped], [31, 1]);
  });

  test('many damaged files are an error that names the first', async () => {
    const folder = await write('damaged', { 'a/1.png': png(1), 'a/2.png': Buffer.from('no image'), 'b/1.png': png(1) });
    await assert.rejects(load(folder), {
      code: 'data_invalid',
      message: /1 of 3 images in .* cannot be read, the first: .*a[/\\]2\.png is neither PNG nor JPEG/,
    });
  });

  test('a class without images is a class of the run all the same, and that is said', async () => {
    const folder = await write('empty', { 'a/1.png': png(1), 'b/readme.txt': Buffer.from('nothing here') });
    const { all, notes } = await load(folder);
    assert.deepEqual([all.classes, [...all.labels]], [['a', 'b'], [0]]);
    assert.match(notes.warnings[0] ?? '', /No images here of b/);
    assert.deepEqual(notes.leftOut, [{ what: '.txt', count: 1, example: 'b/readme.txt' }]);
  });

  test('what is missing or of no use is named with what to try', async () => {
    await assert.rejects(load(join(root, 'nowhere')), {
      code: 'data_missing',
      message: /nowhere does not exist\. Give the path/,
    });
    await symlink(join(root, 'round'), join(root, 'round'));
    await assert.rejects(load(join(root, 'round')), {
      code: 'data_missing',
      message: /round cannot be read: its links lead in a circle/,
    });
    await assert.rejects(load(await write('flat', { '1.png': png(1) })), {
      code: 'data_invalid',
      message: /holds images and no folders.*cats\/1\.png/,
    });
    await assert.rejects(load(await write('texts', { 'readme.txt': png(1).subarray(1) })), {
      code: 'data_missing',
      message: /texts has no images/,
    });
    await assert.rejects(load(await write('one', { 'a/1.png': png(1) })), {
      code: 'data_invalid',
      message: /only the folder a\. A run tells at least two classes apart/,
    });
    await assert.rejects(load(join(root, 'flat', '1.png')), {
      code: 'data_invalid',
      message: /is a picture\. Give the folder/,
    });
  });

  test('an abort is heard between images', async () => {
    const folder = await write('abort', { 'a/1.png': png(1), 'b/1.png': png(1) });
    await assert.rejects(load(folder, { signal: AbortSignal.abort(new Error('enough')) }), /enough/);
  });
});

describe('IDX files', () => {
  const labels = idx([4], [0, 1, 2, 1]);
  const images = idx(
    [4, 2, 3],
    Array.from({ length: 24 }, (_, i) => i),
  );

  test('one pair, plain or gzipped', async () => {
    for (const [name, pack] of [
      ['plain', (bytes: Uint8Array) => bytes],
      ['packed', gzipSync],
    ] as const) {
      const ending = name === 'packed' ? '.gz' : '';
      const folder = await write(`idx-${name}`, {
        [`digits-images-idx3-ubyte${ending}`]: pack(images),
        [`digits-labels-idx1-ubyte${ending}`]: pack(labels),
      });
      const { all, testFrom } = await load(folder);
      assert.deepEqual(all.shape, [1, 2, 3]);
      assert.deepEqual([...all.labels], [0, 1, 2, 1]);
      assert.deepEqual(all.pixels[23], 23);
      assert.equal(testFrom, undefined);
    }
  });

  test('beside folders of the same name, as some archives unpack', async () => {
    const folder = await write('mnist-in-folders', {
      'train-images.idx3-ubyte': images,
      'train-images-idx3-ubyte/train-images-idx3-ubyte': images,
      'train-labels.idx1-ubyte': labels,
      'train-labels-idx1-ubyte/train-labels-idx1-ubyte': labels,
    });
    const { all } = await load(folder);
    assert.deepEqual([...all.labels], [0, 1, 2, 1]);
  });

  test('by the path of one of its files, with the other of the pair alone', async () => {
    const folder = await write('named-pair', {
      't10k-images-idx3-ubyte': idx([1, 2, 3], [9, 9, 9, 9, 9, 9]),
      't10k-labels-idx1-ubyte': idx([1], [3]),
      'train-images-idx3-ubyte.gz': gzipSync(images),
      'train-labels-idx1-ubyte': labels,
      strange: images,
    });
    for (const name of ['train-images-idx3-ubyte.gz', 'train-labels-idx1-ubyte']) {
      const { all, testFrom } = await load(join(folder, name));
      assert.deepEqual([[...all.labels], testFrom, all.source], [[0, 1, 2, 1], undefined, name]);
    }
    await assert.rejects(load(join(folder, 'strange')), {
      code: 'data_invalid',
      message: /strange is an IDX file\. .* found by their names/,
    });
  });

  test('train and t10k are training and test set', async () => {
    const folder = await write('mnist', {
      't10k-images-idx3-ubyte': idx([1, 2, 3], [9, 9, 9, 9, 9, 9]),
      't10k-labels-idx1-ubyte': idx([1], [3]),
      'train-images-idx3-ubyte': images,
      'train-labels-idx1-ubyte': labels,
    });
    const { all, testFrom } = await load(folder);
    assert.equal(testFrom, 4);
    assert.deepEqual([...all.labels], [0, 1, 2, 1, 3]);
    assert.equal(all.classes.length, 4);
    assert.equal(all.pixels[24], 9);
  });

  const bad: Readonly<Record<string, { readonly files: Record<string, Uint8Array>; readonly expect: object }>> = {
    'no labels': {
      files: { 'x-images-idx3-ubyte': images },
      expect: { code: 'data_invalid', message: /has no labels beside it/ },
    },
    'fewer labels': {
      files: pair(images, idx([3], [0, 1, 2])),
      expect: { code: 'data_invalid', message: /4 images, but 3 labels/ },
    },
    'cut off': {
      files: pair(images.subarray(0, 30), labels),
      expect: { code: 'data_invalid', message: /shorter than its header says/ },
    },
    'too long': {
      files: pair(Buffer.concat([images, images]), labels),
      expect: { code: 'data_invalid', message: /longer than its header/ },
    },
    'a lie of 4 GB': { files: pair(idx([2 ** 32 - 1, 1, 1], []), labels), expect: { code: 'data_too_large' } },
    'a packed lie': {
      files: pair(gzipSync(idx([1_000_000, 20, 20], [])), labels),
      expect: { code: 'data_invalid', message: /shorter/ },
    },
    garbage: {
      files: pair(Buffer.from('garbage, not an index'), labels),
      expect: { code: 'data_invalid', message: /not an IDX file/ },
    },
    'damaged gzip': {
      files: pair(gzipSync(images).subarray(0, 20), labels),
      expect: { code: 'data_invalid', message: /cannot be read to its end/ },
    },
    'a huge image': { files: pair(idx([1, 9999, 1], []), labels), expect: { code: 'data_invalid', message: /9999x1/ } },
    'one class': {
      files: pair(images, idx([4], [0, 0, 0, 0])),
      expect: { code: 'data_invalid', message: /1 class only/ },
    },
  };
  for (const [name, { files, expect }] of Object.entries(bad)) {
    test(`${name}: a clear error`, async () => {
      await assert.rejects(load(await write(`bad-${name.replaceAll(' ', '-')}`, files)), expect);
    });
  }
});

function pair(images: Uint8Array, labels: Uint8Array): Record<string, Uint8Array> {
  return { 'x-images-idx3-ubyte': images, 'x-labels-idx1-ubyte': labels };
}
