/**
 * A frame travels as one or several messages ("pieces"), because brokers limit them. Each begins with
 *
 * | offset | bytes | what |
 * |---|---|---|
 * | 0 | 1 | flags: 1 first piece of a frame, 2 last piece of a frame, 4 last frame of the lane, 8 the frame begun is given up |
 * | 1 | 4 | lane number in this session and direction, big-endian: a lane name that is used again has a new number |
 * | 5 | 4 | sequence number of the piece in its lane, from 0: duplicates and gaps show |
 * | 9 | 4 | bytes of the whole frame, so that its size is checked before anything is kept |
 */
export const pieceHeaderBytes = 13;
const flagFirst = 1;
const flagLast = 2;
const flagEnd = 4;
const flagAbandon = 8;

export interface Piece {
  readonly first: boolean;
  readonly last: boolean;
  readonly laneEnd: boolean;
  /** Its sender gave up on the frame in the middle: what came of it is forgotten. */
  readonly abandon: boolean;
  readonly lane: number;
  readonly sequence: number;
  readonly frameBytes: number;
  readonly body: Uint8Array;
}

export type PieceHeader = Omit<Piece, 'body'>;

/** One that carries nothing. */
export const emptyPiece = { first: false, last: false, abandon: true, frameBytes: 0 } as const;

/** The next `bytes` of `parts`. */
export interface PieceBody {
  readonly parts: PartsReader;
  readonly bytes: number;
}

/** Copies it out: in one buffer of its own. */
export function bodyOf({ parts, bytes }: PieceBody): Buffer {
  const body = Buffer.allocUnsafeSlow(bytes);
  parts.read(body, 0, bytes);
  return body;
}

/** Null: too short or with unknown flags. */
export function decodePiece(payload: Buffer): Piece | null {
  if (payload.length < pieceHeaderBytes) return null;
  const flags = payload[0] as number;
  if ((flags & ~(flagFirst | flagLast | flagEnd | flagAbandon)) !== 0) return null;
  return {
    first: (flags & flagFirst) !== 0,
    last: (flags & flagLast) !== 0,
    laneEnd: (flags & flagEnd) !== 0,
    abandon: (flags & flagAbandon) !== 0,
    lane: payload.readUInt32BE(1),
    sequence: payload.readUInt32BE(5),
    frameBytes: payload.readUInt32BE(9),
    body: payload.subarray(pieceHeaderBytes),
  };
}

export function encodePieceHeader(target: Buffer, piece: PieceHeader): void {
  target[0] =
    (piece.first ? flagFirst : 0) |
    (piece.last ? flagLast : 0) |
    (piece.laneEnd ? flagEnd : 0) |
    (piece.abandon ? flagAbandon : 0);
  target.writeUInt32BE(piece.lane, 1);
  target.writeUInt32BE(piece.sequence, 5);
  target.writeUInt32BE(piece.frameBytes, 9);
}

/** Reads bytes out of a list of parts as if they were joined. */
export class PartsReader {
  readonly #parts: readonly Uint8Array[];
  #part = 0;
  #offset = 0;
  readonly totalBytes: number;

  constructor(parts: readonly Uint8Array[]) {
    this.#parts = parts;
    this.totalBytes = parts.reduce((sum, part) => sum + part.byteLength, 0);
  }

  /** A place to go back to. */
  mark(): { readonly part: number; readonly offset: number } {
    return { part: this.#part, offset: this.#offset };
  }

  rewind({ part, offset }: { readonly part: number; readonly offset: number }): void {
    this.#part = part;
    this.#offset = offset;
  }

  /** The next bytes where they lie, at most `count`; empty: there are none. */
  next(count: number): Uint8Array {
    for (let part = this.#parts[this.#part]; part !== undefined; part = this.#parts[this.#part]) {
      const bytes = part.subarray(this.#offset, this.#offset + count);
      this.#offset += bytes.byteLength;
      if (this.#offset === part.byteLength) {
        this.#part++;
        this.#offset = 0;
      }
      if (bytes.byteLength > 0) return bytes;
    }
    return new Uint8Array(0);
  }

  /** Fills `target` from `at` on with the next `count` bytes, which must be there. */
  read(target: Buffer, at: number, count: number): void {
    let written = 0;
    while (written < count) {
      const bytes = this.next(count - written);
      target.set(bytes, at + written);
      written += bytes.byteLength;
    }
  }
}
