import type { CloseReason, Lane, Session } from '../transport.ts';
import type { PartsReader, PieceHeader } from './piece.ts';
import type { PieceSize } from './piece-size.ts';

/** Lanes of which each has a window of its own, so that neither waits for the other. */
export type LaneClass = 'control' | 'bulk';

export function classOf(lane: Lane): LaneClass {
  return lane === 'control' ? 'control' : 'bulk';
}

/** What the two ends of a session tell each other beside the frames. */
export type SessionWord =
  /** Cost of what was read of each class since the session began. */
  | { readonly type: 'credit'; readonly control: number; readonly bulk: number }
  | { readonly type: 'close'; readonly code: string; readonly reason: string }
  /** Somebody who has not proved to be you says that you are gone: are you? */
  | { readonly type: 'there' }
  | { readonly type: 'here' };

/** What the two ends tell each other of what passes between them. */
export type PassageWord =
  /** Has this piece come? `skip`: if not, it is given up and the next one is expected. */
  | (Asked & { readonly type: 'ask'; readonly skip: boolean })
  | (Asked & { readonly type: 'came'; readonly came: boolean })
  /** What keeps the pieces of who says so from passing; empty: nothing any more. */
  | { readonly type: 'trouble'; readonly reason: string };

export interface Asked {
  readonly lane: Lane;
  readonly number: number;
  readonly sequence: number;
}

/** What a carrier over somebody else's broker knows of the way there. */
export interface Way {
  readonly size: PieceSize;
  /** Where pieces of a class, or words of the session, are published, as the broker's owner would look for it. */
  place(kind: LaneClass | 'session'): string;
  /** Where what the peer sends on a lane comes, as `take` is told. */
  heardOn(lane: Lane): string;
  /** As `Carrier.tell`. */
  tell(word: PassageWord): Promise<void>;
}

/** How pieces and words get to the other end: the part of a credited session that knows its protocol. */
export interface Carrier {
  readonly protocol: Session['protocol'];
  readonly stack: Session['stack'];
  readonly remote: string;
  /** As in `Session`; absent: this protocol proves none. */
  readonly peerIdentity?: string | null;
  /** As in `Session`; absent: this protocol has none. */
  readonly channel?: string;
  /** Largest body of one piece. */
  readonly pieceBytes: number;
  /** As in `Session`. */
  readonly chunkBytes?: number;
  /** As in `Session`. */
  readonly blocked?: string;
  /** Through a broker whose limits and rights have to be found out; absent: it is ours. */
  readonly way?: Way;
  /** Somebody else carries the pieces, so that names of lanes are sealed with them: see `frameName`. */
  readonly namesSealed?: true;
  /** Bytes of each class that may be sent and not yet read at the other end. */
  readonly windowBytes: Readonly<Record<LaneClass, number>>;
  /** A lane's stream as people know it, for the packet log. */
  streamOf(lane: Lane): string;
  /** Resolves when there is room for more bulk on the way to the wire; null: there is. Absent: always. */
  room?(): Promise<void> | null;
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
