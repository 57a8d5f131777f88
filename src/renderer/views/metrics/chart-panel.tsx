import type { JSX, ReactNode } from 'react';
import { formatCount } from '#shared/base/text/counted.ts';

export interface LegendItem {
  readonly id: string;
  readonly mark: ReactNode;
  readonly label: string;
  /** The legend is the readout: the value under the crosshair, else the latest. */
  readonly value: string;
}

interface ChartPanelProps {
  readonly title: string;
  readonly unit: string;
  readonly shown?: { readonly points: number; readonly of: number; readonly what?: string };
  readonly legend: readonly LegendItem[];
  readonly children: ReactNode;
}

export function ChartPanel({ title, unit, shown, legend, children }: ChartPanelProps): JSX.Element {
  return (
    <section className="panel mc" aria-label={title}>
      <div className="mh">
        <h3>{title}</h3>
        <span className="t3">{unit}</span>
        {shown === undefined ? null : (
          <span className="end pts">
            {formatCount(shown.points)} of {formatCount(shown.of)} {shown.what ?? 'points'} shown
          </span>
        )}
      </div>
      <div className="ml">
        {legend.map((item) => (
          <span key={item.id}>
            {item.mark}
            {item.label} <b>{item.value}</b>
          </span>
        ))}
      </div>
      {children}
    </section>
  );
}

export function LineMark({
  color,
  dash,
  width = 2,
}: {
  readonly color: string;
  readonly dash?: 'dashed' | 'dotted';
  readonly width?: number;
}): JSX.Element {
  return <i className="lk" style={{ borderTop: `${width}px ${dash ?? 'solid'} ${color}` }} />;
}

export function BoxMark({ color, striped }: { readonly color: string; readonly striped?: boolean }): JSX.Element {
  return (
    <i
      className="bx"
      style={{
        background:
          striped === true ? `repeating-linear-gradient(0deg, ${color} 0 1.5px, transparent 1.5px 4px)` : color,
      }}
    />
  );
}

/** Shown in place of a plot that has nothing yet: what it waits for. */
export function NoPoints({ children }: { readonly children: ReactNode }): JSX.Element {
  return <div className="mn">{children}</div>;
}
