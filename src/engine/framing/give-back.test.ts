import assert from 'node:assert/strict';
import { test } from 'node:test';
import { giveBack, giveBackMessage, ownMemory } from './give-back.ts';

test('memory goes back at once where it is all of its buffer, and stays where others have a part of it', () => {
  const own = Buffer.allocUnsafeSlow(100);
  giveBack(own);
  assert.deepEqual([own.byteLength, own.buffer.byteLength], [0, 0]);

  const part = Buffer.from('one of many in a pool');
  giveBack(part);
  assert.equal(part.toString(), 'one of many in a pool');

  const shared = new Uint8Array(new SharedArrayBuffer(8)).fill(7);
  giveBack(shared);
  assert.deepEqual(
    [...shared],
    Array.from({ length: 8 }, () => 7),
  );
});

test('a message gives back the memory that is its own, through any view, once; other memory stays', () => {
  const message = ownMemory(Buffer.allocUnsafeSlow(100));
  const others = Buffer.allocUnsafeSlow(100).fill(7);
  const parts = [message.subarray(10, 20), message.subarray(20), others];
  giveBackMessage(parts);
  giveBackMessage(parts);
  assert.deepEqual(
    parts.map(({ byteLength }) => byteLength),
    [0, 0, 100],
  );
});
