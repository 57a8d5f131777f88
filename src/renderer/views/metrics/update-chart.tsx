import { useMemo } from 'react';
import type { JSX } from 'react';
import type { RunView } from '#shared/run-view/run-view.ts';
import { isParticipantSeat } from '#shared/run-view/seat.ts';
import { formatFixed } from '#renderer/components/words/format.ts';
import { niceTop } from '#renderer/components/charts/axis.ts';
import { NotTold } from '#renderer/components/not-told.tsx';
import { Chart } from '#renderer/components/charts/line-chart.tsx';
import type { ChartAxis } from '#renderer/components/charts/line-chart.tsx';
import { axisFrom0, draw, rangeText, readings } from './chart-drawing.ts';
import type { ChartsInput, Look } from './chart-drawing.ts';
import { ChartPanel, LineMark, NoPoints } from './chart-panel.tsx';
import type { LegendItem } from './chart-panel.tsx';
import { updateSeries } from './metric-series.ts';

/** Size of each update, and how far it points where the global model then went. */
export function UpdateChart(input: ChartsInput): JSX.Element {
  const { view, axis, cross, showLocal, x, onCross } = input;
  const strong = strongOf(view);
  const seat = isParticipantSeat(view);
  const all = useMemo(() => {
    const { norm, cosine } = updateSeries(view, axis);
    const keep = (id: string): boolean => showLocal || view.self === null || id === view.self;
    return { norm: norm.filter((one) => keep(one.id)), cosine: cosine.filter((one) => keep(one.id)) };
  }, [view, axis, showLocal]);
  const norm = useMemo(() => draw(all.norm, lookOf(strong)), [all, strong]);
  const cosine = useMemo(() => draw(all.cosine, lookOf(strong, '3 3')), [all, strong]);
  const two = (value: number): string => formatFixed(value, 2);
  const legend: LegendItem[] = [
    {
      id: 'norm',
      mark: <LineMark color="var(--text)" />,
      label: 'norm',
      value: rangeText(readings(all.norm, cross), two),
    },
    ...(seat
      ? []
      : [
          {
            id: 'cosine',
            mark: <LineMark color="var(--text)" dash="dotted" />,
            label: 'cosine',
            value: rangeText(readings(all.cosine, cross), two),
          },
        ]),
  ];
  const shown = { points: norm.points + cosine.points, of: norm.of + cosine.of };
  const unit = seat ? 'of this node' : view.self === null ? `bold: ${strong ?? 'nobody yet'}` : 'bold: this node';
  return (
    <ChartPanel title="Update against the global step" unit={unit} shown={shown} legend={legend}>
      {shown.of === 0 ? (
        <NoPoints>The first update brings the first point.</NoPoints>
      ) : (
        <div className="two">
          <Chart
            key={`norm ${axis} ${showLocal}`}
            label="Norm of each update"
            x={seat ? x : { ...x, ticks: [] }}
            y={normAxis(norm.top)}
            lines={norm.lines}
            cross={cross}
            onCross={onCross}
          />
          {seat ? (
            <NotTold what="Cosine to the global step" />
          ) : (
            <Chart
              key={`cosine ${axis} ${showLocal}`}
              label="Cosine of each update to the global step"
              x={x}
              y={cosineAxis(cosine.bottom)}
              lines={cosine.lines}
              cross={cross}
              onCross={onCross}
            />
          )}
        </div>
      )}
    </ChartPanel>
  );
}

/** This node, or the first one where none of them is ours. */
function strongOf(view: RunView): string | null {
  return view.self ?? view.participants[0]?.id ?? null;
}

function lookOf(strong: string | null, dash?: string): Look {
  const dashed = dash === undefined ? {} : { dash };
  return (one) =>
    one.id === strong
      ? { color: 'var(--text)', width: 'strong', dot: true, ...dashed }
      : { color: 'var(--line-3)', width: 'thin', ...dashed };
}

function normAxis(top: number): ChartAxis {
  const axis = axisFrom0(top, (value) => (value === 0 ? '0' : `norm ${Number(value.toPrecision(3))}`));
  return { ...axis, ticks: [0, niceTop(top * 1.03)] };
}

/** An update that points away from the step has a negative cosine; then the axis shows where zero is. */
function cosineAxis(lowest: number): ChartAxis {
  const bottom = lowest < 0 ? -1 : 0;
  return {
    domain: [bottom, 1],
    ticks: bottom < 0 ? [-1, 0, 1] : [0, 1],
    format: (value) => (value === 1 ? 'cos 1.0' : formatFixed(value, 0)),
  };
}
