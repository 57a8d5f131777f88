import { useMemo } from 'react';
import type { JSX } from 'react';
import { isParticipantSeat } from '#shared/run-view/seat.ts';
import { formatMs } from '#renderer/components/words/format.ts';
import { Chart } from '#renderer/components/charts/line-chart.tsx';
import { ProtocolMark } from '#renderer/components/protocol-mark.tsx';
import { protocolColors } from '#renderer/theme/protocols.ts';
import { axisFrom0, draw, rangeText, readings } from './chart-drawing.ts';
import type { ChartsInput } from './chart-drawing.ts';
import { ChartPanel, NoPoints } from './chart-panel.tsx';
import type { LegendItem } from './chart-panel.tsx';
import { roundTripSeries } from './metric-series.ts';

export function RoundTripChart(input: ChartsInput): JSX.Element {
  const { view, axis, cross } = input;
  const series = useMemo(() => roundTripSeries(view, axis), [view, axis]);
  const drawn = useMemo(
    () =>
      draw(series, (one) => ({
        color: one.protocol === null ? 'var(--text)' : protocolColors[one.protocol],
        width: 'normal',
      })),
    [series],
  );
  const present = [...new Set(series.flatMap((one) => one.protocol ?? []))];
  const legend = present.map((protocol): LegendItem => {
    const values = readings(
      series.filter((one) => one.protocol === protocol),
      cross,
    );
    return {
      id: protocol,
      mark: <ProtocolMark protocol={protocol} />,
      label: '',
      value: rangeText(values, formatMs).replace(/ ms to/, ' to'),
    };
  });
  return (
    <ChartPanel
      title="Round-trip time"
      unit={isParticipantSeat(input.view) ? 'this node’s link' : 'each participant’s link'}
      shown={drawn}
      legend={legend}
    >
      {drawn.of === 0 ? (
        <NoPoints>Links measure it once a second while they are open.</NoPoints>
      ) : (
        <Chart
          key={axis}
          label="Round-trip time of each link"
          x={input.x}
          y={axisFrom0(drawn.top, (value) => `${Number(value.toPrecision(3))} ms`)}
          lines={drawn.lines}
          cross={cross}
          onCross={input.onCross}
        />
      )}
    </ChartPanel>
  );
}
