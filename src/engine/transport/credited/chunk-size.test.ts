import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeFrame } from '../../framing/frame.ts';
import { limits } from '#shared/contract/limits.ts';
import { bytesIn } from '../../framing/parts.ts';
import { chunkBytesOf } from './chunk-size.ts';

test('a chunk with its header fills whole pieces, and no more of them than the chunk alone would', () => {
  const transfer = 'm'.repeat(80);
  const pieceSizes = [4 * 1024, limits.amqpFrameBytes - 37, limits.mqttPublishBytes, limits.ddsNetworkSampleBytes];
  for (const pieceBytes of pieceSizes) {
    const body = new Uint8Array(chunkBytesOf({ pieceBytes }));
    const head = { t: 'chunk', transfer, offset: 1_000_000_000, index: 10_000, count: 10_000 };
    const frameBytes = bytesIn(encodeFrame(head, body));
    assert.equal(Math.ceil(frameBytes / pieceBytes), Math.floor(limits.chunkBytes / pieceBytes), `${pieceBytes}`);
  }
  assert.equal(
    chunkBytesOf({ pieceBytes: limits.ddsSampleBytes }),
    limits.chunkBytes,
    'one piece has room for all of it',
  );
});
