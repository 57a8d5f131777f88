import type { Clock } from '#shared/base/time/clock.ts';

/** What a piece of a question should take: a newer question, or the end of the time for it, waits no longer. */
const pieceMs = 25;
const idsFirst = 4096;
const idsMin = 512;
const idsMax = 2 ** 40;

export interface IdSpan {
  readonly low: number;
  readonly high: number;
}

/**
 * Walks over a span of ids in pieces that take about as long, whatever is asked of each: of a rare value that an index
 * answers a piece is large, where each row is looked at it is small.
 */
export function* idPieces(
  { low, high }: IdSpan,
  isNewestFirst: boolean,
  clock: Pick<Clock, 'monotonicMs'>,
): Generator<IdSpan, undefined> {
  let ids = idsFirst;
  for (let done = 0; low + done <= high;) {
    const size = Math.min(ids, high - low - done + 1);
    const startedMs = clock.monotonicMs();
    if (isNewestFirst) yield { low: high - done - size + 1, high: high - done };
    else yield { low: low + done, high: low + done + size - 1 };
    const tookMs = clock.monotonicMs() - startedMs;
    done += size;
    if (tookMs < pieceMs) ids = Math.min(idsMax, ids * 4);
    else if (tookMs > 2 * pieceMs) ids = Math.max(idsMin, Math.floor(ids / 2));
  }
}
