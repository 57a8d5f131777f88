import type { Piece } from '../credited/piece.ts';
import type { SampleBody } from './worker-protocol.ts';

/** Lane of what the two ends tell each other about the session itself, beside the frames. */
export const sessionLane = 'session';
export const sessionLaneNumber = 0xffff_ffff;

const first = 1;
const last = 2;
const laneEnd = 4;
const abandon = 8;

export function pieceFlags(piece: Pick<Piece, 'first' | 'last' | 'laneEnd' | 'abandon'>): number {
  return (
    (piece.first ? first : 0) | (piece.last ? last : 0) | (piece.laneEnd ? laneEnd : 0) | (piece.abandon ? abandon : 0)
  );
}

/** A frame, or a part of one. Null: unknown flags, or a lane that is none. */
export function pieceOf(sample: SampleBody): Piece | null {
  const { lane, flags } = sample;
  if ((flags & ~(first | last | laneEnd | abandon)) !== 0) return null;
  if (lane !== 'control' && !(lane.startsWith('bulk:') && lane.length > 5 && lane.length <= 205)) return null;
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
