import { createCipheriv, timingSafeEqual, type KeyObject } from 'node:crypto';
import { decodePiece, encodePieceHeader, pieceHeaderBytes, type Piece, type PieceHeader } from '../credited/piece.ts';

const tagBytes = 16;
/** What a message has beside its piece's body. */
export const sealedOverheadBytes = pieceHeaderBytes + tagBytes;

/** Type of the messages by which the two ends speak about the session itself; others bear their lane's name. */
export const sessionType = 'session';
/** Lane number of those, and of the last will among them. */
export const sessionLaneNumber = 0xffff_ffff;
export const willLaneNumber = 0xffff_fffe;

/** Content of a message: header, body and a tag over both and the message's type; `fill` writes the body. */
export function sealPiece(
  key: KeyObject,
  type: string,
  piece: PieceHeader,
  body: { readonly bytes: number; readonly fill: (target: Buffer, at: number) => void },
): Buffer {
  const content = Buffer.allocUnsafe(sealedOverheadBytes + body.bytes);
  encodePieceHeader(content, piece);
  body.fill(content, pieceHeaderBytes);
  const end = pieceHeaderBytes + body.bytes;
  content.set(tagOf(key, type, content.subarray(0, end)), end);
  return content;
}

/** Null: not sealed by the session's other end. */
export function openPiece(key: KeyObject, type: string, content: Buffer): Piece | null {
  if (content.byteLength < sealedOverheadBytes) return null;
  const end = content.byteLength - tagBytes;
  const said = content.subarray(0, end);
  if (!timingSafeEqual(tagOf(key, type, said), content.subarray(end))) return null;
  return decodePiece(said);
}

/**
 * AES-256-GMAC (NIST SP 800-38D) by the key of session and direction. Lane and sequence number, which stand at offset 1,
 * make the nonce: no pair of them occurs twice in a session.
 */
function tagOf(key: KeyObject, type: string, said: Buffer): Buffer {
  const nonce = Buffer.alloc(12);
  said.copy(nonce, 4, 1, 9);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  cipher.setAAD(Buffer.from(`${type}\n`, 'utf8'));
  cipher.setAAD(said);
  cipher.final();
  return cipher.getAuthTag();
}
