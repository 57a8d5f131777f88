import type { CloseReason, Lane, Session } from '../transport.ts';
import type { PartsReader, PieceHeader } from './piece.ts';

/** Lanes of which each has a window of its own, so that neither waits for the other. */
export type LaneClass = 'control' | 'bulk';

export function classOf(lane: Lane): LaneClass {
  return lane === 'control' ? 'control' : 'bulk';
}

/** What the two ends of a session tell each other beside the frames. */
export type SessionWord =
  /** Cost of what was read of each class since the session began. */
  | { readonly type: 'credit'; readonly control: number; readonly bulk: number }
  | { readonly type: 'close'; readonly code: string; readonly reason: string };

/** How pieces and words get to the other end: the part of a credited session that knows its protocol. */
export interface Carrier {
  readonly protocol: Session['protocol'];
  readonly stack: Session['stack'];
  readonly remote: string;
  /** As in `Session`; absent: this protocol proves none. */
  readonly peerIdentity?: string | null;
  /** Largest body of one piece. */
  readonly pieceBytes: number;
  /** As in `Session`. */
  readonly chunkBytes?: number;
  /** As in `Session`. */
  readonly blocked?: string;
  /** Bytes of each class that may be sent and not yet read at the other end. */
  readonly windowBytes: Readonly<Record<LaneClass, number>>;
  /** A lane's stream as people know it, for the packet log. */
  streamOf(lane: Lane): string;
  /** Resolves when the piece needs no more care; the next `bodyBytes` of `parts` are its body. Called in order. */
  send(lane: Lane, piece: PieceHeader, body: { readonly parts: PartsReader; readonly bytes: number }): Promise<void>;
  tell(word: SessionWord): Promise<void>;
  readonly rttMs: number | null;
  counters(): readonly { readonly name: string; readonly value: number }[];
  /**
   * Lets go of what the session used; called once, after it has ended. `abrupt`: without a word to the peer, because
   * it or the way to it is gone, or because that was wanted.
   */
  release(end: CloseReason & { readonly abrupt: boolean }): Promise<void>;
}
