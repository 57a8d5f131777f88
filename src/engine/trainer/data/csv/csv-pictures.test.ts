import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { systemClock } from '#engine/host/system-clock.ts';
import type { ByteFile } from '../byte-file.ts';
import { describeData, summaryOf } from '../describe-data.ts';
import type { LoadedData } from '../dataset.ts';
import type { ImageFolderOptions } from '../images/image-folder.ts';
import { loadData, requireData } from '../load-data.ts';
import { takeShare } from '../partition.ts';
import { previewData } from '../preview-data.ts';
import { readCsv, readPixelText } from './csv-pictures.ts';

let root = '';
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'roundscope-csv-'));
});
after(() => rm(root, { recursive: true, force: true }));

const { signal } = new AbortController();
let serial = 0;

async function file(text: string | Uint8Array, name = `table-${++serial}.csv`): Promise<string> {
  const path = join(root, name);
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(path, text);
  return path;
}

async function load(text: string | Uint8Array, options: Partial<ImageFolderOptions> = {}): Promise<LoadedData> {
  return loadData(await file(text), { signal, ...options });
}

const row = (emotion: number | string, value: number, usage = 'Training', side = 48): string =>
  `${emotion},${Array.from({ length: side * side }, (_, i) => (value + i) % 256).join(' ')},${usage}\n`;
const fer = (...rows: readonly string[]): string => `emotion,pixels,Usage\n${rows.join('')}`;
const labelsOf = ({ all }: LoadedData): (string | undefined)[] => [...all.labels].map((label) => all.classes[label]);

describe('FER2013', () => {
  const both = fer(row(0, 1), row(3, 2), row(6, 3), row(3, 4, 'PublicTest'), row(0, 5, 'PrivateTest'), row(5, 6));

  test('classes by name, 48x48 grey, what Usage calls a test is held out', async () => {
    const data = await load(both);
    assert.deepEqual(data.all.classes, ['angry', 'disgust', 'fear', 'happy', 'neutral', 'sad', 'surprise']);
    assert.deepEqual(labelsOf(data), ['angry', 'happy', 'neutral', 'surprise', 'happy', 'angry']);
    assert.deepEqual([data.all.shape, data.testFrom], [[1, 48, 48], 4]);
    const pixels = [0, 3, 4].map((i) => [...data.all.pixels.subarray(i * 2304, i * 2304 + 2)]);
    assert.deepEqual(pixels, [
      [1, 2],
      [6, 7],
      [4, 5],
    ]);
    const share = takeShare(data, { participants: 1, index: 0, split: { kind: 'iid' }, seed: 1 });
    assert.deepEqual([share.training.labels.length, share.heldOut.labels.length], [4, 2]);
    assert.match(data.notes.warnings.join(), /No images here of disgust, fear, sad/);
    assert.deepEqual(data.notes.changed, [
      { what: 'rows', count: 6, how: 'pixels from "pixels", class from "emotion", seen as 48x48' },
    ]);
  });

  test('the other order of columns, blanks in the header, a byte order mark, CR LF, gzip', async () => {
    const lines = [row(2, 9, 'Training'), row(4, 8, 'PublicTest')].map((line) => {
      const [emotion, pixels, usage] = line.trim().split(',');
      return `${emotion},${usage},${pixels}\r\n`;
    });
    const data = await load(gzipSync(`\ufeffemotion, Usage, pixels\r\n${lines.join('')}`));
    assert.deepEqual([labelsOf(data), data.testFrom], [['fear', 'sad'], 1]);
  });

  test('without Usage, or with tests alone, the split is by seed', async () => {
    const text = fer(row(1, 1), row(2, 2), row(2, 3)).replaceAll(/,(Usage|Training)\n/g, '\n');
    assert.equal((await load(text)).testFrom, undefined);
    const tests = await load(fer(row(1, 1, 'PublicTest'), row(2, 2, 'PrivateTest')));
    assert.deepEqual([labelsOf(tests), tests.testFrom], [['disgust', 'fear'], undefined]);
  });

  test('named emotions are the same classes', async () => {
    assert.deepEqual(labelsOf(await load(fer(row('Happy', 1), row('sad', 2)))), ['happy', 'sad']);
  });

  test('a folder with this one file is as good as the file', async () => {
    await file(both, 'fer/fer2013.csv');
    assert.equal((await loadData(join(root, 'fer'), { signal })).all.labels.length, 6);
  });

  test('is fitted to a run: classes are mapped, pictures scaled, the rest counted', async () => {
    const fit = { classes: ['glad', 'angry'], shape: [1, 24, 24] } as const;
    const mapping = ['neutral', 'surprise'].map((from) => ({ from, to: null }));
    const data = await load(both, { fit: { ...fit, mapping: [{ from: 'happy', to: 'glad' }, ...mapping] } });
    assert.deepEqual(
      [labelsOf(data), data.all.shape, data.testFrom],
      [['angry', 'glad', 'glad', 'angry'], [1, 24, 24], 2],
    );
    assert.equal(
      data.notes.leftOut.reduce((sum, { count }) => sum + count, 0),
      2,
    );
  });
});

