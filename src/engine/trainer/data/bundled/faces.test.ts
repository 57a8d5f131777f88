import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { seededRandom } from '#shared/base/random.ts';
import { describeData, summaryOf } from '../describe-data.ts';
import { loadData } from '../load-data.ts';
import { takeShare } from '../partition.ts';
import { drawFace, emotions, faceSide } from './draw-face.ts';

const { signal } = new AbortController();

describe('the synthetic faces', () => {
  test('are as many of each of the seven emotions, 48x48 grey, and called synthetic', async () => {
    const loaded = await loadData('faces', { signal });
    assert.deepEqual(loaded.all.shape, [1, 48, 48]);
    assert.deepEqual(loaded.all.classes, ['angry', 'disgust', 'fear', 'happy', 'neutral', 'sad', 'surprise']);
    const { data, text } = describeData(loaded, summaryOf(loaded));
    assert.deepEqual(data.classCounts, [100, 100, 100, 100, 100, 100, 100]);
    assert.equal(data.source, 'faces (synthetic)');
    assert.match(text, /^700 synthetic images in 7 classes \(angry 100, .* seen as 48x48 grey$/);
  });

  test('are the same each time, and no two of them alike', async () => {
    const [one, other] = await Promise.all([loadData('faces', { signal }), loadData('faces', { signal })]);
    assert.deepEqual(one.all.pixels, other.all.pixels);
    const size = faceSide * faceSide;
    const seen = new Set(one.all.labels.map((_, i) => i));
    const texts = [...seen].map((i) =>
      Buffer.from(one.all.pixels.subarray(i * size, (i + 1) * size)).toString('base64'),
    );
    assert.equal(new Set(texts).size, 700);
  });

  test('differ by what they show and not by their light alone: means of classes lie close, means of faces do not', () => {
    const meansOf = (emotion: (typeof emotions)[number]): number[] =>
      Array.from({ length: 60 }, (_, i) => {
        const pixels = drawFace(emotion, seededRandom(`${emotion} ${i}`));
        return pixels.reduce((sum, value) => sum + value, 0) / pixels.length;
      });
    const all = emotions.map(meansOf);
    const centers = all.map((means) => means.reduce((sum, value) => sum + value, 0) / means.length);
    const spread = Math.max(...all.flat()) - Math.min(...all.flat());
    assert.ok(spread > 100, `${spread}`);
    assert.ok(Math.max(...centers) - Math.min(...centers) < spread / 4, centers.join());
  });

  test('the held-out ones are none of those that are trained on, and as many of each class', async () => {
    const data = await loadData('faces', { signal });
    const share = takeShare(data, { participants: 1, index: 0, split: { kind: 'iid' }, seed: 3 });
    assert.deepEqual([share.training.labels.length, share.heldOut.labels.length], [560, 140]);
    for (const label of emotions.keys()) assert.equal(share.heldOut.labels.filter((one) => one === label).length, 20);
  });

  test('are fitted to the classes and the shape of a run', async () => {
    const fit = { classes: ['Happy', 'sad'], shape: [3, 24, 24], mapping: [{ from: 'happy', to: 'Happy' }] } as const;
    const others = ['angry', 'disgust', 'fear', 'neutral', 'surprise'].map((from) => ({ from, to: null }));
    const { all, notes } = await loadData('faces', { signal, fit: { ...fit, mapping: [...fit.mapping, ...others] } });
    assert.deepEqual([all.shape, all.labels.length], [[3, 24, 24], 200]);
    assert.equal(
      notes.leftOut.reduce((sum, { count }) => sum + count, 0),
      500,
    );
  });
});
