import { useMemo } from 'react';
import type { RecentRun } from '#shared/contract/app/port-api.ts';
import type { RunView } from '#shared/run-view/run-view.ts';
import { useRunView } from '../hooks.ts';
import { useShowsRecording } from '../recordings/recordings.ts';

/** What the run of this window comes to so far. */
export type LiveFigures = Pick<
  RecentRun,
  'run' | 'status' | 'reason' | 'left' | 'roundsPlanned' | 'roundsCompleted' | 'accuracy' | 'endedAt'
>;

/**
 * Lists are written when a run begins and when it is over; in between, and just after, this window knows more. Null: no run
 * goes on here, or what is shown is a recording, which is no news.
 */
export function useLiveFigures(): LiveFigures | null {
  const recording = useShowsRecording();
  // As text, so that it changes no oftener than a row does.
  const figures = useRunView(figuresOf) ?? '';
  return useMemo(
    () => (recording || figures === '' ? null : (JSON.parse(figures) as LiveFigures)),
    [recording, figures],
  );
}

function figuresOf(view: RunView): string {
  const live: LiveFigures = {
    run: view.run,
    status: view.endedAt === null || view.status === 'starting' ? 'running' : view.status,
    reason: view.endReason,
    left: view.left,
    roundsPlanned: view.roundsPlanned,
    roundsCompleted: view.roundsCompleted,
    accuracy: view.rounds.findLast((round) => round.accuracy !== null)?.accuracy ?? null,
    endedAt: view.endedAt,
  };
  return JSON.stringify(live);
}
