import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { decode as decodePng, encode as encodePng } from 'fast-png';
import { systemClock } from '#engine/host/system-clock.ts';
import { loadData } from './load-data.ts';
import { takeShare } from './partition.ts';
import { previewData, type PreviewJob } from './preview-data.ts';

let root = '';
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'roundscope-preview-'));
  for (const [name, count] of Object.entries({ Happy: 5, junk: 2, sad: 10 })) {
    await mkdir(join(root, name));
    for (let i = 0; i < count; i++) await writeFile(join(root, name, `${i}.png`), png(i, name === 'sad'));
  }
  await writeFile(join(root, 'sad', 'list.csv'), 'a,b');
});
after(() => rm(root, { recursive: true, force: true }));

function png(seed: number, colored: boolean): Uint8Array {
  const channels = colored ? 3 : 1;
  const data = new Uint8Array(6 * 4 * channels).map((_, i) => (i * 37 + seed * 11) % 256);
  return encodePng({ width: 6, height: 4, channels, data });
}

const { signal } = new AbortController();
const look = (job: Partial<PreviewJob> = {}): ReturnType<typeof previewData> =>
  previewData({ data: root, ...job }, { signal, clock: systemClock });
const run = { classes: ['angry', 'happy', 'sad'], shape: [1, 8, 8] } as const;

describe('a look at data', () => {
  test('as the data itself is: classes, counts, what would be held out, pictures of each class', async () => {
    const seen = await look();
    assert.deepEqual(
      seen.classes.map(({ name, count, to }) => [name, count, to]),
      [
        ['Happy', 5, 'Happy'],
        ['junk', 2, 'junk'],
        ['sad', 10, 'sad'],
      ],
    );
    assert.deepEqual([seen.total, seen.shape, seen.fault], [17, [3, 4, 6], null]);
    const whole = { participants: 1, index: 0, split: { kind: 'iid' }, seed: 0 } as const;
    const share = takeShare(await loadData(root, { signal }), whole);
    assert.equal(seen.heldOut, share.heldOut.labels.length, 'the same that a participant holds out');
    assert.deepEqual([...new Set(seen.pictures.map(({ label }) => label))], ['Happy', 'junk', 'sad']);
    assert.deepEqual(seen.leftOut, [{ what: '.csv', count: 1, example: 'sad/list.csv' }]);
  });

  test('as a run sees it: unknown classes are counted, guessed at and the fault; pictures have its shape', async () => {
    const seen = await look(run);
    assert.deepEqual(
      seen.classes.map(({ name, count, to, guess }) => [name, count, to, guess]),
      [
        ['Happy', 5, null, 'happy'],
        ['junk', 2, null, null],
        ['sad', 10, 'sad', null],
      ],
    );
    assert.deepEqual([seen.total, seen.heldOut, seen.fault?.code], [10, 2, 'classes_unknown']);
    const [picture] = seen.pictures;
    assert.match(picture?.url ?? '', /^data:image\/png;base64,/);
    const { width, height, channels } = decodePng(Buffer.from(picture?.url.split(',')[1] ?? '', 'base64'));
    assert.deepEqual([width, height, channels], [8, 8, 1]);
    assert.deepEqual(
      seen.changed.map(({ what, count }) => [what, count]),
      [
        ['scaled', 10],
        ['in color', 10],
      ],
    );
  });

  test('once each class is mapped or left out there is no fault', async () => {
    const mapping = [
      { from: 'Happy', to: 'happy' },
      { from: 'junk', to: null },
    ];
    const seen = await look({ ...run, mapping });
    assert.deepEqual([seen.total, seen.fault], [15, null]);
    assert.deepEqual(
      seen.classes.map(({ why }) => why),
      ['chosen', 'left out', 'same name'],
    );
  });

  test('nothing that fits is a fault with the classes beside it', async () => {
    const seen = await look({ ...run, classes: ['x', 'y'] });
    assert.deepEqual([seen.total, seen.classes.length, seen.fault?.code], [0, 3, 'classes_unknown']);
  });

  test('a wrong path is the fault of the answer, and a stop is none', async () => {
    const seen = await look({ data: join(root, 'nowhere') });
    assert.deepEqual([seen.fault?.code, seen.classes], ['data_missing', []]);
    const stopped = previewData({ data: root }, { signal: AbortSignal.abort(new Error('enough')), clock: systemClock });
    await assert.rejects(stopped, /enough/);
  });

  test('patience has an end: the rest is counted by first bytes, and that is said', async () => {
    let calls = 0;
    const clock = { monotonicMs: () => (++calls > 4 ? 60_000 : 0) };
    const seen = await previewData({ data: root }, { signal, clock });
    assert.equal(seen.total, 17);
    assert.match(seen.warnings[0] ?? '', /\d+ of 17 images were counted and not read yet/);
  });

  test('the bundled digits, and as a run of fewer classes sees them', async () => {
    const seen = await look({ data: 'digits' });
    assert.deepEqual([seen.total, seen.classes.length, seen.shape], [1797, 10, [1, 8, 8]]);
    assert.ok(seen.pictures.length >= 10);
    const fitted = await look({ data: 'digits', classes: ['0', '1'], shape: [1, 28, 28] });
    assert.deepEqual([fitted.fault?.code, fitted.total], ['classes_unknown', 178 + 182]);
  });
});
