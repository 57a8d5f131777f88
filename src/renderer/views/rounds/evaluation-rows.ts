import { outliersOf } from '#shared/contract/run/evaluation-outlier.ts';
import type { RoundView } from '#shared/run-view/run-view.ts';

/** Of more participants those that are far from the others come first, then the least accurate. */
const shownMax = 24;

type Evaluation = RoundView['evaluations'][number];

export interface EvaluationRow {
  readonly one: Evaluation;
  /** Of the others, where this one is far from it. */
  readonly median: number | null;
}

export function rowsOf(evaluations: RoundView['evaluations']): readonly EvaluationRow[] {
  const outliers = outliersOf(evaluations);
  return evaluations
    .map((one) => ({ one, median: outliers.get(one) ?? null }))
    .toSorted((a, b) => Number(b.median !== null) - Number(a.median !== null) || a.one.accuracy - b.one.accuracy)
    .slice(0, shownMax);
}
