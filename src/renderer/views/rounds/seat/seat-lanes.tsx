import { useCallback, useMemo } from 'react';
import type { JSX } from 'react';
import { useNow } from '#renderer/session/hooks.ts';
import { toldParticipants, unheardSince } from '#renderer/session/run/seat-link.ts';
import type { SeatLink } from '#renderer/session/run/seat-link.ts';
import type { ParticipantView, RunView } from '#shared/run-view/run-view.ts';
import { evaluationStart, stallsOf } from '../lanes/lane-layout.ts';
import { LanesGrid } from '../lanes/lanes-grid.tsx';
import { ColumnHeads, TimeAxis, TimeLines } from '../lanes/time-marks.tsx';
import type { TimeWindow } from '../time-window.ts';
import type { WindowControl } from '../use-time-window.ts';
import { HeardLane } from './heard-lane.tsx';
import { OwnLane } from './own-lane.tsx';
import { ToldLane } from './told-lane.tsx';
import { runOver } from './told-layout.ts';

interface SeatLanesProps {
  readonly view: RunView;
  readonly own: ParticipantView | undefined;
  readonly control: WindowControl;
  readonly link: SeatLink | null;
  readonly selectedRound: number | null;
  readonly onOpen: (round: number, participant: string | null) => void;
  readonly onOpenLink: () => void;
}

/** From here on the lanes of others are as low as they can be read. */
const manyOthers = 10;

/** Own lane twice as high as another; they share what room there is, and scroll below the least. */
function heights(others: number): { readonly rows: string; readonly least: string } {
  const low = others > manyOthers ? 'var(--told-low)' : 'var(--told-least)';
  const fixed = ['var(--colhead-h)', 'var(--lane-h-coord)', 'var(--axis-h)'] as const;
  const told = others === 0 ? [] : [`repeat(${others}, minmax(${low}, 1fr))`];
  return {
    rows: [fixed[0], fixed[1], 'minmax(var(--own-least), 2fr)', ...told, fixed[2]].join(' '),
    least: `calc(${[...fixed, 'var(--own-least)', `${others} * ${low}`].join(' + ')})`,
  };
}

/** The coordinator as it is heard, this node, and the others as told. */
export function SeatLanes({
  view,
  own,
  control,
  link,
  selectedRound,
  onOpen,
  onOpenLink,
}: SeatLanesProps): JSX.Element {
  const { window } = control;
  const now = useNow(1000);
  const ended = view.endedAt;
  const heardAt = link?.kind === 'silent' ? link.heardAt : null;
  const ids = toldParticipants(view).join(' ');
  const others = useMemo(() => (ids === '' ? [] : ids.split(' ')), [ids]);
  const visible = useVisibleRounds(view, control);
  const evaluationAt = evaluationStart(view, now);
  const openRound = useCallback((number: number) => onOpen(number, null), [onOpen]);
  const { rows, least } = heights(others.length);
  const marks = { rounds: view.rounds, window, ended: ended !== null, heardAt: heardAt ?? undefined };
  return (
    <LanesGrid
      control={control}
      label="This node's segments, and the others' as told, over time"
      rows={rows}
      least={least}
    >
      <ColumnHeads view={view} silent={heardAt !== null} window={window} selected={selectedRound} onOpen={openRound} />
      <HeardLane
        rounds={visible}
        self={view.self ?? ''}
        protocol={own?.protocol ?? 'memory'}
        window={window}
        evaluationAt={evaluationAt}
        link={link}
        ended={ended}
        over={runOver(view)}
        onOpenLink={onOpenLink}
      />
      <OwnRow
        view={view}
        own={own}
        visible={visible}
        evaluationAt={evaluationAt}
        window={window}
        link={link}
        selectedRound={selectedRound}
        onOpen={onOpen}
      />
      {others.map((id) => (
        <ToldLane
          key={id}
          participant={id}
          rounds={visible}
          window={window}
          silentSince={view.left ? ended : unheardSince(link)}
          ended={view.left ? null : ended}
          over={runOver(view)}
          selectedRound={selectedRound}
          onOpen={onOpen}
        />
      ))}
      <TimeAxis {...marks} />
      <TimeLines {...marks} losses={view.losses} />
    </LanesGrid>
  );
}

const noAttempts = [] as const;

/** The rounds in the window; the same list while no round in it changes. */
function useVisibleRounds(view: RunView, { window }: WindowControl): RunView['rounds'] {
  const { rounds } = view;
  return useMemo(
    () =>
      rounds.filter(
        ({ startedAt, endedAt }) => startedAt < window.toAt && (endedAt ?? Number.POSITIVE_INFINITY) > window.fromAt,
      ),
    [rounds, window],
  );
}

interface OwnRowProps extends Pick<SeatLanesProps, 'view' | 'own' | 'link' | 'selectedRound' | 'onOpen'> {
  readonly visible: RunView['rounds'];
  readonly evaluationAt: number | null;
  readonly window: TimeWindow;
}

function OwnRow({ view, own, visible, link, ...rest }: OwnRowProps): JSX.Element {
  const { verdicts, endedAt } = view;
  const self = view.self ?? '';
  const stalls = useMemo(() => stallsOf({ verdicts, endedAt }, self), [verdicts, endedAt, self]);
  if (own === undefined) {
    return (
      <div role="row" className="lane-row">
        <div role="rowheader" className="lh row-line own">
          <div className="n">{self === '' ? 'this node' : self}</div>
        </div>
        <div role="gridcell" className="lane row-line own" />
      </div>
    );
  }
  const silence = link?.kind === 'silent' ? link : null;
  return (
    <OwnLane
      participant={own}
      rounds={visible}
      contributions={view.contributions}
      stalls={stalls}
      heardAt={silence?.heardAt ?? null}
      attempts={silence?.attempts ?? noAttempts}
      ended={endedAt}
      {...rest}
    />
  );
}
