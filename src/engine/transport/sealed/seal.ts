import { createCipheriv, createDecipheriv, createSecretKey } from 'node:crypto';
import type { CipherGCM, DecipherGCM, KeyObject } from 'node:crypto';
import { decodePiece, encodePieceHeader, pieceHeaderBytes } from '../credited/piece.ts';
import type { Piece, PieceBody, PieceHeader } from '../credited/piece.ts';
import { giveBack } from '../../framing/give-back.ts';
import type { PieceCover, SealedLane } from './piece-cover.ts';
import type { Direction, SessionKeys } from './handshake.ts';

export const tagBytes = 16;
/** What a message has beside its piece's body. */
export const sealedOverheadBytes = pieceHeaderBytes + tagBytes;

/** Node's ciphers answer in memory of their own, which is copied and given back while the processor's cache still has it. */
const sliceBytes = 64 * 1024;

/** Lane number of words about the session, and of the last will among them. */
export const sessionLaneNumber = 0xffff_ffff;
export const willLaneNumber = 0xffff_fffe;

/**
 * AES-256-GCM (NIST SP 800-38D) by the keys of one session, one for each direction. Encrypted is the body of a piece;
 * what stands around it in the clear is authenticated with it: direction, flags, lane number, number in the lane, length of
 * the frame and name of the lane, and by GCM itself the length of the body. Lane number and number make the nonce: no pair of
 * them occurs twice in a session and direction with another text. Decision 0072.
 */
export class Seal implements PieceCover {
  readonly #sending: KeyObject;
  readonly #receiving: KeyObject;
  readonly #outgoing: Direction;

  constructor({ outgoing, sending, receiving }: Omit<SessionKeys, 'channel'>) {
    this.#outgoing = outgoing;
    this.#sending = createSecretKey(sending);
    this.#receiving = createSecretKey(receiving);
  }

  /** Encrypts `body` where it lies; the tag. */
  close(lane: SealedLane, piece: PieceHeader, body: Uint8Array): Buffer {
    const cipher = this.#cipher(lane, piece);
    inPlace(cipher, body);
    cipher.final();
    return cipher.getAuthTag();
  }

  /** Decrypts `body` where it lies; false: it was not sealed by the session's other end, as what it is given for. */
  open(lane: SealedLane, piece: PieceHeader, body: Uint8Array, tag: Uint8Array): boolean {
    if (tag.byteLength !== tagBytes) return false;
    const incoming = this.#outgoing === 'up' ? 'down' : 'up';
    const options = { authTagLength: tagBytes };
    const decipher = createDecipheriv('aes-256-gcm', this.#receiving, nonceOf(incoming, piece), options);
    decipher.setAAD(aroundOf(incoming, lane, piece));
    decipher.setAuthTag(tag);
    inPlace(decipher, body);
    try {
      decipher.final();
      return true;
    } catch {
      // It says no more than that the tag is another one.
      return false;
    }
  }

  /** A piece as one message: header, sealed body, tag. */
  closePiece(lane: SealedLane, piece: PieceHeader, { parts, bytes }: PieceBody): Buffer {
    const content = Buffer.allocUnsafe(sealedOverheadBytes + bytes);
    encodePieceHeader(content, piece);
    const cipher = this.#cipher(lane, piece);
    const end = pieceHeaderBytes + bytes;
    for (let at = pieceHeaderBytes; at < end;) {
      const slice = parts.next(Math.min(sliceBytes, end - at));
      put(content, at, cipher.update(slice));
      at += slice.byteLength;
    }
    cipher.final();
    content.set(cipher.getAuthTag(), end);
    return content;
  }

  /** Where it lies; null: as `open` says no. */
  openPiece(lane: SealedLane, content: Buffer): Piece | null {
    if (content.byteLength < sealedOverheadBytes) return null;
    const end = content.byteLength - tagBytes;
    const piece = decodePiece(content.subarray(0, end));
    if (piece === null) return null;
    return this.open(lane, piece, piece.body, content.subarray(end)) ? piece : null;
  }

  #cipher(lane: SealedLane, piece: PieceHeader): CipherGCM {
    const cipher = createCipheriv('aes-256-gcm', this.#sending, nonceOf(this.#outgoing, piece));
    cipher.setAAD(aroundOf(this.#outgoing, lane, piece));
    return cipher;
  }
}

function inPlace(cipher: CipherGCM | DecipherGCM, body: Uint8Array): void {
  for (let at = 0; at < body.byteLength; at += sliceBytes)
    put(body, at, cipher.update(body.subarray(at, at + sliceBytes)));
}

function put(target: Uint8Array, at: number, bytes: Buffer): void {
  target.set(bytes, at);
  giveBack(bytes);
}

function nonceOf(direction: Direction, { lane, sequence }: PieceHeader): Buffer {
  const nonce = Buffer.alloc(12);
  nonce[0] = direction === 'up' ? 1 : 2;
  nonce.writeUInt32BE(lane, 4);
  nonce.writeUInt32BE(sequence, 8);
  return nonce;
}

function aroundOf(direction: Direction, lane: SealedLane, piece: PieceHeader): Buffer {
  const around = Buffer.alloc(1 + pieceHeaderBytes);
  encodePieceHeader(around.subarray(1), piece);
  around[0] = direction === 'up' ? 1 : 2;
  return Buffer.concat([around, Buffer.from(lane, 'utf8')]);
}
