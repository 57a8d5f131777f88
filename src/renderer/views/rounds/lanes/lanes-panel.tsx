import { useCallback, useMemo } from 'react';
import type { JSX } from 'react';
import { useNow } from '#renderer/session/hooks.ts';
import type { FaultView, RunView } from '#shared/run-view/run-view.ts';
import { CoordinatorLane } from './coordinator-lane.tsx';
import { DenseLanes } from './dense-lanes.tsx';
import { Lane } from './lane.tsx';
import { evaluationStart, stallsOf } from './lane-layout.ts';
import type { Stall } from './lane-layout.ts';
import { LanesGrid } from './lanes-grid.tsx';
import { ColumnHeads, TimeAxis, TimeLines } from './time-marks.tsx';
import type { WindowControl } from '../use-time-window.ts';

/** From here on lanes are 20 px high and grouped by lateness. */
export const denseFrom = 16;

export interface LanesPanelProps {
  readonly view: RunView;
  readonly control: WindowControl;
  readonly selectedRound: number | null;
  readonly selectedParticipant: string | null;
  readonly onOpen: (round: number, participant: string | null) => void;
}

/** The grid of lanes with its column heads, lines and axis. */
export function LanesPanel({
  view,
  control,
  selectedRound,
  selectedParticipant,
  onOpen,
}: LanesPanelProps): JSX.Element {
  const { window } = control;
  const stalls = useStalls(view);
  const faults = useMemo(() => Map.groupBy(view.faults.filter(acted), ({ participant }) => participant), [view.faults]);
  const now = useNow(1000);
  const evaluationAt = evaluationStart(view, now);
  const round = view.rounds.at(-1);
  const ended = view.endedAt !== null;
  const openRound = useCallback((number: number) => onOpen(number, null), [onOpen]);
  const dense = view.participants.length >= denseFrom;
  return (
    <LanesGrid
      control={control}
      label="Segments of each participant over time"
      rows={rowsOf(dense ? 0 : view.participants.length, dense)}
      dense={dense}
    >
      <ColumnHeads view={view} window={window} selected={selectedRound} onOpen={openRound} />
      <CoordinatorLane
        rounds={view.rounds}
        participants={view.participants}
        window={window}
        evaluationAt={evaluationAt}
        faults={faults.get('coordinator') ?? noFaults}
        ended={view.endedAt}
      />
      {dense ? (
        <DenseLanes
          view={view}
          window={window}
          stalls={stalls}
          faults={faults}
          selectedRound={selectedRound}
          selectedParticipant={selectedParticipant}
          onOpen={onOpen}
        />
      ) : (
        view.participants.map((participant) => (
          <Lane
            key={participant.id}
            participant={participant}
            own={participant.id === view.self}
            round={round}
            evaluationAt={evaluationAt}
            window={window}
            stalls={stalls.get(participant.id) ?? noStalls}
            faults={faults.get(participant.id) ?? noFaults}
            ended={view.endedAt}
            selectedRound={participant.id === selectedParticipant ? selectedRound : null}
            onOpen={onOpen}
          />
        ))
      )}
      <TimeAxis rounds={view.rounds} window={window} ended={ended} />
      <TimeLines rounds={view.rounds} window={window} ended={ended} losses={view.losses} />
    </LanesGrid>
  );
}

const noStalls: readonly Stall[] = [];
const noFaults: readonly FaultView[] = [];

function acted({ state }: FaultView): boolean {
  return state !== 'armed';
}

function rowsOf(lanes: number, dense: boolean): string {
  const middle = dense ? 'minmax(0, 1fr)' : lanes === 0 ? 'minmax(36px, 1fr)' : `repeat(${lanes}, minmax(36px, 1fr))`;
  return `var(--colhead-h) ${dense ? '28px' : 'var(--lane-h-coord)'} ${middle} var(--axis-h)`;
}

/** Stalls change with verdicts alone; lanes must not render again for the rest. */
function useStalls(view: RunView): ReadonlyMap<string, readonly Stall[]> {
  const { verdicts, endedAt } = view;
  const ids = view.participants.map((participant) => participant.id).join(' ');
  return useMemo(
    () => new Map(ids.split(' ').map((id) => [id, stallsOf({ verdicts, endedAt }, id)])),
    [verdicts, endedAt, ids],
  );
}
