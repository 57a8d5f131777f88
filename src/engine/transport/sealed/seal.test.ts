import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { PieceHeader } from '../credited/piece.ts';
import type { SessionKeys } from './handshake.ts';
import { Seal, sealedOverheadBytes, tagBytes, type SealedLane } from './seal.ts';

const [a, b] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
const upKeys: SessionKeys = { outgoing: 'up', sending: a, receiving: b, channel: '' };
const [near, far] = [new Seal(upKeys), new Seal({ outgoing: 'down', sending: b, receiving: a })];
const piece: PieceHeader = {
  first: true,
  last: false,
  laneEnd: false,
  abandon: false,
  lane: 7,
  sequence: 3,
  frameBytes: 900,
};
const text = Buffer.from('what nobody in between may read, and nobody may change');

test('the other end gets what was sealed, and a message shows nothing of it', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 3000 }), (body) => {
      const content = near.closePiece('control', piece, body);
      assert.equal(content.byteLength, body.byteLength + sealedOverheadBytes);
      assert.deepEqual(far.openPiece('control', content)?.body, Buffer.from(body));
    }),
    { seed: 1, numRuns: 100 },
  );
  assert.ok(!near.closePiece('control', piece, text).includes(text.subarray(0, 8)));
});

test('every bit of a message counts', () => {
  const content = near.closePiece('control', piece, text);
  for (let bit = 0; bit < 8 * content.byteLength; bit++) {
    const changed = Buffer.from(content);
    changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
    assert.equal(far.openPiece('control', changed), null, `bit ${bit}`);
  }
  for (let bytes = 0; bytes < content.byteLength; bytes++)
    assert.equal(far.openPiece('control', content.subarray(0, bytes)), null, `${bytes} bytes`);
});

test('what was sealed for one place is none of another: lane, direction, number, flags, length', () => {
  const { bytes, tag } = near.close('bulk:t1', piece, text);
  assert.deepEqual(far.open('bulk:t1', piece, bytes, tag), text);
  const lanes: readonly SealedLane[] = ['bulk:t2', 'control', 'session'];
  for (const lane of lanes) assert.equal(far.open(lane, piece, bytes, tag), null, lane);
  const elsewhere: readonly Partial<PieceHeader>[] = [
    { first: false },
    { last: true },
    { laneEnd: true },
    { abandon: true },
    { lane: 8 },
    { sequence: 4 },
    { frameBytes: 901 },
  ];
  for (const other of elsewhere)
    assert.equal(far.open('bulk:t1', { ...piece, ...other }, bytes, tag), null, JSON.stringify(other));
  assert.equal(near.open('bulk:t1', piece, bytes, tag), null, 'sent back to who sent it');
  // Even if both directions had one key.
  const same = { sending: a, receiving: a };
  const echoed = new Seal({ outgoing: 'up', ...same }).close('control', piece, text);
  assert.equal(new Seal({ outgoing: 'up', ...same }).open('control', piece, echoed.bytes, echoed.tag), null);
});

test('a tag that is cut is none', () => {
  const { bytes, tag } = near.close('control', piece, text);
  for (let length = 0; length < tagBytes; length++)
    assert.equal(far.open('control', piece, bytes, tag.subarray(0, length)), null, `${length} bytes`);
});
