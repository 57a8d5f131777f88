import { memo, useMemo, useRef } from 'react';
import type { JSX, PointerEvent } from 'react';
import { Bar, BarChart, CartesianGrid, Line, LineChart as Plot, XAxis, YAxis } from 'recharts';
import './line-chart.css';
import { sameContent } from '../table/same-content.ts';
import { useTokenPx } from '../hooks/use-media.ts';
import { useSize } from '../hooks/use-size.ts';
import { useScheduledValue } from '../hooks/use-scheduled-value.ts';

export interface ChartPoint {
  readonly x: number;
  readonly y: number;
}

export interface ChartLine {
  readonly id: string;
  /** CSS color. */
  readonly color: string;
  readonly width: 'thin' | 'normal' | 'strong';
  readonly dash?: string;
  readonly points: readonly ChartPoint[];
  /** A dot under the crosshair. */
  readonly dot?: boolean;
}

export interface ChartBars {
  /** Bottom first. */
  readonly stacks: readonly { readonly id: string; readonly color: string; readonly striped?: boolean }[];
  readonly rows: readonly { readonly x: number; readonly values: readonly number[] }[];
}

export interface ChartAxis {
  readonly domain: readonly [number, number];
  readonly ticks: readonly number[];
  readonly format: (value: number) => string;
}

interface ChartProps {
  readonly label: string;
  readonly x: ChartAxis;
  readonly y: ChartAxis;
  readonly lines?: readonly ChartLine[];
  readonly bars?: ChartBars;
  /** Place of the crosshair that all charts share; null: the pointer is in none of them. */
  readonly cross: number | null;
  readonly onCross: (x: number | null) => void;
  /** Room for the labels of the value axis, in widths of a figure. */
  readonly axisFigures?: number;
}

const axisFiguresDefault = 8;
/** Of the type of the value axis. */
const figureWidthShare = 0.64;
const axisHeightShare = 1.8;
const marginTopShare = 0.72;
/** A chart that is drawn more often than this tells no more. */
const apartMs = 1000;

/** A calm chart: value axis on the right, no animation, a crosshair that other charts follow. */
export function Chart(props: ChartProps): JSX.Element {
  const { ref, size } = useSize<HTMLDivElement>();
  const typePx = useTokenPx('--fs-micro');
  const axisWidthPx = Math.round((props.axisFigures ?? axisFiguresDefault) * typePx * figureWidthShare);
  const axisHeightPx = Math.round(typePx * axisHeightShare);
  const marginTopPx = Math.round(typePx * marginTopShare);
  const { lines, bars, ...axes } = useDrawn(props);
  // While somebody reads values off it, an axis must not move under the pointer.
  const held = useRef(axes);
  if (props.cross === null) held.current = axes;
  const { x, y } = held.current;
  const width = Math.max(0, size.width - axisWidthPx);
  const height = Math.max(0, size.height - axisHeightPx - marginTopPx);
  const span = x.domain[1] - x.domain[0];
  const onPointerMove = (event: PointerEvent): void => {
    const box = event.currentTarget.getBoundingClientRect();
    const share = (event.clientX - box.left) / Math.max(1, width);
    props.onCross(share < 0 || share > 1 ? null : x.domain[0] + share * span);
  };
  const left = props.cross === null || span === 0 ? null : ((props.cross - x.domain[0]) / span) * width;
  return (
    <div
      className="rc"
      ref={ref}
      role="img"
      aria-label={props.label}
      onPointerMove={onPointerMove}
      onPointerLeave={() => props.onCross(null)}
    >
      {size.width === 0 || size.height === 0 ? null : (
        <Drawing
          axisWidthPx={axisWidthPx}
          axisHeightPx={axisHeightPx}
          marginTopPx={marginTopPx}
          width={size.width}
          height={size.height}
          x={{ ...x, ticks: besideFirst(x, width / Math.max(1, span), typePx) }}
          y={y}
          {...(lines ? { lines } : {})}
          {...(bars ? { bars } : {})}
        />
      )}
      {left === null || left < 0 || left > width ? null : (
        <>
          <i className="rc-x" style={{ left, top: marginTopPx - 4, height: height + 6 }} />
          {lines?.map((line) => {
            const point = line.dot === true ? lastBefore(line.points, props.cross ?? 0) : null;
            if (point === null) return null;
            const top = marginTopPx + (1 - (point.y - y.domain[0]) / (y.domain[1] - y.domain[0])) * height;
            return <i key={line.id} className="rc-d" style={{ left, top, background: line.color }} />;
          })}
        </>
      )}
    </div>
  );
}

