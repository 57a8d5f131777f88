import { isLateReason } from '#shared/run-view/late.ts';
import type { ContributionView } from '#shared/run-view/run-view.ts';

/** Too late, as the coordinator's reason says. */
export function isLate({ outcome, reason }: ContributionView): boolean {
  return outcome === 'refused' && isLateReason(reason);
}

/** `12 sent, 11 counted, 1 late`: of the rounds that are decided, and of those alone. */
export function outcomeCounts(contributions: readonly ContributionView[]): {
  readonly decided: number;
  readonly counted: number;
  readonly acknowledged: readonly number[];
  readonly late: readonly number[];
  readonly refused: readonly number[];
  readonly missed: readonly number[];
} {
  const of = (pick: (one: ContributionView) => boolean): number[] =>
    contributions.filter(pick).map(({ round }) => round);
  const counted = of(({ outcome }) => outcome === 'counted');
  const acknowledged = of(({ outcome }) => outcome === 'acknowledged');
  const late = of(isLate);
  const refused = of((one) => one.outcome === 'refused' && !isLate(one));
  const missed = of(({ outcome }) => outcome === 'missed');
  return {
    decided: counted.length + acknowledged.length + late.length + refused.length + missed.length,
    counted: counted.length,
    acknowledged,
    late,
    refused,
    missed,
  };
}

/** `one late (round 9)`, `2 late, one missed (round 4)`; empty: all counted. */
export function lossWords({ acknowledged, late, refused, missed }: ReturnType<typeof outcomeCounts>): string {
  const words = (rounds: readonly number[], what: string): string[] =>
    rounds.length === 0
      ? []
      : rounds.length === 1
        ? [`one ${what} (round ${rounds[0]})`]
        : [`${rounds.length} ${what} (newest in round ${rounds.at(-1)})`];
  return [
    ...words(late, 'late'),
    ...words(refused, 'refused'),
    ...words(missed, 'missed'),
    ...words(acknowledged, 'only acknowledged'),
  ].join(', ');
}
