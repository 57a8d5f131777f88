import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import { taskFailed } from '#shared/base/spawn.ts';
import { dismissToast, heldToasts, showInfo, showTaskFailures, showToast } from './toasts.ts';

const texts = (): readonly string[] => heldToasts().map(({ text }) => text);

describe('toasts', () => {
  afterEach(() => heldToasts().forEach(({ id }) => dismissToast(id)));

  test('the newest is last, and what is said again is said once', () => {
    showInfo('saved');
    showInfo('copied');
    showInfo('saved');
    assert.deepEqual(texts(), ['copied', 'saved']);
    showToast({ level: 'warning', text: 'saved', error: null });
    assert.deepEqual(texts(), ['copied', 'saved', 'saved'], 'another level is other news');
  });

  test('only some are held; the oldest goes', () => {
    for (let i = 1; i <= 20; i++) showInfo(`news ${i}`);
    assert.equal(texts().length, 8);
    assert.deepEqual([texts()[0], texts().at(-1)], ['news 13', 'news 20']);
  });

  test('work that nobody waited for is told when it fails', () => {
    using _told = showTaskFailures();
    taskFailed('copying', new Error('no clipboard'));
    assert.deepEqual(texts(), ['Copying failed: no clipboard']);
    assert.equal(heldToasts()[0]?.level, 'error');
  });

  test('one that is dismissed leaves the one before it', () => {
    showInfo('first');
    showInfo('second');
    dismissToast(heldToasts().at(-1)?.id ?? 0);
    assert.deepEqual(texts(), ['first']);
    dismissToast(-1);
    assert.deepEqual(texts(), ['first']);
  });
});
