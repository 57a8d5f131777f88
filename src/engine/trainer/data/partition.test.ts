import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { countClasses, type Dataset, type LoadedData } from './dataset.ts';
import { loadDigits } from './bundled/digits.ts';
import { noNotes } from './load-notes.ts';
import { partitionExamples, shareHistograms, takeShare, type PartitionOptions } from './partition.ts';
import { previewSplit } from './preview.ts';
import { formatSplit, parseSplit, type SplitSpec } from '#shared/contract/run/split.ts';

const { signal } = new AbortController();

function made(labels: readonly number[], classes: number, testFrom?: number): LoadedData {
  const all: Dataset = {
    source: 'made',
    shape: [1, 1, 2],
    classes: Array.from({ length: classes }, (_, i) => `class ${i}`),
    pixels: Uint8Array.from(labels.flatMap((label, i) => [label, i % 256])),
    maxValue: 255,
    labels: Uint16Array.from(labels),
  };
  return { all, testFrom, skipped: 0, notes: noNotes, own: [], unread: 0 };
}

const splits: fc.Arbitrary<SplitSpec> = fc.oneof(
  fc.constant<SplitSpec>({ kind: 'iid' }),
  fc.double({ min: 0.01, max: 100, noNaN: true }).map((alpha): SplitSpec => ({ kind: 'dirichlet', alpha })),
);

describe('partition', () => {
  test('every example goes to exactly one participant, shares are even, and the seed decides', () => {
    const labels = fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 60, maxLength: 300 });
    fc.assert(
      fc.property(labels, splits, fc.integer({ min: 1, max: 6 }), fc.nat(), (list, split, participants, seed) => {
        const data = made(list, 7);
        const options: PartitionOptions = { participants, split, seed };
        const { training, heldOut } = partitionExamples(data, options);
        const dealt = [...training, ...heldOut].flatMap((indices) => [...indices]).sort((a, b) => a - b);
        assert.deepEqual(dealt, Array.from(list.keys()));
        for (const hands of [training, heldOut]) {
          const sizes = hands.map((hand) => hand.length);
          assert.ok(Math.max(...sizes) - Math.min(...sizes) <= 1, `sizes ${sizes.join()}`);
        }
        assert.deepEqual(partitionExamples(data, options), { training, heldOut });
      }),
    );
  });

  test('a fifth of each class is held out, and IID shares have all classes alike', async () => {
    const data = await loadDigits({ signal });
    const { heldOut } = partitionExamples(data, { participants: 1, split: { kind: 'iid' }, seed: 1 });
    const all = countClasses(data.all.labels, 10);
    const held = countClasses(
      Array.from(heldOut[0] as Uint32Array, (i) => data.all.labels[i] as number),
      10,
    );
    held.forEach((count, label) => assert.equal(count, Math.round((all[label] as number) / 5)));
    for (const histogram of shareHistograms(data, { participants: 4, split: { kind: 'iid' }, seed: 1 })) {
      assert.ok(Math.min(...histogram) >= 34 && Math.max(...histogram) <= 37, histogram.join());
    }
  });

  test('a smaller alpha makes mixes more uneven', async () => {
    const data = await loadDigits({ signal });
    const largestShare = (alpha: number): number => {
      const histograms = shareHistograms(data, { participants: 4, split: { kind: 'dirichlet', alpha }, seed: 3 });
      return histograms.reduce((sum, counts) => sum + Math.max(...counts) / counts.reduce((a, b) => a + b, 0), 0) / 4;
    };
    // Shares are as large as each other, so one class of ten can fill no more than 0.4 of a quarter.
    assert.ok(largestShare(0.05) > 0.3, String(largestShare(0.05)));
    assert.ok(largestShare(0.3) > 0.2 && largestShare(0.3) < 0.4, String(largestShare(0.3)));
    assert.ok(largestShare(100) < 0.14, String(largestShare(100)));
  });

  test("an author's test set stays the test set", () => {
    const data = made([0, 1, 0, 1, 0, 1, 1, 0], 2, 6);
    const { training, heldOut } = partitionExamples(data, { participants: 2, split: { kind: 'iid' }, seed: 1 });
    assert.deepEqual(
      heldOut.map((hand) => hand.length),
      [1, 1],
    );
    assert.ok(heldOut.every((hand) => (hand[0] as number) >= 6));
    assert.equal(training.flatMap((hand) => [...hand]).length, 6);
  });

  test('a share holds its own pixels and labels', () => {
    const data = made(
      Array.from({ length: 50 }, (_, i) => i % 2),
      2,
    );
    const options: PartitionOptions = { participants: 3, split: { kind: 'iid' }, seed: 5 };
    const { training } = takeShare(data, { ...options, index: 1 });
    const indices = partitionExamples(data, options).training[1] as Uint32Array;
    indices.forEach((index, i) => {
      assert.equal(training.pixels[2 * i + 1], index);
      assert.equal(training.labels[i], index % 2);
    });
    assert.notEqual(training.pixels.buffer, data.all.pixels.buffer);
  });

  test('too few examples for everybody is said in numbers', () => {
    assert.throws(
      () => partitionExamples(made([0, 1, 0, 1, 0, 1], 2), { participants: 5, split: { kind: 'iid' }, seed: 1 }),
      { code: 'data_invalid', message: /4 training and 2 held-out examples, too few for 5 participants/ },
    );
  });

  test('the preview shows what the participants will get', async () => {
    const settings = { data: 'digits', participants: 3, split: 'dirichlet:0.3', seed: 7 };
    const preview = await previewSplit(settings);
    assert.deepEqual(
      preview.shares.map(({ participant }) => participant),
      ['node-1', 'node-2', 'node-3'],
    );
    const data = await loadDigits({ signal });
    const own = takeShare(data, { participants: 3, index: 2, split: { kind: 'dirichlet', alpha: 0.3 }, seed: 7 });
    assert.deepEqual(preview.shares[2]?.classCounts, countClasses(own.training.labels, 10));
    assert.equal(preview.shares[2]?.examples, own.training.labels.length);
  });
});

test('a split is read as it is written, and nonsense is named', () => {
  fc.assert(
    fc.property(splits, (split) => {
      const text = formatSplit(split);
      const parsed = parseSplit(text);
      if (/e|\.\d{13}/.test(text)) return;
      assert.deepEqual(parsed, { ok: true, value: split });
    }),
  );
  for (const text of [
    '',
    'IID',
    'dirichlet',
    'dirichlet:',
    'dirichlet:0',
    'dirichlet:-1',
    'dirichlet:1e3',
    'dirichlet:999',
    'dirichlet:0.3 ',
  ]) {
    assert.equal(parseSplit(text).ok, false, text);
  }
});
