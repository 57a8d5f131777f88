import assert from 'node:assert/strict';
import { test } from 'node:test';
import { whenSettled } from './when-settled.ts';

test('who waits is told once, in order; who has stopped waiting is not', async () => {
  const { promise, resolve } = Promise.withResolvers<string>();
  const told: string[] = [];
  whenSettled(promise, (value) => told.push(`a ${value}`));
  whenSettled(promise, (value) => told.push(`b ${value}`))[Symbol.dispose]();
  whenSettled(promise, (value) => told.push(`c ${value}`));
  resolve('x');
  await promise;
  await Promise.resolve();
  assert.deepEqual(told, ['a x', 'c x']);
  whenSettled(promise, (value) => told.push(`late ${value}`));
  await Promise.resolve();
  await Promise.resolve();
  assert.deepEqual(told, ['a x', 'c x', 'late x']);
});
