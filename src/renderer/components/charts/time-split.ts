import type { SegmentView } from '#shared/run-view/run-view.ts';

/** Seconds of a participant in a round. */
export interface SplitSeconds {
  readonly compute: number;
  readonly communicate: number;
  readonly wait: number;
}

/** Compute is training and evaluating, communicate is receiving and sending, wait is the rest. */
export function splitOf(segments: readonly SegmentView[], round: number, now: number): SplitSeconds {
  const split = { compute: 0, communicate: 0, wait: 0 };
  for (const segment of segments) {
    if (segment.round !== round) continue;
    const s = Math.max(0, (segment.endedAt ?? now) - segment.startedAt) / 1000;
    if (segment.phase === 'train' || segment.phase === 'evaluate') split.compute += s;
    else if (segment.phase === 'receive' || segment.phase === 'send') split.communicate += s;
    else split.wait += s;
  }
  return split;
}
