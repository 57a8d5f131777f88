import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { heightRowsOf, rowWindow } from './row-window.ts';

const table = { count: 1000, rowHeightPx: 20, headPx: 28, follow: false };
const sight = { topRow: 500, rows: 30 };

describe('rows in sight', () => {
  test('are those between the edges with some beyond them, and never more than there are', () => {
    const window = rowWindow(table, sight, 1000);
    assert.deepEqual([window.first, window.end], [488, 542]);
    assert.deepEqual([window.heightPx, window.topOf(0), window.topOf(999)], [20_028, 28, 28 + 999 * 20]);
    const few = rowWindow({ ...table, count: 3 }, { topRow: 0, rows: 30 }, 3);
    assert.deepEqual([few.first, few.end], [0, 3]);
    const none = rowWindow({ ...table, count: 0 }, sight, 0);
    assert.deepEqual([none.first, none.end], [0, 0]);
  });

  test('of a table that got shorter than where the reader was are its last ones', () => {
    const window = rowWindow({ ...table, count: 100 }, sight, 100);
    assert.deepEqual([window.first, window.end], [100, 100]);
  });

  test('while the end is followed the last row stands at the bottom, whatever the height still stands for', () => {
    const following = { ...table, count: 1100, follow: true };
    const window = rowWindow(following, { topRow: 0, rows: 30 }, 1000);
    assert.deepEqual([window.first, window.end], [1068, 1100]);
    assert.equal(window.heightPx, 20_028);
    assert.equal(window.topOf(1099) + 20, window.heightPx);
  });
});

describe('the height', () => {
  test('stays while rows are added at the end that is followed, and catches up after a quarter', () => {
    assert.equal(heightRowsOf(1000, 1200, 30, true), 1000);
    assert.equal(heightRowsOf(1000, 1251, 30, true), 1251);
  });

  test('is exact for a reader who scrolls, in a short table, and when rows went', () => {
    assert.equal(heightRowsOf(1000, 1200, 30, false), 1200);
    assert.equal(heightRowsOf(40, 41, 30, true), 41);
    assert.equal(heightRowsOf(1000, 999, 30, true), 999);
  });
});
