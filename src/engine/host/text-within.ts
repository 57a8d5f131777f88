import { open } from 'node:fs/promises';

const pieceBytes = 64 * 1024;

/**
 * A text of a file that somebody named; null: it is longer than it may be. What a file says of its size is not asked: pipes
 * and devices say 0, and one of them has no end.
 * @throws the system's error
 */
export async function textWithin(path: string, bytesMax: number): Promise<string | null> {
  await using file = await open(path, 'r');
  const pieces: Uint8Array[] = [];
  for (let bytes = 0; ;) {
    const piece = new Uint8Array(Math.min(pieceBytes, bytesMax + 1));
    const { bytesRead } = await file.read(piece, 0, piece.byteLength, null);
    if (bytesRead === 0) return Buffer.concat(pieces).toString('utf8');
    bytes += bytesRead;
    if (bytes > bytesMax) return null;
    pieces.push(piece.subarray(0, bytesRead));
  }
}
