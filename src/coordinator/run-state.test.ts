import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { classesOf } from './run-state.ts';

describe('a run that was kept without the names of its classes', () => {
  test('takes those of the data that it was begun with', async () => {
    const classes = await classesOf('/kept', { data: 'digits', seed: 1, numClasses: 10 });
    assert.deepEqual(classes, ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
  });

  test('says why they cannot be read', () =>
    assert.rejects(classesOf('/kept', { data: '/kept/nowhere', seed: 1, numClasses: 10 }), (error: Error) => {
      assert.match(
        error.message,
        /run\.json names no classes, and the data it was begun with cannot be read: .*\/kept\/nowhere.*[^.]\.$/,
      );
      assert.ok(error.cause instanceof Error);
      return true;
    }));

  test('says that the data has become another', () =>
    assert.rejects(classesOf('/kept', { data: 'digits', seed: 1, numClasses: 3 }), {
      code: 'state_invalid',
      message: /names no classes, and digits has 10 where the run's model has 3\.$/,
    }));
});
