import { formatCount } from '#shared/base/text/counted.ts';
import { useMemo } from 'react';
import type { JSX } from 'react';
import type { RunView } from '#shared/run-view/run-view.ts';
import { isParticipantSeat } from '#shared/run-view/seat.ts';
import { formatPercent } from '#renderer/components/words/format.ts';
import { Chart } from '#renderer/components/charts/line-chart.tsx';
import type { ChartLine } from '#renderer/components/charts/line-chart.tsx';
import { axisFrom0, draw, rangeText, readings } from './chart-drawing.ts';
import type { ChartsInput, Look } from './chart-drawing.ts';
import { ChartPanel, LineMark, NoPoints } from './chart-panel.tsx';
import type { LegendItem } from './chart-panel.tsx';
import { macroF1Series, qualitySeries } from './metric-series.ts';
import type { Series } from './metric-series.ts';

const qualityLook: Look = (series) =>
  series.group === 'other'
    ? { color: 'var(--text-2)', width: 'normal', dash: '2 3' }
    : series.group === 'global'
      ? { color: 'var(--text)', width: 'strong', dot: true }
      : { color: 'var(--line-3)', width: 'thin' };

/** Loss or accuracy of the global model among those of the participants. */
export function QualityChart({ what, ...input }: ChartsInput & { readonly what: 'loss' | 'accuracy' }): JSX.Element {
  const { view, axis, showLocal, cross } = input;
  const seat = isParticipantSeat(view);
  const series = useMemo(
    () => [
      ...(what === 'accuracy' ? macroF1Series(view, axis) : []),
      ...qualitySeries(view, what, axis).filter((one) => showLocal || one.group === 'global'),
    ],
    [view, what, axis, showLocal],
  );
  const drawn = useMemo(() => draw(series, qualityLook), [series]);
  const baseline = what === 'accuracy' ? view.baselineAccuracy : null;
  const lines = useMemo<readonly ChartLine[]>(() => {
    if (baseline === null) return drawn.lines;
    const level = {
      id: 'baseline',
      color: 'var(--line-3)',
      width: 'normal' as const,
      dash: '4 3',
      points: [
        { x: input.x.domain[0], y: baseline },
        { x: input.x.domain[1], y: baseline },
      ],
    };
    return [level, ...drawn.lines];
  }, [drawn, baseline, input.x]);
  const legend = legendOf({ series, cross, baseline, what });
  const y =
    what === 'loss'
      ? axisFrom0(drawn.top, (value) => value.toFixed(1))
      : axisFrom0(Math.min(0.97, drawn.top), (value) => `${Math.round(value * 100)} %`);
  return (
    <ChartPanel
      title={what === 'loss' ? 'Loss' : 'Accuracy'}
      unit={what === 'loss' ? 'cross-entropy' : heldOutText(view, seat)}
      shown={drawn}
      legend={legend}
    >
      {drawn.of === 0 ? (
        <NoPoints>The first point comes with the end of round 1.</NoPoints>
      ) : (
        <Chart
          key={`${axis} ${showLocal}`}
          label={`${what} over ${axis === 'round' ? 'rounds' : 'time'}`}
          x={input.x}
          y={y}
          lines={lines}
          cross={cross}
          onCross={input.onCross}
        />
      )}
    </ChartPanel>
  );
}

interface LegendInput {
  readonly series: readonly Series[];
  readonly cross: number | null;
  readonly baseline: number | null;
  readonly what: 'loss' | 'accuracy';
}

function legendOf({ series, cross, baseline, what }: LegendInput): readonly LegendItem[] {
  const format = what === 'loss' ? (value: number) => value.toFixed(3) : formatPercent;
  const locals = series.filter((one) => one.group === 'local');
  const globals = series.filter((one) => one.group === 'global');
  const macro = series.filter((one) => one.group === 'other');
  return [
    {
      id: 'global',
      mark: <LineMark color="var(--text)" width={2} />,
      label: 'global',
      value: rangeText(readings(globals, cross), format),
    },
    ...(macro.length > 0
      ? [
          {
            id: 'macro-f1',
            mark: <LineMark color="var(--text-2)" dash="dotted" />,
            label: 'macro F1, global',
            value: rangeText(readings(macro, cross), (value) => value.toFixed(3)),
          },
        ]
      : []),
    ...(locals.length > 0
      ? [
          {
            id: 'local',
            mark: <LineMark color="var(--line-3)" width={1} />,
            label:
              locals.length === 1
                ? `local, ${locals[0]?.label}`
                : `local, ${locals.length} ${locals.length === 1 ? 'node' : 'nodes'}`,
            value: rangeText(readings(locals, cross), format),
          },
        ]
      : []),
    ...(baseline === null
      ? []
      : [
          {
            id: 'baseline',
            mark: <LineMark color="var(--line-3)" dash="dashed" />,
            label: 'always naming the most frequent class (baseline)',
            value: formatPercent(baseline),
          },
        ]),
  ];
}

/** A participant is not told how much the others hold out. */
function heldOutText(view: RunView, seat: boolean): string {
  if (seat) return 'on held-out examples of all';
  const heldOut = view.participants.reduce((sum, participant) => sum + (participant.data?.heldOut ?? 0), 0);
  return heldOut > 0 ? `on ${formatCount(heldOut)} held-out examples` : 'on held-out examples';
}
