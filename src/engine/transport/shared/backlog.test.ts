import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Backlog } from './backlog.ts';

describe('what waits to be written', () => {
  test('holds back who has more until there is room', async () => {
    const backlog = new Backlog(100);
    backlog.add(99);
    assert.equal(backlog.room(), null);
    backlog.add(51);
    const waiting = backlog.room();
    assert.notEqual(waiting, null);
    let gone = false;
    const went = waiting?.then(() => (gone = true));
    backlog.written(50);
    await Promise.resolve();
    assert.equal(gone, false);
    backlog.written(1);
    await went;
    assert.equal(backlog.room(), null);
  });

  test('holds nobody back once nothing is written any more', async () => {
    const backlog = new Backlog(100);
    backlog.add(1000);
    const waiting = backlog.room();
    backlog.end();
    await waiting;
    assert.equal(backlog.room(), null);
  });
});
