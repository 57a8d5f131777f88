import { formatBytes } from '#renderer/components/words/format.ts';
import { slowestOf } from '#renderer/session/run/pace.ts';
import type { ParticipantView, RoundView, RunView, SegmentView } from '#shared/run-view/run-view.ts';

/** Where the time of a participant went in a round. */
export interface RoundTimes {
  readonly computeMs: number;
  readonly communicateMs: number;
  readonly waitMs: number;
}

const kinds = {
  train: 'computeMs',
  evaluate: 'computeMs',
  receive: 'communicateMs',
  send: 'communicateMs',
  wait: 'waitMs',
  idle: null,
} as const;

/** Segments are replaced, never changed, so what was summed of a list stays right as long as the list lives. */
const cache = new WeakMap<
  readonly SegmentView[],
  ReadonlyMap<number, { readonly closed: RoundTimes; readonly open: SegmentView | null }>
>();

function timesByRound(
  segments: readonly SegmentView[],
): ReadonlyMap<number, { readonly closed: RoundTimes; readonly open: SegmentView | null }> {
  const known = cache.get(segments);
  if (known !== undefined) return known;
  const rounds = new Map<number, { closed: { -readonly [K in keyof RoundTimes]: number }; open: SegmentView | null }>();
  for (const segment of segments) {
    const times = rounds.get(segment.round) ?? { closed: { computeMs: 0, communicateMs: 0, waitMs: 0 }, open: null };
    rounds.set(segment.round, times);
    if (segment.endedAt === null) times.open = segment;
    else addTo(times.closed, segment.phase, segment.endedAt - segment.startedAt);
  }
  cache.set(segments, rounds);
  return rounds;
}

function addTo(times: { -readonly [K in keyof RoundTimes]: number }, phase: SegmentView['phase'], ms: number): void {
  const kind = kinds[phase];
  if (kind !== null) times[kind] += ms;
}

/** Times of a participant in a round up to `now`; null when it took no part, or its segments are no longer held. */
export function roundTimes(participant: ParticipantView, round: number, now: number): RoundTimes | null {
  const entry = timesByRound(participant.segments).get(round);
  if (entry === undefined) return null;
  if (entry.open === null) return entry.closed;
  const times = { ...entry.closed };
  addTo(times, entry.open.phase, Math.max(0, now - entry.open.startedAt));
  return times;
}

/** The participant that worked longest in a round: the one the others waited for. */
export function slowestIn(
  participants: readonly ParticipantView[],
  round: RoundView,
  now: number,
): { readonly id: string; readonly times: RoundTimes } | null {
  let slowest: { id: string; times: RoundTimes } | null = null;
  for (const participant of participants) {
    const times = roundTimes(participant, round.round, now);
    if (times === null) continue;
    if (slowest === null || work(times) > work(slowest.times)) slowest = { id: participant.id, times };
  }
  return slowest;
}

/** Whom the list names: while a round trains, who trains longest, as the status line says; after it, who has worked longest. */
export function slowestShown(
  open: RunView | null,
  participants: readonly ParticipantView[],
  round: RoundView,
  now: number,
): ReturnType<typeof slowestIn> {
  const ahead = open === null ? null : slowestOf(open, now);
  const times = ahead === null ? null : roundTimes(ahead.participant, round.round, now);
  return ahead === null || times === null ? slowestIn(participants, round, now) : { id: ahead.participant.id, times };
}

function work(times: RoundTimes): number {
  return times.computeMs + times.communicateMs;
}

/** Bytes of the updates that arrived in a round, counted or not: they were all sent. */
export function bytesUp(round: RoundView): number {
  return round.updates.reduce((sum, update) => sum + update.sizeBytes, 0);
}

/** Bytes of the models that went out in a round; a dash while there are none, or where nobody tells. */
export function downWords({ bytesDown }: Pick<RoundView, 'bytesDown'>): string {
  return bytesDown === null || bytesDown === 0 ? '–' : formatBytes(bytesDown);
}

export function countedUpdates(round: RoundView): number {
  return round.updates.filter((update) => update.counted).length;
}
