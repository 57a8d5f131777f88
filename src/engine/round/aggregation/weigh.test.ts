import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { medianOf } from '#shared/base/median.ts';
import { cappedWeights, clipFactors, countedExamples, largestShare, moveFactors } from './weigh.ts';

function sharesOf(weights: readonly number[]): number[] {
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

const examples = fc.array(fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), { minLength: 1, maxLength: 40 });
const cap = fc.double({ min: 1, max: 10, noNaN: true });

describe('countedExamples', () => {
  test('is what was registered or claimed, whichever is less, and one at least', () => {
    assert.equal(countedExamples(Number.MAX_SAFE_INTEGER, 1000), 1000);
    assert.equal(countedExamples(7, 1000), 7);
    assert.equal(countedExamples(7, 0), 1);
  });
});

describe('cappedWeights', () => {
  test('one of ten that says 2^53-1 weighs three equal shares, the others keep their proportions', () => {
    const weights = cappedWeights([100, 100, 100, 100, 100, 100, 100, 100, 200, Number.MAX_SAFE_INTEGER], 3);
    const shares = sharesOf(weights);
    assert.ok(Math.abs((shares[9] ?? 0) - 0.3) < 1e-12, String(shares[9]));
    assert.deepEqual(weights.slice(0, 9), [100, 100, 100, 100, 100, 100, 100, 100, 200]);
  });

  test('two of ten share what two may', () => {
    const shares = sharesOf(cappedWeights([1, 1, 1, 1, 1, 1, 1, 1, 5e15, 9e15], 3));
    assert.ok(
      shares.slice(8).every((share) => Math.abs(share - 0.3) < 1e-9),
      shares.join(),
    );
  });

  test('nothing changes with one or two participants, where nobody has too much, and when it is off', () => {
    const fine = [[1], [1, 9e15], [100, 100, 100], [100, 300, 200], [5, 6, 7, 8, 9]];
    for (const few of fine) assert.deepEqual(cappedWeights(few, 3), few);
    for (const all of [
      [1, 1, 9e15],
      [1, 1, 1, 1, 1, 9e15],
    ])
      assert.deepEqual(cappedWeights(all, null), all);
  });

  test('of three to six one weighs no more than all the others together, whatever the cap says', () => {
    assert.deepEqual(cappedWeights([100, 200, 9e15], 3), [100, 200, 300]);
    assert.deepEqual(cappedWeights([1, 1, 1, 9e15], 1000), [1, 1, 1, 3]);
    assert.deepEqual(
      [1, 2, 3, 5, 6, 10].map((count) => largestShare(count, 3)),
      [1, 1, 0.5, 0.5, 0.5, 0.3],
    );
    assert.deepEqual([largestShare(3, 1), largestShare(3, null)], [1 / 3, 1]);
  });

  test('property: no share exceeds the cap, the order stays, and only what was too much changes', () => {
    fc.assert(
      fc.property(examples, cap, (list, times) => {
        const weights = cappedWeights(list, times);
        const shares = sharesOf(weights);
        for (const share of shares)
          assert.ok(share <= largestShare(list.length, times) * (1 + 1e-6), `${share} of ${times}`);
        for (const [k, weight] of weights.entries()) {
          assert.ok(weight > 0 && weight <= (list[k] ?? 0) * (1 + 1e-6));
          for (const [i, other] of weights.entries())
            if ((list[k] ?? 0) < (list[i] ?? 0)) assert.ok(weight <= other * (1 + 1e-6));
        }
      }),
    );
  });
});

describe('clipFactors', () => {
  test('scales what is longer than so many medians, and nothing else', () => {
    assert.deepEqual(clipFactors([1, 2, 3, 60], 3), [1, 1, 1, 0.125]);
    assert.deepEqual(clipFactors([1, 2, 3, 60], null), [1, 1, 1, 1]);
  });

  test('of two none can be too long for three times their median, and nobody is measured by a median of 0', () => {
    assert.deepEqual(clipFactors([1e-9, 1e9], 3), [1, 1]);
    assert.deepEqual(clipFactors([0, 0, 5], 3), [1, 1, 1]);
  });

  test('the median of an even number lies between the two in the middle', () => {
    assert.deepEqual([medianOf([4, 1, 3, 2]), medianOf([9, 1, 5]), medianOf([])], [2.5, 5, 0]);
  });
});

describe('moveFactors', () => {
  test('of three or more none moves the model further than all the others together', () => {
    assert.deepEqual(moveFactors([1, 1, 3], [1, 1, 2], 3), [1, 1, 1 / 3]);
    assert.deepEqual(moveFactors([1, 1, 60], [1, 1, 1], 3), [1, 1, (1 / 20) * (2 / 3)]);
  });

  test('leaves alike ones alone, and two, and where the others do not move or lengths are not looked at', () => {
    assert.deepEqual(moveFactors([1, 1.5, 2], [5, 5, 5], 3), [1, 1, 1]);
    assert.deepEqual(moveFactors([1, 50], [1, 9], 3), [1, 1]);
    assert.deepEqual(moveFactors([0, 0, 5], [1, 1, 1], 3), [1, 1, 1]);
    assert.deepEqual(moveFactors([1, 1, 60], [1, 1, 1], null), [1, 1, 1]);
  });

  test('property: only the furthest is shortened, and moves no further than the others', () => {
    const one = fc.record({
      norm: fc.double({ min: 1e-3, max: 1e6, noNaN: true }),
      weight: fc.integer({ min: 1, max: 1e6 }),
    });
    fc.assert(
      fc.property(fc.array(one, { minLength: 3, maxLength: 12 }), (list) => {
        const [norms, weights] = [list.map(({ norm }) => norm), list.map(({ weight }) => weight)];
        const moves = moveFactors(norms, weights, 3).map((factor, k) => factor * norms[k]! * weights[k]!);
        const all = moves.reduce((sum, move) => sum + move, 0);
        assert.ok(moves.every((move) => move <= (all / 2) * (1 + 1e-6)));
        const clipped = clipFactors(norms, 3);
        const changed = moveFactors(norms, weights, 3).filter((factor, k) => factor !== clipped[k]);
        assert.ok(changed.length <= 1);
      }),
    );
  });
});
