import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { toldCount } from '#shared/base/text/told-count.ts';
import type { Hash } from '#shared/contract/ids.ts';
import { tellsAll, toldData, toldEvaluation, toldProgress, toldUpdate, withoutPaths } from './telling.ts';

const rounded = { exact: false, source: 'own pictures' };

describe('what a participant tells of its data', () => {
  test('counts are rounded to two digits and tens; nothing stays nothing, and something is never told as nothing', () => {
    const told = [0, 1, 4, 9, 14, 15, 87, 99, 104, 149, 1437, 1_256_000].map((count) => toldCount(count));
    assert.deepEqual(told, [0, 10, 10, 10, 10, 20, 90, 100, 100, 150, 1400, 1_300_000]);
    for (let count = 10; count < 5000; count++)
      assert.ok(Math.abs(toldCount(count) - count) <= Math.max(5, count * 0.05), String(count));
  });

  test('several numbers give the same one, so none says how many pictures there are', () => {
    for (let count = 20; count < 2000; count += 7) {
      const told = toldCount(count);
      const alike = Array.from({ length: 200 }, (_, i) => count - 100 + i).filter((n) => toldCount(n) === told);
      assert.ok(alike.length >= 10, `${count} is told as ${told}, as ${alike.length} others are`);
    }
  });

  test('data is described without its place', () => {
    const data = {
      source: 'holiday-4711',
      examples: 83,
      heldOut: 21,
      shape: [1, 28, 28],
      classes: ['a', 'b'],
      classCounts: [80, 3],
      skipped: 2,
    };
    assert.deepEqual(toldData(data, rounded), {
      ...data,
      source: 'own pictures',
      examples: 80,
      heldOut: 20,
      classCounts: [80, 10],
      skipped: 10,
    });
    assert.deepEqual(toldData(data, tellsAll), data);
  });

  test('what an update and an evaluation say with it gives the same figures', () => {
    const update = { examples: 83, accuracy: 71 / 83, loss: 0.5, trainMs: 12, norm: 1, base: 'a'.repeat(64) as Hash };
    const told = toldUpdate(update, rounded);
    assert.equal(told.examples, toldCount(83));
    assert.equal(told.accuracy.toFixed(6), '0.855000');
    assert.deepEqual(toldUpdate(update, tellsAll), update);
    const result = { loss: 1, accuracy: 1, examples: 21 };
    assert.deepEqual(toldEvaluation(result, rounded), { loss: 1, accuracy: 1, examples: 20 });
    assert.deepEqual(toldEvaluation(result, tellsAll), result);
  });

  test('progress says as many batches as the told count has, and its end is the end', () => {
    const options = { telling: rounded, examples: 1437, batchSize: 10 };
    const at = (batch: number): unknown => {
      const { batch: told, batches } = toldProgress({ epoch: 1, epochs: 2, batch, batches: 144, loss: 1 }, options);
      return [told, batches];
    };
    assert.deepEqual(
      [at(0), at(72), at(144)],
      [
        [0, 140],
        [70, 140],
        [140, 140],
      ],
    );
    const body = { epoch: 1, epochs: 2, batch: 3, batches: 144, loss: 1 };
    assert.deepEqual(toldProgress(body, { ...options, telling: tellsAll }), body);
  });
});

test('paths do not go out with words for people', () => {
  const cases: Readonly<Record<string, string>> = {
    "ENOENT: no such file or directory, open '/home/mathilda/faces/a.png'":
      "ENOENT: no such file or directory, open '(a path)'",
    'cannot write C:\\Users\\Mathilda\\m.bin: full': 'cannot write (a path): full',
    'see ~/pictures and ./more/of.them, please': 'see (a path) and (a path), please',
    '\\\\server\\share\\x is gone': '(a path) is gone',
    'batch 3/9 took 20 ms, 1/2 of it': 'batch 3/9 took 20 ms, 1/2 of it',
    'refused by quic://10.0.0.4:4433': 'refused by quic://10.0.0.4:4433',
    'and/or neither': 'and/or neither',
  };
  for (const [text, told] of Object.entries(cases)) assert.equal(withoutPaths(text), told);
});
