import assert from 'node:assert/strict';
import { test } from 'node:test';
import { columnsFor } from './packet-columns.ts';

const all = 'time gap direction protocol from to round kind chunk size stream status'.split(' ');

function idsAt(widthPx: number, typePx: number): readonly string[] {
  return columnsFor({ widthPx, typePx }, false).columns.map(({ id }) => id);
}

/** Least width of each column at a type of 12 px, as its track says. */
function leastOf(widthPx: number, typePx: number): number {
  return columnsFor({ widthPx, typePx }, false)
    .columns.map(({ width }) => Number(/var\(--fs-small\) \* ([\d.]+)\)/.exec(width)?.[1]) * typePx)
    .reduce((sum, px) => sum + px, 0);
}

test('a wide table has all columns, and so has one that is not laid out', () => {
  assert.deepEqual(idsAt(1344, 12), all);
  assert.deepEqual(idsAt(0, 12), all);
});

test('what is left has room: the columns never take more than the table has', () => {
  for (const typePx of [12, 13, 15, 18]) {
    // Below this even the least columns are wider; no window of 1024 px has such a table.
    for (let widthPx = 45 * typePx + 120; widthPx < 2000; widthPx += 7)
      assert.ok(leastOf(widthPx, typePx) < widthPx, `${widthPx} px at ${typePx} px`);
  }
});

test('less room leaves out what the detail says too, the status never', () => {
  const counts: number[] = [];
  for (let widthPx = 1400; widthPx > 300; widthPx -= 10) {
    const ids = idsAt(widthPx, 12);
    assert.equal(ids.at(-1), 'status');
    assert.ok(ids.includes('kind') && ids.includes('from') && ids.includes('time'));
    counts.push(ids.length);
  }
  assert.deepEqual(
    counts,
    counts.toSorted((a, b) => b - a),
  );
  assert.deepEqual([counts[0], counts.at(-1)], [12, 7]);
});

test('a packet that is open on a large projector leaves room for the status', () => {
  assert.deepEqual(
    idsAt(1113, 18),
    all.filter((id) => !['stream', 'chunk'].includes(id)),
  );
  assert.deepEqual(
    idsAt(675, 15),
    all.filter((id) => !['stream', 'chunk', 'protocol', 'to', 'round'].includes(id)),
  );
});
