import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shownWithin, visibleText, visibleWithin } from './visible-text.ts';

test('what a terminal would obey is shown instead', () => {
  assert.equal(visibleText('\u001b[2J\u001b]0;title\u0007'), '\\x1b[2J\\x1b]0;title\\x07');
  assert.equal(visibleText('left\r\n12:00:00 Run completed'), 'left\\r\\n12:00:00 Run completed');
  assert.equal(visibleText('\u009b31mred'), '\\x9b31mred');
  assert.equal(visibleText('a\tb'), 'a b');
});

test('what turns the direction of writing is shown instead', () => {
  assert.equal(visibleText('\u202egnp.exe\u2066'), '\\u202egnp.exe\\u2066');
});

test('text of all the world stays as it is', () => {
  for (const text of ['Müller, 東京, שלום, 😀', '<b>markup</b> & "quotes"', '']) assert.equal(visibleText(text), text);
});

test('long text is cut, and a value keeps its shape', () => {
  assert.equal(visibleText('x'.repeat(5_000)).length, 1_000);
  assert.deepEqual(visibleWithin({ a: ['\u0007', 1, null], b: { c: '\n' } }), {
    a: ['\\x07', 1, null],
    b: { c: '\\n' },
  });
});

test('in a window nothing turns the rest of a sentence around, and what is harmless stays the same object', () => {
  const harmless = { text: 'two\nlines\tשלום', bytes: new Uint8Array(2), list: [{ a: 1 }] };
  assert.equal(shownWithin(harmless), harmless);
  assert.deepEqual(shownWithin({ reason: 'left \u202e"dnuor', list: ['\u2066x', 1], bytes: harmless.bytes }), {
    reason: 'left \\u202e"dnuor',
    list: ['\\u2066x', 1],
    bytes: harmless.bytes,
  });
});
