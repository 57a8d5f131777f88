import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { downSample } from './down-sample.ts';

const series = fc
  .array(fc.double({ noNaN: true, noDefaultInfinity: true }), { maxLength: 3000 })
  .map((ys) => ys.map((y, x) => ({ x, y })));

test('keeps to its limit, to the order and to the extremes', () => {
  fc.assert(
    fc.property(series, fc.integer({ min: 4, max: 700 }), (points, max) => {
      const kept = downSample(points, max);
      assert.ok(kept.length <= max);
      assert.ok(
        kept.every((point) => points[point.x] === point),
        'nothing is invented',
      );
      assert.ok(
        kept.every((point, i) => i === 0 || point.x > (kept[i - 1]?.x ?? -1)),
        'in order',
      );
      if (points.length <= max) assert.equal(kept, points);
      if (points.length === 0) return;
      const ys = (some: readonly { y: number }[]): number[] => some.map((point) => point.y);
      assert.equal(Math.max(...ys(kept)), Math.max(...ys(points)));
      assert.equal(Math.min(...ys(kept)), Math.min(...ys(points)));
      assert.equal(kept.at(-1), points.at(-1));
    }),
  );
});
