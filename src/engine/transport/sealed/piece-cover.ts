import { decodePiece, encodePieceHeader, pieceHeaderBytes, type Piece, type PieceBody } from '../credited/piece.ts';
import type { PieceHeader } from '../credited/piece.ts';
import type { Lane } from '../transport.ts';

/** `session`: what the two ends tell each other about the session itself, beside the frames. */
export type SealedLane = Lane | 'session';

/** How a piece becomes a message, and a message a piece again. */
export interface PieceCover {
  closePiece(lane: SealedLane, piece: PieceHeader, body: PieceBody): Buffer;
  /** Null: none of the session's other end. */
  openPiece(lane: SealedLane, content: Buffer): Piece | null;
}

/**
 * Nothing around it: where the broker is the coordinator itself, TLS goes from one end to the other, who may publish where is
 * checked there, and sealing once more would cost half as much again.
 */
export const uncovered: PieceCover = {
  closePiece: (_, piece, { parts, bytes }) => {
    const content = Buffer.allocUnsafe(pieceHeaderBytes + bytes);
    encodePieceHeader(content, piece);
    parts.read(content, pieceHeaderBytes, bytes);
    return content;
  },
  openPiece: (_, content) => decodePiece(content),
};
