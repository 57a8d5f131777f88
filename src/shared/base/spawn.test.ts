import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { failureWords, onTaskFailure, spawn, taskFailed, type TaskFailure } from './spawn.ts';

describe('work that nobody waits for', () => {
  test('tells who listens what failed, and work that succeeds tells nothing', async () => {
    const told: TaskFailure[] = [];
    using _listening = onTaskFailure((failure) => told.push(failure));
    spawn('reading a page', Promise.resolve(1));
    spawn('reading a book', Promise.reject(new Error('it is closed')));
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(told.map(failureWords), ['Reading a book failed: it is closed']);
  });

  test('is told the 1st, 10th and 100th time, with how often', () => {
    const told: number[] = [];
    using _listening = onTaskFailure(({ times }) => told.push(times));
    for (let i = 0; i < 150; i++) taskFailed('being flooded', new Error('again'));
    assert.deepEqual(told, [1, 10, 100]);
    assert.match(failureWords({ task: 'being flooded', error: 'x', times: 10 }), /\(10 times so far\): x$/);
  });
});
