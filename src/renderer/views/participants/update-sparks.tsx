import { useMemo } from 'react';
import type { JSX } from 'react';
import { limits } from '#shared/contract/limits.ts';
import type { RunView } from '#shared/run-view/run-view.ts';
import { isParticipantSeat } from '#shared/run-view/seat.ts';
import { countStep, niceTop, ticksOf } from '#renderer/components/charts/axis.ts';
import { downSample } from '#renderer/components/charts/down-sample.ts';
import { countedUpdate, ownNorms } from '#renderer/components/words/contribution-facts.ts';
import { formatFixed } from '#renderer/components/words/format.ts';
import { NotTold } from '#renderer/components/not-told.tsx';
import { Chart } from '#renderer/components/charts/line-chart.tsx';
import type { ChartLine } from '#renderer/components/charts/line-chart.tsx';
import { roundsOnAxis } from '#renderer/session/run/planned.ts';

/** Norm and cosine of the selected participant's updates among those of the others. */
export function UpdateSparks({
  view,
  selected,
  cross,
  onCross,
}: {
  readonly view: RunView;
  readonly selected: string | null;
  readonly cross: number | null;
  readonly onCross: (x: number | null) => void;
}): JSX.Element {
  const end = Math.max(2, roundsOnAxis(view));
  const x = useMemo(
    () => ({ domain: [1, end] as const, ticks: ticksOf(1, end, countStep(end, 5)), format: String }),
    [end],
  );
  const norm = useMemo(() => linesOf(view, 'norm', selected), [view, selected]);
  const cosine = useMemo(() => linesOf(view, 'cosine', selected), [view, selected]);
  const top = niceTop(Math.max(0, ...norm.flatMap((line) => line.points.map((point) => point.y))) * 1.03);
  const bottom = cosine.some((line) => line.points.some((point) => point.y < 0)) ? -1 : 0;
  const common = { x, cross, onCross, axisFigures: 4 };
  return (
    <section className="panel p-upd" aria-label="Updates">
      <Spark name="Update norm" lines={norm} selected={selected} cross={cross}>
        <Chart
          key={selected}
          label="Norm of the updates by round"
          y={{ domain: [0, top], ticks: [0, top], format: String }}
          lines={norm}
          {...common}
        />
      </Spark>
      {isParticipantSeat(view) ? (
        <NotTold what="Cosine to global step" />
      ) : (
        <Spark name="Cosine to global step" lines={cosine} selected={selected} cross={cross}>
          <Chart
            key={selected}
            label="Cosine of the updates to the global step by round"
            y={{ domain: [bottom, 1], ticks: [bottom, 1], format: (value) => formatFixed(value, bottom < 0 ? 0 : 1) }}
            lines={cosine}
            {...common}
          />
        </Spark>
      )}
    </section>
  );
}

function Spark({
  name,
  lines,
  selected,
  cross,
  children,
}: {
  readonly name: string;
  readonly lines: readonly ChartLine[];
  readonly selected: string | null;
  readonly cross: number | null;
  readonly children: JSX.Element;
}): JSX.Element {
  const own = lines.find((line) => line.id === selected)?.points;
  const value = cross === null ? own?.at(-1) : own?.findLast((point) => point.x <= cross);
  return (
    <div className="spark">
      <div className="top" data-drops="">
        <span className="name">{name}</span>
        <span className="fig">{value === undefined ? '–' : formatFixed(value.y, 2)}</span>
        <span className="end">{selected === null || lines.length < 2 ? '' : `${selected} bold`}</span>
      </div>
      {children}
    </div>
  );
}

function linesOf(view: RunView, what: 'norm' | 'cosine', selected: string | null): readonly ChartLine[] {
  if (isParticipantSeat(view)) return what === 'norm' ? [ownLine(view)] : [];
  const lines = view.participants.map((participant): ChartLine => {
    const points = view.rounds.flatMap((round) => {
      const y = countedUpdate(round, participant.id)?.[what];
      return y === null || y === undefined || !Number.isFinite(y) ? [] : [{ x: round.round, y }];
    });
    const strong = participant.id === selected;
    return {
      id: participant.id,
      color: strong ? 'var(--text)' : 'var(--line-3)',
      width: strong ? 'strong' : 'thin',
      dot: strong,
      points: downSample(points, limits.chartPointsMax),
    };
  });
  // The selected one is drawn last, over the others.
  return lines.toSorted((a, b) => Number(a.id === selected) - Number(b.id === selected));
}

/** Of the others a participant is told no norms. */
function ownLine(view: RunView): ChartLine {
  const points = ownNorms(view.contributions).map(({ round, norm }) => ({ x: round, y: norm }));
  return {
    id: view.self ?? '',
    color: 'var(--text)',
    width: 'strong',
    dot: true,
    points: downSample(points, limits.chartPointsMax),
  };
}
