import type { Piece } from '../credited/piece.ts';
import type { SealedLane } from '../sealed/piece-cover.ts';
import type { SampleBody } from './worker/worker-protocol.ts';

const first = 1;
const last = 2;
const laneEnd = 4;
const abandon = 8;

export function pieceFlags(piece: Pick<Piece, 'first' | 'last' | 'laneEnd' | 'abandon'>): number {
  return (
    (piece.first ? first : 0) | (piece.last ? last : 0) | (piece.laneEnd ? laneEnd : 0) | (piece.abandon ? abandon : 0)
  );
}

/** A sample's lane; null: none of ours. */
export function laneOf({ lane }: SampleBody): SealedLane | null {
  if (lane === 'session' || lane === 'control') return lane;
  return lane.startsWith('bulk:') && lane.length > 5 && lane.length <= 205 ? (lane as SealedLane) : null;
}

/** A frame, or a part of one, or a word. Null: unknown flags. */
export function pieceOf(sample: SampleBody): Piece | null {
  const { flags } = sample;
  if ((flags & ~(first | last | laneEnd | abandon)) !== 0) return null;
  return {
    first: (flags & first) !== 0,
    last: (flags & last) !== 0,
    laneEnd: (flags & laneEnd) !== 0,
    abandon: (flags & abandon) !== 0,
    lane: sample.laneNumber,
    sequence: sample.number,
    frameBytes: sample.frameBytes,
    body: sample.bytes,
  };
}
