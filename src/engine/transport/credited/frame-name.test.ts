import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { frameName, frameNameBytesMax, withoutName } from './frame-name.ts';

test('a frame comes out with its lane as it went in, however it was cut', () => {
  const id = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(id, fc.uint8Array({ maxLength: 300 }), fc.integer({ min: 1, max: 50 }), (own, body, cut) => {
      const whole = Buffer.concat([frameName(`bulk:${own}`), body]);
      const parts = Array.from({ length: Math.ceil(whole.byteLength / cut) }, (_, k) =>
        whole.subarray(k * cut, (k + 1) * cut),
      );
      const named = withoutName(parts);
      assert.equal(named?.lane, `bulk:${own}`);
      assert.deepEqual(Buffer.concat([...(named?.parts ?? [])]), Buffer.from(body));
    }),
  );
});

test('what is not named so is none of ours', () => {
  for (const parts of [[], [[0]], [[0, 1, 2]], [[5, 97]], [[2, 0xff, 0xfe]], [[201, ...Array<number>(300).fill(97)]]])
    assert.equal(withoutName(parts.map((bytes) => Uint8Array.from(bytes as number[]))), null, JSON.stringify(parts));
  assert.equal(frameName(`bulk:${'x'.repeat(200)}`).byteLength, frameNameBytesMax);
  assert.throws(() => frameName(`bulk:${'x'.repeat(201)}`), /201 bytes/);
  assert.throws(() => frameName('bulk:'), /0 bytes/);
});