/** Share of a letter's height that it is wide, and air between two labels. */
const letterShare = 0.62;

/** The first label begins at the edge instead of standing under its place, and may reach into the second, which then goes. */
function besideFirst({ domain, ticks, format }: ChartAxis, pxPerUnit: number, typePx: number): readonly number[] {
  const [first, second] = ticks;
  if (first === undefined || second === undefined) return ticks;
  const widthOf = (tick: number): number => format(tick).length * typePx * letterShare;
  const from = (second - domain[0]) * pxPerUnit - widthOf(second) / 2;
  return from > widthOf(first) + typePx * letterShare ? ticks : ticks.filter((tick) => tick !== second);
}

interface Drawn {
  readonly x: ChartAxis;
  readonly y: ChartAxis;
  readonly lines?: readonly ChartLine[] | undefined;
  readonly bars?: ChartBars | undefined;
}

/** What is drawn now: follows what is given when its turn comes, and rests while it only looks new. */
function useDrawn({ x, y, lines, bars }: Drawn): Drawn {
  const wanted = useRef<Drawn>({ x, y, lines, bars });
  const { current } = wanted;
  const axesX = sameAxis(current.x, x) ? current.x : x;
  const axesY = sameAxis(current.y, y) ? current.y : y;
  const sameLines = sameContent(current.lines, lines);
  const sameBars = sameContent(current.bars, bars);
  if (axesX !== current.x || axesY !== current.y || !sameLines || !sameBars)
    wanted.current = {
      x: axesX,
      y: axesY,
      lines: sameLines ? current.lines : lines,
      bars: sameBars ? current.bars : bars,
    };
  return useScheduledValue(wanted.current, apartMs);
}

/** Axes are alike when they read alike. */
function sameAxis(a: ChartAxis, b: ChartAxis): boolean {
  return (
    sameContent(a.domain, b.domain) &&
    sameContent(a.ticks, b.ticks) &&
    sameContent(a.ticks.map(a.format), b.ticks.map(b.format))
  );
}

interface DrawingProps {
  readonly axisWidthPx: number;
  readonly axisHeightPx: number;
  readonly marginTopPx: number;
  readonly width: number;
  readonly height: number;
  readonly x: ChartAxis;
  readonly y: ChartAxis;
  readonly lines?: readonly ChartLine[];
  readonly bars?: ChartBars;
}

const strokeWidths = { thin: 1, normal: 1.5, strong: 2.25 } as const;

/** The part that costs: drawn again for new data or size only, not as the pointer moves. */
const Drawing = memo(function Drawing(props: DrawingProps): JSX.Element {
  const { axisWidthPx, marginTopPx, width, height, x, lines, bars } = props;
  const rows = useMemo(() => (bars ? barRows(bars) : []), [bars]);
  const margin = { top: marginTopPx, right: 0, bottom: 0, left: 0 };
  const axes = axesOf(props);
  if (bars === undefined) {
    return (
      <Plot width={width} height={height} margin={margin} accessibilityLayer={false}>
        {axes}
        {lines?.map((line) => (
          <Line
            key={line.id}
            // Its own points: in common rows each line would be computed at the x of all the others.
            data={[...line.points]}
            dataKey="y"
            stroke={line.color}
            strokeWidth={strokeWidths[line.width]}
            {...(line.dash === undefined ? {} : { strokeDasharray: line.dash })}
            dot={line.points.length === 1 ? { r: 2, fill: line.color } : false}
            activeDot={false}
            type="linear"
            isAnimationActive={false}
          />
        ))}
      </Plot>
    );
  }
  const barSize = barSizePx(bars, x, width - axisWidthPx);
  return (
    <BarChart width={width} height={height} data={rows} margin={margin} barSize={barSize} accessibilityLayer={false}>
      <defs>
        <pattern id="rc-stripes" width="6" height="4" patternUnits="userSpaceOnUse">
          <rect width="6" height="1.5" fill="var(--ph-wait-edge)" />
        </pattern>
      </defs>
      {axes}
      {bars.stacks.map((stack) => (
        <Bar
          key={stack.id}
          dataKey={stack.id}
          stackId="all"
          fill={stack.striped === true ? 'url(#rc-stripes)' : stack.color}
          isAnimationActive={false}
        />
      ))}
    </BarChart>
  );
});

