import { useMemo } from 'react';
import type { JSX } from 'react';
import { isParticipantSeat } from '#shared/run-view/seat.ts';
import { limits } from '#shared/contract/limits.ts';
import { Chart } from '#renderer/components/charts/line-chart.tsx';
import { axisFrom0 } from './chart-drawing.ts';
import type { ChartsInput } from './chart-drawing.ts';
import { BoxMark, ChartPanel, NoPoints } from './chart-panel.tsx';
import type { LegendItem } from './chart-panel.tsx';
import { timeSplits } from './metric-series.ts';

/** Where the time of each round went. */
export function TimeChart(input: ChartsInput): JSX.Element {
  const { view, axis, cross } = input;
  const splits = useMemo(() => timeSplits(view), [view]);
  // The newest ones when there are more rounds than bars that can be told apart.
  const shown = splits.slice(-limits.chartPointsMax);
  const bars = useMemo(
    () => ({
      stacks: [
        { id: 'compute', color: 'var(--ph-train-edge)' },
        { id: 'communicate', color: 'var(--ph-send-edge)' },
        { id: 'wait', color: 'var(--ph-wait-edge)', striped: true },
      ],
      rows: shown.map((split) => ({
        x: axis === 'round' ? split.round : split.endS,
        values: [split.computeS, split.communicateS, split.waitS],
      })),
    }),
    // oxlint-disable-next-line react-hooks/exhaustive-deps
    [splits, axis],
  );
  const at =
    cross === null
      ? shown.at(-1)
      : axis === 'round'
        ? shown.find((split) => split.round === cross)
        : shown.find((split) => cross <= split.endS);
  const text = (value: number | undefined): string =>
    value === undefined ? '–' : `${value.toFixed(value < 10 ? 2 : 1)} s`;
  const top = Math.max(0, ...shown.map((split) => split.computeS + split.communicateS + split.waitS));
  const legend: LegendItem[] = [
    { id: 'compute', mark: <BoxMark color="var(--ph-train-edge)" />, label: 'compute', value: text(at?.computeS) },
    {
      id: 'communicate',
      mark: <BoxMark color="var(--ph-send-edge)" />,
      label: 'communicate',
      value: text(at?.communicateS),
    },
    { id: 'wait', mark: <BoxMark color="var(--ph-wait-edge)" striped />, label: 'wait', value: text(at?.waitS) },
  ];
  return (
    <ChartPanel
      title="Time per round"
      unit={isParticipantSeat(view) ? 'of this node' : 'mean of the participants'}
      shown={{ points: shown.length, of: splits.length, what: 'rounds' }}
      legend={legend}
    >
      {shown.length === 0 ? (
        <NoPoints>The first bar comes with the end of round 1.</NoPoints>
      ) : (
        <Chart
          key={axis}
          label="Time per round, split into compute, communicate and wait"
          x={input.x}
          y={axisFrom0(top, (value) => `${Number(value.toPrecision(3))} s`)}
          bars={bars}
          cross={cross}
          onCross={input.onCross}
        />
      )}
    </ChartPanel>
  );
}
