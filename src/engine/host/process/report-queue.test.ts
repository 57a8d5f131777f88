import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ReportQueue } from './report-queue.ts';

const queueOf = (rowsMax: number, bytesMax = Infinity) =>
  new ReportQueue<{ readonly at: number; readonly bytes: number }>({
    rowsMax,
    bytesMax,
    bytesOf: ({ bytes }) => bytes,
  });

describe('rows that wait for the service', () => {
  test('beyond their number the oldest go, and it is told how many and from when to when', () => {
    const queue = queueOf(10);
    for (let at = 1; at <= 25; at++) queue.push({ at, bytes: 1 });
    assert.deepEqual(queue.takeLost(), { count: 15, from: 1, to: 15 });
    assert.equal(queue.takeLost(), null, 'told once');
    assert.deepEqual(
      queue.take(3, Infinity).map(({ at }) => at),
      [16, 17, 18],
    );
    assert.equal(queue.length, 7);
  });

  test('beyond their size as well, and one that is larger than all is still told', () => {
    const queue = queueOf(100, 10);
    for (let at = 1; at <= 5; at++) queue.push({ at, bytes: 3 });
    assert.deepEqual([queue.length, queue.takeLost()], [3, { count: 2, from: 1, to: 2 }]);
    queue.push({ at: 6, bytes: 1000 });
    assert.deepEqual([queue.length, queue.takeLost()?.count], [1, 3]);
    assert.equal(queue.take(10, 1).length, 1);
    queue.push({ at: 7, bytes: 9 });
    assert.equal(queue.takeLost(), null, 'the room of what was taken is free again');
  });

  test('a clock that is set back in between', () => {
    const queue = queueOf(1);
    for (const at of [50, 20, 30, 40]) queue.push({ at, bytes: 1 });
    assert.deepEqual(queue.takeLost(), { count: 3, from: 20, to: 50 });
  });
});
