import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { decodePortMessage, encodePortMessage } from './wire.ts';

const big = 1024 * 1024;

describe('port messages as text', () => {
  test('any clonable message comes back as it was, bytes and odd numbers included', () => {
    const leaf = fc.oneof(fc.string(), fc.integer(), fc.double(), fc.boolean(), fc.constant(null), fc.uint8Array());
    const message = fc.letrec((tie) => ({
      node: fc.oneof({ maxDepth: 4 }, leaf, fc.array(tie('node')), fc.dictionary(keys, tie('node'))),
    })).node;
    fc.assert(
      fc.property(message, (value) => {
        const back = decodePortMessage(encodePortMessage(value), big);
        assert.ok(back.ok);
        assert.deepEqual(normal(back.value), normal(value));
      }),
    );
  });

  test('takes the bytes of a binary frame as well as text', () => {
    const back = decodePortMessage(new TextEncoder().encode('{"a":1}'), big);
    assert.deepEqual(back, { ok: true, value: { a: 1 } });
  });

  test('hostile input is an error, never an exception', () => {
    for (const text of [
      '',
      '{',
      'nul',
      '[1,]',
      '\u0000',
      '{"$bytes":"*"}',
      '['.repeat(100_000),
      '{"a":'.repeat(50_000),
    ]) {
      assert.equal(decodePortMessage(text, big).ok, false, text.slice(0, 20));
    }
    assert.equal(decodePortMessage(new Uint8Array([0xff, 0xfe, 0x22]), big).ok, false);
    assert.equal(decodePortMessage('"aaaaaaaaaa"', 8).ok, false);
  });

  test('brackets inside strings are not nesting, and no key reaches a prototype', () => {
    const text = encodePortMessage({ text: '[{"\\'.repeat(100) });
    assert.equal(decodePortMessage(text, big).ok, true);
    const back = decodePortMessage('{"__proto__":{"polluted":true}}', big);
    assert.ok(back.ok);
    assert.equal(({} as { polluted?: boolean }).polluted, undefined);
  });
});

const keys = fc.oneof(fc.string(), fc.constantFrom('$bytes', '$number', '$$bytes', '$', 'at'));

/** Deep equality minds prototypes and the sign of zero, which JSON has not. */
function normal(value: unknown): unknown {
  if (typeof value === 'number') return value === 0 ? 0 : value;
  if (value instanceof Uint8Array) return { bytes: [...value] };
  if (Array.isArray(value)) return value.map(normal);
  if (value !== null && typeof value === 'object') {
    return Object.entries(value).map(([key, item]) => [key, normal(item)]);
  }
  return value;
}