/** Grid and axes; a list, since recharts looks for them among its own children. */
function axesOf({ x, y, axisWidthPx, axisHeightPx }: DrawingProps): readonly JSX.Element[] {
  return [
    <CartesianGrid key="grid" vertical={false} stroke="var(--line)" />,
    <XAxis
      key="x"
      dataKey="x"
      type="number"
      domain={[...x.domain]}
      ticks={[...x.ticks]}
      tick={<XTick format={x.format} first={x.domain[0]} last={x.domain[1]} dropPx={axisHeightPx * 0.4} />}
      height={axisHeightPx}
      axisLine={false}
      tickLine={false}
      interval={0}
      allowDataOverflow
    />,
    <YAxis
      key="y"
      orientation="right"
      type="number"
      domain={[...y.domain]}
      ticks={[...y.ticks]}
      tick={<YTick format={y.format} />}
      width={axisWidthPx}
      axisLine={false}
      tickLine={false}
      interval={0}
      allowDataOverflow
    />,
  ];
}

/** The closest two bars decide, so that none overlap, by round as well as by time. */
function barSizePx(bars: ChartBars, x: ChartAxis, widthPx: number): number {
  const apart = bars.rows.reduce(
    (least, row, i) => Math.min(least, i === 0 ? Infinity : row.x - (bars.rows[i - 1]?.x ?? 0)),
    Infinity,
  );
  const span = x.domain[1] - x.domain[0];
  return Math.max(2, Math.min(28, widthPx * Math.min(1, (Number.isFinite(apart) ? apart : 1) / span) * 0.7));
}

interface TickProps {
  readonly format: (value: number) => string;
  readonly x?: number;
  readonly y?: number;
  readonly payload?: { readonly value: number };
}

interface XTickProps extends TickProps {
  readonly first: number;
  readonly last: number;
  /** From the axis to the line of its words. */
  readonly dropPx: number;
}

/** The first label begins at the edge, so that its words are not cut off. recharts fills in place and value. */
function XTick({ format, first, last, dropPx, x, y, payload }: XTickProps): JSX.Element {
  const value = payload?.value ?? 0;
  const anchor = value === first ? 'start' : value === last ? 'end' : 'middle';
  return (
    <text x={x} y={(y ?? 0) + dropPx} className="recharts-cartesian-axis-tick-value" textAnchor={anchor}>
      {format(value)}
    </text>
  );
}

/** In one line: recharts' own breaks where it takes the words for wider than the axis. */
function YTick({ format, x, y, payload }: TickProps): JSX.Element {
  return (
    <text x={x} y={y} dy="0.355em" className="recharts-cartesian-axis-tick-value">
      {format(payload?.value ?? 0)}
    </text>
  );
}

type Row = Record<string, number>;

function barRows(bars: ChartBars): Row[] {
  return bars.rows.map((row) => ({
    x: row.x,
    ...Object.fromEntries(bars.stacks.map((stack, i) => [stack.id, row.values[i] ?? 0])),
  }));
}

function lastBefore(points: readonly ChartPoint[], x: number): ChartPoint | null {
  return points.findLast((point) => point.x <= x) ?? null;
}
