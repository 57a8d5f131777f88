import type { RoundView, RunView } from './run-view.ts';

/**
 * How long a round took, ms: as the coordinator measured it, which is the same from every chair; until that is told, as it
 * looks from here. A round that has not ended grows until `now`.
 */
export function roundTookMs(round: Pick<RoundView, 'durationMs' | 'startedAt' | 'endedAt'>, now: number): number {
  return round.durationMs ?? Math.max(0, (round.endedAt ?? now) - round.startedAt);
}

/** How long the rounds took whose end this app saw, ms; waits before the first and between them are not in it. */
export function roundsTookMs(view: Pick<RunView, 'roundsMs' | 'rounds'>): number {
  const over = view.rounds.filter(({ state }) => state === 'done');
  // Of a very long run the oldest are listed no more, but were summed up.
  return view.roundsMs > 0 ? view.roundsMs : over.reduce((sum, round) => sum + roundTookMs(round, round.startedAt), 0);
}
