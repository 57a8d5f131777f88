import { useMemo } from 'react';
import type { CSSProperties, JSX } from 'react';
import { limits } from '#shared/contract/limits.ts';
import type { RunView } from '#shared/run-view/run-view.ts';
import { countStep, niceStep, niceTop, ticksOf } from '#renderer/components/axis.ts';
import { formatBytes, formatMs, formatPercent } from '#renderer/components/format.ts';
import { Chart } from '#renderer/components/line-chart.tsx';
import type { ChartAxis, ChartLine } from '#renderer/components/line-chart.tsx';
import { ProtocolMark } from '#renderer/components/protocol-mark.tsx';
import { protocolColors } from '#renderer/theme/protocols.ts';
import { BoxMark, ChartPanel, LineMark, NoPoints } from './chart-panel.tsx';
import type { LegendItem } from './chart-panel.tsx';
import { downSample } from '#renderer/components/down-sample.ts';
import { bytesByProtocol, qualitySeries, roundTripSeries, timeSplits, updateSeries, valueAt } from './metric-series.ts';
import type { Series, XAxis } from './metric-series.ts';

export interface ChartsInput {
  readonly view: RunView;
  readonly axis: XAxis;
  readonly x: ChartAxis;
  readonly showLocal: boolean;
  readonly cross: number | null;
  readonly onCross: (x: number | null) => void;
}

interface Drawn {
  readonly lines: readonly ChartLine[];
  readonly points: number;
  readonly of: number;
  readonly top: number;
}

type Look = (series: Series) => Omit<ChartLine, 'id' | 'points'>;

function draw(series: readonly Series[], look: Look): Drawn {
  let top = 0;
  const lines = series.map((one): ChartLine => {
    for (const point of one.points) if (point.y > top) top = point.y;
    return { id: one.id, ...look(one), points: downSample(one.points, limits.chartPointsMax) };
  });
  return {
    lines,
    points: lines.reduce((sum, line) => sum + line.points.length, 0),
    of: series.reduce((sum, one) => sum + one.points.length, 0),
    top,
  };
}

const qualityLook: Look = (series) =>
  series.group === 'global'
    ? { color: 'var(--text)', width: 'strong', dot: true }
    : { color: 'var(--line-3)', width: 'thin' };

/** Values at the crosshair, or the latest. */
function readings(series: readonly Series[], cross: number | null): readonly number[] {
  return series.flatMap((one) => valueAt(one.points, cross ?? Infinity) ?? []);
}

function rangeText(values: readonly number[], format: (value: number) => string): string {
  if (values.length === 0) return '–';
  const [low, high] = [format(Math.min(...values)), format(Math.max(...values))];
  return low === high ? low : `${low.replace(/ %$/, '')} to ${high}`;
}

function axisFrom0(top: number, format: (value: number) => string): ChartAxis {
  // A little air, so that the highest point does not lie on the edge.
  const end = niceTop(top * 1.03);
  return { domain: [0, end], ticks: [0, end / 2, end], format };
}

