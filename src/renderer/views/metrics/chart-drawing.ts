import { limits } from '#shared/contract/limits.ts';
import type { RunView } from '#shared/run-view/run-view.ts';
import { countStep, niceStep, niceTop, ticksOf } from '#renderer/components/charts/axis.ts';
import { downSample } from '#renderer/components/charts/down-sample.ts';
import type { ChartAxis, ChartLine } from '#renderer/components/charts/line-chart.tsx';
import { roundsOnAxis } from '#renderer/session/run/planned.ts';
import { valueAt } from './metric-series.ts';
import type { Series, XAxis } from './metric-series.ts';

/** What every chart of the view is given. */
export interface ChartsInput {
  readonly view: RunView;
  readonly axis: XAxis;
  readonly x: ChartAxis;
  readonly showLocal: boolean;
  readonly cross: number | null;
  readonly onCross: (x: number | null) => void;
}

export interface Drawn {
  readonly lines: readonly ChartLine[];
  readonly points: number;
  readonly of: number;
  readonly top: number;
  /** The lowest value; 0 when none is negative. */
  readonly bottom: number;
}

export type Look = (series: Series) => Omit<ChartLine, 'id' | 'points'>;

export function draw(series: readonly Series[], look: Look): Drawn {
  let top = 0;
  let bottom = 0;
  const lines = series.map((one): ChartLine => {
    for (const { y } of one.points) {
      top = Math.max(top, y);
      bottom = Math.min(bottom, y);
    }
    return { id: one.id, ...look(one), points: downSample(one.points, limits.chartPointsMax) };
  });
  return {
    lines,
    points: lines.reduce((sum, line) => sum + line.points.length, 0),
    of: series.reduce((sum, one) => sum + one.points.length, 0),
    top,
    bottom,
  };
}

/** Values at the crosshair, or the latest. */
export function readings(series: readonly Series[], cross: number | null): readonly number[] {
  return series.flatMap((one) => valueAt(one.points, cross ?? Infinity) ?? []);
}

export function rangeText(values: readonly number[], format: (value: number) => string): string {
  if (values.length === 0) return '–';
  const [low, high] = [format(Math.min(...values)), format(Math.max(...values))];
  return low === high ? low : `${low.replace(/ %$/, '')} to ${high}`;
}

export function axisFrom0(top: number, format: (value: number) => string): ChartAxis {
  // A little air, so that the highest point does not lie on the edge.
  const end = niceTop(top * 1.03);
  return { domain: [0, end], ticks: [0, end / 2, end], format };
}

/** The x axis that all charts share. */
export function sharedX(view: RunView, axis: XAxis, now: number): ChartAxis {
  if (axis === 'round') {
    const end = roundsOnAxis(view);
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
