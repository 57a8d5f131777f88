import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  classMeasures,
  confusionClassesMax,
  confusionFault,
  confusionSchema,
  joinedConfusion,
  macroF1,
  roundedConfusion,
} from './confusion.ts';

/** Of scikit-learn 1.5: y_true = [0,0,0,0,1,1,1,2,2,2], y_pred = [0,0,1,2,1,1,0,2,2,2]; f1 = 0.5714, 0.6667, 0.8571. */
const known = [2, 1, 1, 1, 2, 0, 0, 0, 3];

describe('a confusion matrix', () => {
  test('gives recall, precision and F1 of each class, and their mean', () => {
    const [first, second, third] = classMeasures(known);
    assert.deepEqual([first?.recall, second?.recall, third?.recall], [0.5, 2 / 3, 1]);
    assert.deepEqual([first?.precision, second?.precision, third?.precision], [2 / 3, 2 / 3, 3 / 4]);
    assert.ok(Math.abs((macroF1(known) ?? 0) - (4 / 7 + 2 / 3 + 6 / 7) / 3) < 1e-12);
  });

  test('says nothing of a class that was not there, and leaves it out of the mean', () => {
    const [, absent] = classMeasures([3, 0, 0, 0]);
    assert.deepEqual(absent, { examples: 0, recall: null, precision: null, f1: null });
    assert.equal(macroF1([3, 0, 0, 0]), 1);
    assert.equal(macroF1([0, 0, 0, 0]), null);
    assert.equal(classMeasures([3, 1, 0, 0])[1]?.recall, null);
    assert.equal(classMeasures([3, 1, 0, 0])[1]?.precision, 0);
  });

  test('joined with others weighs as much as its examples, whatever its unit', () => {
    const exact = { cells: [30, 10, 0, 60], weight: 100 };
    const shares = { cells: [500, 0, 500, 0], weight: 10 };
    assert.deepEqual(joinedConfusion([exact, shares]), [35, 10, 5, 60]);
    assert.deepEqual(joinedConfusion([]), []);
  });

  test('rounded says nothing of how many examples there were', () => {
    assert.deepEqual(roundedConfusion([5, 1, 0, 0]), [833, 167, 0, 0]);
    assert.deepEqual(roundedConfusion([10, 2, 0, 0]), roundedConfusion([5, 1, 0, 0]));
  });

  test('of a peer is bounded and checked', () => {
    assert.match(confusionFault(known, 4) ?? '', /9 cells, where 4 classes have 16/);
    assert.match(confusionFault([0, 0, 0, 0], 2) ?? '', /empty/);
    assert.equal(confusionFault(known, 3), null);
    for (const bad of [[-1], [0.5], [1e10], Array.from({ length: confusionClassesMax ** 2 + 1 }, () => 0), ['1']])
      assert.equal(confusionSchema.safeParse(bad).success, false);
  });
});