export function QualityChart({ what, ...input }: ChartsInput & { readonly what: 'loss' | 'accuracy' }): JSX.Element {
  const { view, axis, showLocal, cross } = input;
  const series = useMemo(
    () => qualitySeries(view, what, axis).filter((one) => showLocal || one.group === 'global'),
    [view, what, axis, showLocal],
  );
  const drawn = useMemo(() => draw(series, qualityLook), [series]);
  const format = what === 'loss' ? (value: number) => value.toFixed(3) : formatPercent;
  const locals = series.filter((one) => one.group === 'local');
  const globals = series.filter((one) => one.group === 'global');
  const baseline = what === 'accuracy' && view.baselineAccuracy > 0 ? view.baselineAccuracy : null;
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
  const legend: LegendItem[] = [
    {
      id: 'global',
      mark: <LineMark color="var(--text)" width={2} />,
      label: 'global',
      value: rangeText(readings(globals, cross), format),
    },
    ...(locals.length > 0
      ? [
          {
            id: 'local',
            mark: <LineMark color="var(--line-3)" width={1} />,
            label: `local, ${locals.length} nodes`,
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
            label: 'commonest class',
            value: formatPercent(baseline),
          },
        ]),
  ];
  const y =
    what === 'loss'
      ? axisFrom0(drawn.top, (value) => value.toFixed(1))
      : axisFrom0(Math.min(0.97, drawn.top), (value) => `${Math.round(value * 100)} %`);
  return (
    <ChartPanel
      title={what === 'loss' ? 'Loss' : 'Accuracy'}
      unit={what === 'loss' ? 'cross-entropy' : heldOutText(view)}
      shown={drawn}
      legend={legend}
    >
      {drawn.of === 0 ? (
        <NoPoints>The first point comes with the end of round 1.</NoPoints>
      ) : (
        <Chart
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

function heldOutText(view: RunView): string {
  const heldOut = view.participants.reduce((sum, participant) => sum + (participant.data?.heldOut ?? 0), 0);
  return heldOut > 0 ? `on ${heldOut.toLocaleString('en-US')} held-out examples` : 'on held-out examples';
}

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
      unit="mean of the participants, seconds"
      shown={{ points: shown.length, of: splits.length, what: 'rounds' }}
      legend={legend}
    >
      {shown.length === 0 ? (
        <NoPoints>The first bar comes with the end of round 1.</NoPoints>
      ) : (
        <Chart
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
    <ChartPanel title="Round-trip time" unit="each participant’s link, milliseconds" shown={drawn} legend={legend}>
      {drawn.of === 0 ? (
        <NoPoints>Links measure it once a second while they are open.</NoPoints>
      ) : (
        <Chart
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

export function UpdateChart(input: ChartsInput): JSX.Element {
  const { view, axis, cross, showLocal } = input;
  const all = useMemo(() => updateSeries(view, axis), [view, axis]);
  const pick = (series: readonly Series[]): readonly Series[] =>
    showLocal || view.self === null ? series : series.filter((one) => one.id === view.self);
  const own = (one: Series): boolean => one.id === (view.self ?? view.participants[0]?.id);
  const norm = useMemo(
    () =>
      draw(pick(all.norm), (one) =>
        own(one) ? { color: 'var(--text)', width: 'strong', dot: true } : { color: 'var(--line-3)', width: 'thin' },
      ),
    [all, showLocal],
  ); // oxlint-disable-line react-hooks/exhaustive-deps
  const cosine = useMemo(
    () =>
      draw(pick(all.cosine), (one) =>
        own(one)
          ? { color: 'var(--text)', width: 'strong', dash: '3 3', dot: true }
          : { color: 'var(--line-3)', width: 'thin', dash: '3 3' },
      ),
    [all, showLocal],
  ); // oxlint-disable-line react-hooks/exhaustive-deps
  const two = (value: number): string => value.toFixed(2);
  const legend: LegendItem[] = [
    {
      id: 'norm',
      mark: <LineMark color="var(--text)" />,
      label: 'norm',
      value: rangeText(readings(pick(all.norm), cross), two),
    },
    {
      id: 'cosine',
      mark: <LineMark color="var(--text)" dash="dotted" />,
      label: 'cosine',
      value: rangeText(readings(pick(all.cosine), cross), two),
    },
  ];
  const low = Math.min(0, ...all.cosine.flatMap((one) => one.points.map((point) => point.y)));
  const bottom = low < 0 ? -1 : 0;
  const shown = { points: norm.points + cosine.points, of: norm.of + cosine.of };
  return (
    <ChartPanel
      title="Update against the global step"
      unit={view.self === null ? 'strong: the first participant' : `strong: this node, ${view.self}`}
      shown={shown}
      legend={legend}
    >
      {shown.of === 0 ? (
        <NoPoints>The first update brings the first point.</NoPoints>
      ) : (
        <div className="two">
          <Chart
            label="Norm of each update"
            x={{ ...input.x, ticks: [] }}
            y={{
              ...axisFrom0(norm.top, (value) => (value === 0 ? '0' : `norm ${Number(value.toPrecision(3))}`)),
              ticks: [0, niceTop(norm.top * 1.03)],
            }}
            lines={norm.lines}
            cross={cross}
            onCross={input.onCross}
          />
          <Chart
            label="Cosine of each update to the global step"
            x={input.x}
            y={{
              domain: [bottom, 1],
              ticks: [bottom, 1],
              format: (value) => (value === 1 ? 'cos 1.0' : String(value)),
            }}
            lines={cosine.lines}
            cross={cross}
            onCross={input.onCross}
          />
        </div>
      )}
    </ChartPanel>
  );
}

export function BytesPanel({ view }: { readonly view: RunView }): JSX.Element {
  const rows = useMemo(() => bytesByProtocol(view.participants), [view.participants]);
  const most = Math.max(1, ...rows.map((row) => row.wire));
  const sum = rows.reduce((all, row) => ({ payload: all.payload + row.payload, wire: all.wire + row.wire }), {
    payload: 0,
    wire: 0,
  });
  return (
    <ChartPanel title="Bytes" unit="payload and wire, whole run, both directions" legend={[]}>
      <div className="bt" role="table" aria-label="Bytes by transport">
        <div className="br hd" role="row">
          <span role="columnheader">transport</span>
          <span role="columnheader" className="bk">
            <BoxMark color="var(--text-2)" /> payload <i className="bx hatch" /> framing, headers, resends
          </span>
          <span role="columnheader" className="num">
            payload
          </span>
          <span role="columnheader" className="num">
            wire
          </span>
          <span role="columnheader" className="num">
            over
          </span>
        </div>
        {rows.map((row) => (
          <div className="br" role="row" key={row.protocol}>
            <span role="cell">
              <ProtocolMark protocol={row.protocol} />{' '}
              <span className="t3">
                {row.participants} {row.participants === 1 ? 'node' : 'nodes'}
              </span>
            </span>
            <span role="cell" className="bb" style={{ '--c': protocolColors[row.protocol] } as CSSProperties}>
              <i className="wv" style={{ width: `${(row.wire / most) * 100}%` }} />
              <i
                style={{
                  width: `${(Math.min(row.payload, row.wire) / most) * 100}%`,
                  background: protocolColors[row.protocol],
                }}
              />
            </span>
            <span role="cell" className="num">
              {formatBytes(row.payload)}
            </span>
            <span role="cell" className="num">
              {formatBytes(row.wire)}
            </span>
            <b role="cell" className="num">
              {overText(row)}
            </b>
          </div>
        ))}
        <div className="br tot" role="row">
          <span role="cell">all</span>
          <span role="cell" />
          <span role="cell" className="num">
            {formatBytes(sum.payload)}
          </span>
          <span role="cell" className="num">
            {formatBytes(sum.wire)}
          </span>
          <b role="cell" className="num">
            {overText(sum)}
          </b>
        </div>
      </div>
    </ChartPanel>
  );
}

function overText({ payload, wire }: { readonly payload: number; readonly wire: number }): string {
  return payload === 0 ? '–' : `+${((wire / payload - 1) * 100).toFixed(1)} %`;
}

/** The x axis that all charts share. */
export function sharedX(view: RunView, axis: XAxis, now: number): ChartAxis {
  if (axis === 'round') {
    const reached = Math.max(view.round, view.rounds.at(-1)?.round ?? 0);
    // A plan of thousands of rounds would squeeze what there is to a line; then the axis grows with the run.
    const end =
      view.roundsPlanned > 0 && view.roundsPlanned <= Math.max(50, reached * 3)
        ? view.roundsPlanned
        : niceTop(Math.max(10, reached));
    // Half a round of air: the bar of the last one is as wide as the others.
    return {
      domain: [0, end + 0.5],
      ticks: ticksOf(0, end, countStep(end, 10)),
      format: (value) => (value === 0 ? 'round' : String(value)),
    };
  }
  const seconds = Math.max(10, ((view.endedAt ?? now) - view.startedAt) / 1000);
  const step = niceStep(seconds, 8);
  const end = Math.ceil(seconds / step) * step;
  return {
    domain: [0, end],
    ticks: ticksOf(0, end, step),
    format: (value) => (end > 600 ? `${Number((value / 60).toFixed(1))} min` : `${value} s`),
  };
}
