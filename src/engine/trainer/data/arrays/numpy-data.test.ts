import assert from 'node:assert/strict';
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { crc32, deflateRawSync, gzipSync } from 'node:zlib';
import type { LoadedData } from '../dataset.ts';
import type { ImageFolderOptions } from '../images/image-folder.ts';
import { loadData } from '../load-data.ts';
import { arrayRole } from './array-roles.ts';

interface Expected {
  readonly shape: readonly number[];
  readonly labels: readonly string[];
  readonly train: number | null;
  readonly pixels: string;
}

const fixtures = new URL('../../../../../test/fixtures/numpy/', import.meta.url);
const expected = JSON.parse(await readFile(new URL('expected.json', fixtures), 'utf8')) as Record<string, Expected>;
const { signal } = new AbortController();

let root = '';
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'roundscope-numpy-'));
});
after(() => rm(root, { recursive: true, force: true }));

const pathOf = (name: string): string => new URL(name, fixtures).pathname;
const load = (path: string, options: Partial<ImageFolderOptions> = {}): Promise<LoadedData> =>
  loadData(path, { signal, ...options });

async function write(name: string, bytes: Uint8Array): Promise<string> {
  const path = join(root, name);
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(path, bytes);
  return path;
}

/** An array as NumPy writes it, whatever its header claims. */
function npy(descr: string, shape: readonly number[], data: Uint8Array): Uint8Array {
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape.join(', ')},), }\n`;
  const head = Buffer.from([0x93, ...Buffer.from('NUMPY'), 1, 0, text.length % 256, text.length >> 8]);
  return Buffer.concat([head, Buffer.from(text), data]);
}

const bytes = (count: number, value = (i: number): number => i): Uint8Array =>
  Uint8Array.from({ length: count }, (_, i) => value(i));

/** An archive without the list at its end, which is not needed. */
function zip(files: Readonly<Record<string, Uint8Array>>, { method = 8, claimed = 0 } = {}): Uint8Array {
  return Buffer.concat(
    Object.entries(files).flatMap(([name, content]) => {
      const packed = method === 8 ? deflateRawSync(content) : content;
      const head = Buffer.alloc(30);
      head.writeUInt32LE(0x0403_4b50, 0);
      head.writeUInt16LE(method, 8);
      head.writeUInt32LE(crc32(content), 14);
      head.writeUInt32LE(claimed === 0 ? packed.length : claimed, 18);
      head.writeUInt32LE(content.length, 22);
      head.writeUInt16LE(name.length, 26);
      return [head, Buffer.from(name), packed];
    }),
  );
}

describe('arrays that NumPy wrote', () => {
  for (const [name, { shape, labels, train, pixels }] of Object.entries(expected))
    test(`${name}: the pictures and labels that NumPy has`, async () => {
      const { all, testFrom } = await load(pathOf(name));
      assert.deepEqual(all.shape, shape);
      assert.deepEqual(
        [...all.labels].map((label) => all.classes[label]),
        labels,
      );
      assert.equal(testFrom, train ?? undefined);
      assert.equal(Buffer.from(all.pixels).toString('base64'), pixels);
    });

  test('two files beside each other, by either of them or by their folder; gzipped too', async () => {
    const plain = expected['plain.npz'] as Expected;
    await mkdir(join(root, 'pair'));
    for (const name of ['train_images.npy', 'train_labels.npy']) await copyFile(pathOf(name), join(root, 'pair', name));
    const packed = gzipSync(await readFile(pathOf('train_labels.npy')));
    await write('packed/train_labels.npy.gz', packed);
    await copyFile(pathOf('train_images.npy'), join(root, 'packed', 'train_images.npy'));
    for (const path of [
      'pair',
      'pair/train_images.npy',
      'pair/train_labels.npy',
      'packed',
      'packed/train_labels.npy.gz',
    ]) {
      const { all, testFrom } = await load(join(root, path));
      assert.deepEqual([[...all.labels].map(String), testFrom], [plain.labels, undefined], path);
      assert.equal(Buffer.from(all.pixels).toString('base64'), plain.pixels);
    }
  });

  test('arrays of other names are passed over and told; floats too', async () => {
    assert.deepEqual((await load(pathOf('names.npz'))).notes.leftOut, [
      { what: 'arrays whose names say nothing', count: 1, example: 'note.npy' },
    ]);
    assert.deepEqual((await load(pathOf('unit.npz'))).notes.changed, [
      { what: 'values', count: 4, how: 'from 0 to 1, read in 256 steps' },
    ]);
  });

  test('color is seen in grey where the run is, and classes are mapped', async () => {
    const fit = { classes: ['zero', '1', '2'], shape: [1, 4, 6], mapping: [{ from: '0', to: 'zero' }] } as const;
    const { all, notes } = await load(pathOf('color-last.npz'), { fit });
    assert.deepEqual(
      [all.shape, [...all.labels]],
      [
        [1, 4, 6],
        [0, 2, 1, 2],
      ],
    );
    const [first] = all.pixels;
    // Red 0, green 7, blue 14 by ITU-R BT.601.
    assert.ok(Math.abs((first as number) - 6) <= 1, `${first}`);
    assert.deepEqual(notes.changed.map(({ what, how }) => `${what} ${how}`).sort(), [
      'in color seen in grey',
      'scaled to 6x4',
    ]);
  });
});

describe('arrays that cannot be used', () => {
  const x = npy('|u1', [4, 2, 3], bytes(24));
  const y = npy('|u1', [4], bytes(4));
  const huge = (shape: readonly number[]): Uint8Array => npy('|u1', shape, bytes(0));
  const cases: Readonly<
    Record<string, { readonly files: Uint8Array | Record<string, Uint8Array>; readonly expect: RegExp | object }>
  > = {
    'a claim of 4 GB': {
      files: { 'x.npy': huge([4_000_000, 32, 32]), 'y.npy': y },
      expect: { code: 'data_too_large', message: /x, claims 4000000 x 32 x 32 elements/ },
    },
    'a claim that the file could not hold': {
      files: { 'x.npy': huge([1_000_000, 32, 32]), 'y.npy': y },
      expect: /x, is shorter than its header says/,
    },
    'an array that is cut off': {
      files: { 'x.npy': x.subarray(0, -1), 'y.npy': y },
      expect: /x, is shorter than its header says/,
    },
    'a bomb: more than its header says': {
      files: { 'x.npy': Buffer.concat([x, new Uint8Array(50_000_000)]), 'y.npy': y },
      expect: /x, is longer than its header says/,
    },
    'no labels': { files: { 'x.npy': x }, expect: /has no labels beside it/ },
    'labels alone': { files: { 'y_train.npy': y }, expect: /has no pictures beside it/ },
    'fewer labels': {
      files: { 'x.npy': x, 'y.npy': npy('|u1', [3], bytes(3)) },
      expect: /has 4 pictures, but 3 labels/,
    },
    'a column for each class': {
      files: { 'x.npy': x, 'y.npy': npy('|u1', [4, 3], bytes(12)) },
      expect: /has the shape 4x3.*numpy\.argmax/,
    },
    'names that say nothing': {
      files: { 'a.npy': x, 'b.npy': y },
      expect: /has no arrays called as pictures and labels.*It holds: a\.npy, b\.npy/,
    },
    'half of the labels below 0': {
      files: {
        'x.npy': x,
        'y.npy': npy(
          '|i1',
          [4],
          bytes(4, (i) => (i < 2 ? 255 : i)),
        ),
      },
      expect: /2 of 4 labels in .* are no class, the first: that of picture 0/,
    },
    'figures and no pictures': {
      files: {
        'x.npy': npy(
          '<f4',
          [4, 4],
          bytes(64, (i) => (i % 4 === 3 ? 0xc0 : 0)),
        ),
        'y.npy': y,
      },
      expect: /holds values from -2 to -2, where pictures have 0 to 255/,
    },
    'rows of another length than a square': {
      files: { 'x.npy': npy('|u1', [4, 6], bytes(24)), 'y.npy': y },
      expect: /has the shape 4x6, where pictures have/,
    },
    'huge pictures': {
      files: { 'x.npy': npy('|u1', [4, 1, 600], bytes(2400)), 'y.npy': y },
      expect: /has pictures of 600x1/,
    },
    'no pictures': {
      files: { 'x.npy': npy('|u1', [0, 2, 3], bytes(0)), 'y.npy': npy('|u1', [0], bytes(0)) },
      expect: /holds no pictures/,
    },
    'one class': {
      files: {
        'x.npy': x,
        'y.npy': npy(
          '|u1',
          [4],
          bytes(4, () => 0),
        ),
      },
      expect: /has labels of 1 class only/,
    },
    records: { files: { 'x.npy': npy('|V3', [4, 2], bytes(24)), 'y.npy': y }, expect: /holds elements of type \|V3/ },
    'no array': { files: { 'x.npy': bytes(64), 'y.npy': y }, expect: /no array of NumPy/ },
    'an archive that is cut off': {
      files: zip({ 'x.npy': x, 'y.npy': y }).subarray(0, 60),
      expect: /ends before its arrays do|broken|cannot be read/,
    },
    'damaged compression': {
      files: Buffer.from(zip({ 'x.npy': x, 'y.npy': y })).fill(0xff, 70, 90),
      expect: /cannot be read to its end/,
    },
    'a size that the archive cannot have': {
      files: zip({ 'x.npy': x, 'y.npy': y }, { claimed: 2 ** 31 }),
      expect: /ends before its arrays do/,
    },
  };
  for (const [name, { files, expect }] of Object.entries(cases))
    test(name, async () => {
      const path = await write(`${name.replaceAll(/\W+/g, '-')}.npz`, files instanceof Uint8Array ? files : zip(files));
      await assert.rejects(
        load(path),
        expect instanceof RegExp ? { name: 'RoundscopeError', code: 'data_invalid', message: expect } : expect,
      );
    });

  test('Python objects are never made, and columns before rows are not mixed up', async () => {
    await assert.rejects(load(pathOf('objects.npz')), {
      code: 'data_invalid',
      message: /y,: It holds "\|O", which is no array of numbers/,
    });
    await assert.rejects(load(pathOf('fortran.npz')), {
      code: 'data_invalid',
      message: /Fortran order\)\. Save it with numpy\.ascontiguousarray/,
    });
  });

  test('one label in a hundred that is no class leaves its picture out', async () => {
    const labels = bytes(100, (i) => (i === 7 ? 255 : i % 3));
    const path = await write(
      'few.npz',
      zip({ 'x.npy': npy('|u1', [100, 2, 2], bytes(400)), 'y.npy': npy('|i1', [100], labels) }),
    );
    const { all, damaged, skipped } = await load(path);
    assert.deepEqual([all.labels.length, skipped, all.classes.length], [99, 1, 3]);
    assert.deepEqual(damaged, [{ what: 'pictures whose label is no class', count: 1, example: 'picture 7' }]);
    assert.equal(all.pixels[28], 32, 'the pictures behind it stay with their labels');
  });

  test('a file alone whose name says nothing', async () => {
    await assert.rejects(load(await write('alone/thing.npy', x)), {
      code: 'data_invalid',
      message: /name does not say what it is for/,
    });
  });
});

test('names of arrays', () => {
  const said = (name: string): string => {
    const role = arrayRole(name);
    return role === null ? 'nothing' : `${role.part} ${role.what}`;
  };
  const names = {
    x: 'all pictures',
    X_train: 'training pictures',
    y_test: 'test labels',
    'train-images': 'training pictures',
    test_labels: 'test labels',
    x_val: 'test pictures',
    valid_y: 'test labels',
    images: 'all pictures',
    targets: 'all labels',
    arr_0: 'all pictures',
    arr_1: 'all labels',
    class_names: 'all names',
    ids: 'nothing',
    training: 'nothing',
    taxes: 'nothing',
  };
  for (const [name, what] of Object.entries(names)) assert.equal(said(name), what, name);
});
