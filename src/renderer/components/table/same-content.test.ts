import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sameContent } from './same-content.ts';

const line = (y: number): unknown => ({
  id: 'node-1',
  points: [
    { x: 1, y: 0.5 },
    { x: 2, y },
  ],
});

test('what is drawn is alike when every point is', () => {
  assert.ok(sameContent([line(1), line(2)], [line(1), line(2)]));
  assert.ok(sameContent(line(Number.NaN), line(Number.NaN)));
  assert.ok(!sameContent([line(1), line(2)], [line(1), line(2.5)]));
  assert.ok(!sameContent([line(1)], [line(1), line(2)]));
});

test('a value that is missing differs from one that is undefined under another name', () => {
  assert.ok(!sameContent({ a: undefined }, { b: undefined }));
  assert.ok(!sameContent({ a: 1 }, null));
  assert.ok(!sameContent([], {}));
  assert.ok(!sameContent(1, '1'));
});
