import assert from 'node:assert/strict';
import { test } from 'node:test';
import { counted, formatCount } from './counted.ts';

test('counts have one way of writing, with and without their noun', () => {
  assert.deepEqual([0, 999, 1406, 2354, 1e6].map(formatCount), ['0', '999', '1,406', '2,354', '1,000,000']);
  assert.deepEqual([counted(1, 'update'), counted(1406, 'update')], ['1 update', '1,406 updates']);
});
