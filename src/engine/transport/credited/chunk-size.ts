import { limits } from '#shared/contract/limits.ts';
import type { Carrier } from './carrier.ts';

/** Through a broker elsewhere chunks have no more pieces than these, so that one that is small is soon whole. */
const piecesOfChunk = 16;
/** Room for what stands before a chunk in its frame, which is about 130 bytes. */
export const chunkHeadBytes = 256;

/**
 * Largest body of a chunk that suits the carrier: with its header it fills whole pieces, where it takes more than one. Else the last
 * piece would carry the header's length alone, and cost as much as the others.
 */
export function chunkBytesOf({ chunkBytes = limits.chunkBytes, pieceBytes, way }: ChunkCarrier): number {
  const most = way === undefined ? chunkBytes : Math.min(chunkBytes, piecesOfChunk * pieceBytes);
  const pieces = Math.floor(most / pieceBytes);
  return pieces === 0 ? most : pieces * pieceBytes - chunkHeadBytes;
}

type ChunkCarrier = Pick<Carrier, 'chunkBytes' | 'pieceBytes' | 'way'>;