describe('rows that cannot be used', () => {
  const good = Array.from({ length: 200 }, (_, i) => row(i % 7, i, 'Training', 4));
  const bad = [
    row(7, 1, 'Training', 4),
    row('', 1, 'Training', 4),
    row(1, 1, 'Training', 3),
    '1,1 2 3 x,Training\n',
    row(1, 1, 'perhaps', 4),
    '1,2\n',
    `1,"${'300 '.repeat(16)}",Training\n`,
  ];

  test('are left out, counted by what is wrong and named by their line; the preview and the coordinator are told', async () => {
    const data = await load(fer(...good, ...bad));
    assert.deepEqual([data.all.labels.length, data.skipped], [200, 7]);
    const told = describeData(data, summaryOf(data));
    const kinds = Object.fromEntries(told.leftOut.map(({ what, count, example }) => [what, [count, example]]));
    assert.deepEqual(kinds, {
      'rows with an emotion that is none of 0 to 6': [1, 'line 202'],
      'rows with no class': [1, 'line 203'],
      'rows with another number of pixels': [1, 'line 204'],
      'rows with pixels that are no whole numbers from 0 to 255': [2, 'line 205'],
      'rows with a usage that is neither training nor test': [1, 'line 206'],
      'rows with 2 of 3 columns': [1, 'line 207'],
    });
    assert.match(told.text, /seen as 4x4 grey; .*7 others left out \(2 rows with pixels/);
    assert.equal(told.data.skipped, 7);
    const seen = await previewData({ data: await file(fer(...good, ...bad)) }, { signal, clock: systemClock });
    assert.deepEqual([seen.total, seen.fault], [200, null]);
    assert.equal(
      seen.leftOut.reduce((sum, { count }) => sum + count, 0),
      7,
    );
  });

  test('are too many beyond 5 %, and the first one is named', async () => {
    await assert.rejects(load(fer(...good.slice(0, 100), ...bad)), {
      code: 'data_invalid',
      message: /7 of 107 rows in .* cannot be used, the first: line 102 has an emotion that is none of 0 to 6/,
    });
  });
});

describe('a column for each pixel', () => {
  const header = `label,${Array.from({ length: 64 }, (_, i) => `pixel${i}`).join(',')}\n`;
  const digit = (label: string, value: number): string =>
    `${label},${Array.from({ length: 64 }, (_, i) => (value + i) % 256).join(',')}\n`;

  test('classes by value, numbers in their order', async () => {
    const data = await load(header + digit('10', 0) + digit('9', 200) + digit('9.0', 3));
    assert.deepEqual(
      [data.all.classes, data.all.shape],
      [
        ['9', '10'],
        [1, 8, 8],
      ],
    );
    assert.deepEqual(labelsOf(data), ['10', '9', '9']);
    assert.deepEqual([...data.all.pixels.subarray(64, 67)], [200, 201, 202]);
  });

  test('the class is in the column that is named, else in one of a usual name, else in the last', async () => {
    const names = Array.from({ length: 64 }, (_, i) => `p${i}`).join(',');
    const values = (first: number): string => Array.from({ length: 64 }, (_, i) => (first + i) % 200).join(',');
    const text = `${names},kind\n${values(1)},"cat, small"\n${values(2)},dog\n`;
    assert.deepEqual((await load(text)).all.classes, ['cat, small', 'dog']);
    const path = await file(text.replace('p0', 'id'));
    assert.deepEqual((await loadData(`${path}#kind`, { signal })).all.classes, ['cat, small', 'dog']);
    await assert.rejects(loadData(`${path}#sort`, { signal }), {
      code: 'data_invalid',
      message: /no column "sort"\. Its columns: id, p1/,
    });
    await requireData(`${path}#kind`);
    await assert.rejects(requireData(`${root}/none.csv#kind`), { code: 'data_missing' });
  });

  test('a missing pixel leaves its row out', async () => {
    const rows = Array.from({ length: 60 }, (_, i) => digit(String(i % 3), i));
    const holed = digit('1', 7).replace(',8,', ',,');
    const data = await load(header + rows.join('') + holed);
    assert.deepEqual(data.damaged, [{ what: 'rows with missing pixels', count: 1, example: 'line 62' }]);
  });
});

describe('what is no table of pictures', () => {
  const cases: Readonly<Record<string, { readonly text: string | Uint8Array; readonly message: RegExp }>> = {
    'a table of figures: types are found out and told': {
      text: 'length,width,leaves,note,species\n5.1,3,1,,setosa\n4.9,,2,a b,virginica\n5,3,7,,setosa\n',
      message:
        /is a table of figures: "length" \(number\), "width" \(whole number with missing values\), "leaves" \(whole number\), "note" \(text with missing values\), and as the class "species" \(text, 2 values\)\. Runs are about pictures/,
    },
    'no header': { text: '5,0,1,2\n3,0,1,2\n', message: /has no header: its first line holds numbers/ },
    'a header alone': { text: 'emotion,pixels\n', message: /has a header and no rows/ },
    'an empty file': { text: '', message: /is empty/ },
    'one column': { text: 'names\na\nb\n', message: /has one column only, "names"/ },
    'pixels that are no square': {
      text: 'emotion,pixels\n1,1 2 3\n2,1 2 3\n',
      message: /the 3 pixels in line 2 are no square/,
    },
    'one class only': { text: fer(row(1, 1), row(1, 2)), message: /has labels of 1 class only/ },
    'UTF-16': {
      text: Buffer.from('\ufeffemotion,pixels\n', 'utf16le'),
      message: /is text in UTF-16\. Save it as UTF-8/,
    },
    'bytes of some kind': { text: Buffer.from([1, 2, 0, 3, 0, 0]), message: /neither a table as text nor a file/ },
    'quotes without end': { text: 'emotion,pixels\n1,"1 2 3\n', message: /line 2 that are never closed/ },
    'a damaged gzip': {
      text: gzipSync(fer(row(1, 1), row(2, 2))).subarray(0, 90),
      message: /cannot be read to its end/,
    },
    'a pickle': {
      text: Buffer.from([0x80, 4, 0x95, 1]),
      message: /is a pickle of Python, which only running code could read/,
    },
    'a picture': { text: Buffer.from([0xff, 0xd8, 0xff, 0xe0]), message: /is a picture\. Give the folder/ },
    Parquet: { text: Buffer.from('PAR1....'), message: /is a Parquet file, which is not read here/ },
  };
  for (const [name, { text, message }] of Object.entries(cases))
    test(name, () => assert.rejects(load(text), { name: 'RoundscopeError', code: 'data_invalid', message }));

  test('a thousand and one classes are likely the wrong column', async () => {
    const rows = Array.from({ length: 1001 }, (_, i) => `c${i},${'1 '.repeat(4)}\n`).join('');
    await assert.rejects(load(`label,pixels\n${rows}`), {
      code: 'data_invalid',
      message: /more than 1000 different values.*#COLUMN/,
    });
  });

  test('an abort is heard', async () => {
    const stopped = AbortSignal.abort(new Error('enough'));
    await assert.rejects(load(fer(row(1, 1)), { signal: stopped }), /enough/);
  });
});

describe('a table of 10 GB', () => {
  /** What is read of a table that has no end, and what comes of it. */
  async function endless(
    head: string,
    line: (i: number) => string,
    options: Partial<ImageFolderOptions> = {},
  ): Promise<{ readonly pulled: number; readonly end: unknown }> {
    let pulled = 0;
    const stream = Readable.from(
      (function* () {
        yield Buffer.from(head);
        for (let i = 0; ;) {
          const piece = Buffer.from(Array.from({ length: 2000 }, () => line(i++)).join(''));
          pulled += piece.length;
          yield piece;
        }
      })(),
      { objectMode: true, highWaterMark: 1 },
    );
    const file: ByteFile = {
      stream,
      sizeBytes: 10e9,
      contentBytesMax: 10e9,
      readBytes: () => pulled,
      close: () => stream.destroy(),
    };
    const end = await readCsv(file, { path: '/data/large.csv' }, { signal, ...options }).catch(
      (error: unknown) => error,
    );
    file.close();
    return { pulled, end };
  }
  const messageOf = (end: unknown): string => (end instanceof Error ? end.message : 'no error');

  test('of figures is refused by its first rows', async () => {
    const { pulled, end } = await endless('a,b,c\n', (i) => `${i},0.5,x\n`);
    assert.match(messageOf(end), /is a table of figures/);
    assert.ok(pulled < 1e6, `${pulled}`);
  });

  test('of rubbish is given up after a thousand rows', async () => {
    const { pulled, end } = await endless('emotion,pixels\n', (i) => (i < 200 ? '1,1 2 3 4\n' : '9,1 2 3 4\n'));
    assert.match(messageOf(end), /rows in \/data\/large\.csv cannot be used, the first: line 202/);
    assert.ok(pulled < 1e6, `${pulled}`);
  });

  test('of more pictures than are held in memory is refused, with how many those were', async () => {
    const { pulled, end } = await endless('label,pixels\n', (i) => `${i % 2},${i % 256}\n`);
    assert.match(messageOf(end), /holds more images than Roundscope holds in memory: it ended at 2,000,000/);
    assert.ok(pulled < 64e6, `${pulled}`);
  });

  test('is looked at in part', async () => {
    const { pulled, end } = await endless('label,pixels\n', (i) => `${i % 2},${i % 256}\n`, {
      preview: { isEnough: () => true },
    });
    assert.match((end as LoadedData).notes.warnings.join(), /rows were read so far, about 1 % of the file/);
    assert.ok(pulled < 1e6, `${pulled}`);
  });

  test(
    'that is one hole of zeros ends at the length of a record',
    { skip: process.platform === 'win32' && 'files have no holes there' },
    async () => {
      const path = await file(fer(row(1, 1), row(2, 2)), 'sparse.csv');
      await truncate(path, 10e9);
      await assert.rejects(loadData(path, { signal }), {
        code: 'data_invalid',
        message: /line 4 that does not end within/,
      });
    },
  );

  test('on a disk that fails is named', async () => {
    const stream = Readable.from(
      (function* () {
        yield Buffer.from(fer(row(1, 1), row(2, 2)));
        throw Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO' });
      })(),
    );
    const broken: ByteFile = {
      stream,
      sizeBytes: 10e9,
      contentBytesMax: 10e9,
      readBytes: () => 0,
      close: () => stream.destroy(),
    };
    await assert.rejects(readCsv(broken, { path: '/data/large.csv' }, { signal }), {
      code: 'data_invalid',
      message: /\/data\/large\.csv cannot be read to its end: Error: EIO/,
    });
  });
});

test('pixels as text: blanks of all kinds, and nothing but numbers', () => {
  const into = new Uint8Array(3);
  assert.equal(readPixelText(' 1  20\t255\n', into), null);
  assert.deepEqual([...into], [1, 20, 255]);
  for (const text of ['1 2', '', '1 2 3 4', '1 2 256', '1 2 -3', '1.0 2 3', '1,2,3'])
    assert.notEqual(readPixelText(text, into), null, text);
});

test('a look at a large table ends in time, and says that counts are of a part', async () => {
  const lines = Array.from({ length: 400 }, (_, i) => row(i % 7, i));
  let asked = 0;
  const data = await load(fer(...lines), { preview: { isEnough: () => ++asked > 1 } });
  assert.ok(data.all.labels.length > 10 && data.all.labels.length < 400, `${data.all.labels.length}`);
  assert.match(
    data.notes.warnings.join(),
    /^The first \d+ rows were read so far, about \d+ % of the file: counts are of these\./,
  );
});
