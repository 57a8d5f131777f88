import { untilStopped } from '#shared/contract/run/settings.ts';
import type { RunView } from '#shared/run-view/run-view.ts';

type Planned = Pick<RunView, 'round' | 'roundsPlanned'>;

/** How many rounds a run is planned for; null: it goes on until somebody stops it. */
export function plannedRounds({ roundsPlanned }: Pick<RunView, 'roundsPlanned'>): number | null {
  return roundsPlanned >= untilStopped ? null : roundsPlanned;
}

/** For rows by round: those planned, or those that were and a few more. */
export function roundsToDraw(view: Planned): number {
  return plannedRounds(view) ?? someMore(view.round);
}

/**
 * Where an axis by round ends. A plan of hundreds of rounds would squeeze what there is to a dot; then it grows with the
 * run.
 */
export function roundsOnAxis(view: Planned): number {
  const planned = plannedRounds(view);
  return planned !== null && planned > 0 && planned <= Math.max(50, view.round * 3) ? planned : someMore(view.round);
}

function someMore(round: number): number {
  return Math.max(20, Math.ceil((round + 1) / 10) * 10);
}

/** `3 of 10`; `3` where there is no end planned. */
export function roundOf(round: number, view: Pick<RunView, 'roundsPlanned'>): string {
  const planned = plannedRounds(view);
  return planned === null ? String(round) : `${round} of ${planned}`;
}

/** `3 / 10`; `3` where there is no end planned. */
export function roundsDone(done: number, view: Pick<RunView, 'roundsPlanned'>): string {
  const planned = plannedRounds(view);
  return planned === null ? String(done) : `${done} / ${planned}`;
}
