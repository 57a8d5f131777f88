import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { PieceHeader } from '../credited/piece.ts';
import { wordBody } from './conversation.ts';
import type { SessionKeys } from './handshake.ts';
import type { SealedLane } from './piece-cover.ts';
import { Seal, sealedOverheadBytes, tagBytes } from './seal.ts';

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

/** Both work where the bytes lie: on a copy, so that one message can be tried again. */
function opened(seal: Seal, lane: SealedLane, header: PieceHeader, bytes: Buffer, tag: Buffer): Buffer | null {
  const copy = Buffer.from(bytes);
  return seal.open(lane, header, copy, tag) ? copy : null;
}

function closed(seal: Seal, lane: SealedLane): { readonly bytes: Buffer; readonly tag: Buffer } {
  const bytes = Buffer.from(text);
  return { bytes, tag: seal.close(lane, piece, bytes) };
}

test('the other end gets what was sealed, and a message shows nothing of it', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100_000, size: 'max' }), (body) => {
      const content = near.closePiece('control', piece, wordBody(body));
      assert.equal(content.byteLength, body.byteLength + sealedOverheadBytes);
      assert.deepEqual(far.openPiece('control', content)?.body, Buffer.from(body));
    }),
    { seed: 1, numRuns: 100 },
  );
  assert.ok(!near.closePiece('control', piece, wordBody(text)).includes(text.subarray(0, 8)));
});

test('every bit of a message counts', () => {
  const content = near.closePiece('control', piece, wordBody(text));
  for (let bit = 0; bit < 8 * content.byteLength; bit++) {
    const changed = Buffer.from(content);
    changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
    assert.equal(far.openPiece('control', changed), null, `bit ${bit}`);
  }
  for (let bytes = 0; bytes < content.byteLength; bytes++)
    assert.equal(far.openPiece('control', Buffer.from(content.subarray(0, bytes))), null, `${bytes} bytes`);
});

test('what was sealed for one place is none of another: lane, direction, number, flags, length', () => {
  const { bytes, tag } = closed(near, 'bulk:t1');
  assert.deepEqual(opened(far, 'bulk:t1', piece, bytes, tag), text);
  const lanes: readonly SealedLane[] = ['bulk:t2', 'control', 'session'];
  for (const lane of lanes) assert.equal(opened(far, lane, piece, bytes, tag), null, lane);
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
    assert.equal(opened(far, 'bulk:t1', { ...piece, ...other }, bytes, tag), null, JSON.stringify(other));
  assert.equal(opened(near, 'bulk:t1', piece, bytes, tag), null, 'sent back to who sent it');
  // Even if both directions had one key.
  const same = { sending: a, receiving: a };
  const echoed = closed(new Seal({ outgoing: 'up', ...same }), 'control');
  assert.equal(opened(new Seal({ outgoing: 'up', ...same }), 'control', piece, echoed.bytes, echoed.tag), null);
});

test('a tag that is cut is none', () => {
  const { bytes, tag } = closed(near, 'control');
  for (let length = 0; length < tagBytes; length++)
    assert.equal(opened(far, 'control', piece, bytes, tag.subarray(0, length)), null, `${length} bytes`);
});
