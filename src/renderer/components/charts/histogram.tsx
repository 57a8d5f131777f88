import { useRef, useState } from 'react';
import type { JSX, KeyboardEvent, PointerEvent, ReactNode, WheelEvent } from 'react';
import { niceTop, ticksOf, timeStep } from './axis.ts';
import { formatClock, formatClockMs } from '../words/format.ts';
import { useSize } from '../hooks/use-size.ts';

export interface Span {
  readonly from: number;
  readonly to: number;
}

interface HistogramProps {
  readonly label: string;
  readonly span: Span;
  readonly binMs: number;
  readonly bins: readonly { readonly at: number; readonly counts: readonly number[]; readonly cut: number }[];
  /** Colors by index of `counts`, bottom first. */
  readonly series: readonly { readonly index: number; readonly color: string }[];
  readonly marks: readonly { readonly at: number; readonly label: string }[];
  readonly selection: Span | null;
  readonly onSelect: (span: Span | null) => void;
  readonly onZoom: (span: Span) => void;
  readonly note?: ReactNode;
  /** Nothing has a time yet: there is none to show or to select. */
  readonly blank?: boolean;
}

/** Stacked bars over wall time. Dragging selects, the wheel zooms at the pointer, the handles also take arrow keys. */
export function Histogram(props: HistogramProps): JSX.Element {
  const { span, selection } = props;
  const { ref, size } = useSize<HTMLDivElement>();
  const width = span.to - span.from;
  const place = (at: number): number => ((at - span.from) / width) * 100;
  const timeAt = (event: { readonly clientX: number }): number => {
    const box = ref.current?.getBoundingClientRect();
    if (box === undefined || box.width === 0) return span.from;
    return span.from + Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)) * width;
  };
  const { drag, ...pointer } = useDrag(timeAt, width, props.onSelect);
  const onWheel = (event: WheelEvent): void => {
    if (event.deltaY === 0) return;
    const at = timeAt(event);
    const factor = event.deltaY > 0 ? 1.25 : 0.8;
    props.onZoom({ from: at - (at - span.from) * factor, to: at + (span.to - at) * factor });
  };
  const top = niceTop(
    Math.max(1, ...props.bins.map((bin) => bin.counts.reduce((sum, count) => sum + count, 0))) * (1000 / props.binMs),
  );
  const shown = drag ?? selection;
  const step = timeStep(width, Math.max(2, size.width / 110));
  const marks = thinned(props.marks, (mark) => (place(mark.at) / 100) * size.width, 56);
  return (
    <div
      className="h-plot"
      ref={ref}
      role="group"
      aria-label={props.label}
      {...(props.blank ? {} : { ...pointer, onWheel })}
    >
      <Bars {...props} top={top} />
      {[top, top / 2, 0].map((value, i) => (
        <span key={i} className="yl2" style={{ top: `${i * 50}%` }}>
          {i === 0 ? `${round(value)}/s` : round(value)}
        </span>
      ))}
      <div className="h-r">
        {marks.map((mark) => (
          <span key={`${mark.label}-${mark.at}`} style={{ left: `${place(mark.at)}%` }}>
            {(place(mark.at) / 100) * size.width > size.width - 56 ? '' : mark.label}
          </span>
        ))}
      </div>
      <div className="h-ax">
        {(props.blank ? [] : ticksOf(span.from, span.to, step)).map((at) =>
          place(at) > 2 && place(at) < 98 ? (
            <span key={at} style={{ left: `${place(at)}%` }}>
              {step < 1000 ? formatClockMs(at) : formatClock(at)}
            </span>
          ) : null,
        )}
      </div>
      {shown === null ? null : <Selection {...props} shown={shown} dragging={drag !== null} />}
    </div>
  );
}

interface Drag {
  readonly drag: Span | null;
  readonly onPointerDown: (event: PointerEvent) => void;
  readonly onPointerMove: (event: PointerEvent) => void;
  readonly onPointerUp: () => void;
}

/** Drags that are no wider than this share of the plot are clicks, which clear the selection. */
const clickShare = 0.004;

function useDrag(timeAt: (event: PointerEvent) => number, width: number, onSelect: (span: Span | null) => void): Drag {
  const [drag, setDrag] = useState<Span | null>(null);
  const anchor = useRef<number | null>(null);
  return {
    drag,
    onPointerDown: (event) => {
      if (event.button !== 0 || (event.target as Element).closest('[role=slider]') !== null) return;
      anchor.current = timeAt(event);
      event.currentTarget.setPointerCapture(event.pointerId);
    },
    onPointerMove: (event) => {
      if (anchor.current === null) return;
      const at = timeAt(event);
      setDrag({ from: Math.min(anchor.current, at), to: Math.max(anchor.current, at) });
    },
    onPointerUp: () => {
      if (anchor.current === null) return;
      anchor.current = null;
      onSelect(drag !== null && (drag.to - drag.from) / width > clickShare ? drag : null);
      setDrag(null);
    },
  };
}

/** One path for each color: thousands of bars cost no more than a few. */
function Bars(props: HistogramProps & { readonly top: number }): JSX.Element {
  const { span, bins, binMs, series, selection } = props;
  const width = span.to - span.from;
  const unit = 1000 / binMs / props.top;
  const paths = series.map(() => ({ in: '', out: '' }));
  let cuts = '';
  for (const bin of bins) {
    let base = 0;
    if (bin.cut > 0)
      cuts += `M${(((bin.at - span.from) / width) * 1000).toFixed(2)} 103.5h${((binMs / width) * 920).toFixed(2)}`;
    const inside = selection === null || (bin.at + binMs > selection.from && bin.at < selection.to);
    series.forEach((one, s) => {
      const count = bin.counts[one.index] ?? 0;
      const path = paths[s];
      if (count === 0 || path === undefined) return;
      const x = ((bin.at - span.from) / width) * 1000;
      const w = (binMs / width) * 1000;
      const h = count * unit * 100;
      path[inside ? 'in' : 'out'] +=
        `M${(x + w * 0.08).toFixed(2)} ${(100 - base - h).toFixed(2)}h${(w * 0.84).toFixed(2)}v${h.toFixed(2)}h${(-w * 0.84).toFixed(2)}z`;
      base += h;
    });
  }
  return (
    <svg viewBox="0 0 1000 100" preserveAspectRatio="none" aria-hidden="true">
      <line className="gl" x1="0" x2="1000" y1="0" y2="0" />
      <line className="gl" x1="0" x2="1000" y1="50" y2="50" />
      <line className="gl" x1="0" x2="1000" y1="100" y2="100" />
      <path d={cuts} className="h-cut" />
      {series.map((one, s) => (
        <g key={one.index} style={{ fill: one.color }}>
          <path d={paths[s]?.in} />
          <path d={paths[s]?.out} opacity={0.42} />
        </g>
      ))}
    </svg>
  );
}

function Selection(props: HistogramProps & { readonly shown: Span; readonly dragging: boolean }): JSX.Element {
  const { span, shown } = props;
  const width = span.to - span.from;
  const percent = (at: number): number => Math.min(100, Math.max(0, ((at - span.from) / width) * 100));
  const left = percent(shown.from);
  const move = (end: 'from' | 'to', byMs: number): void => {
    const next = { ...shown, [end]: Math.min(span.to, Math.max(span.from, shown[end] + byMs)) };
    if (next.to - next.from >= props.binMs) props.onSelect(next);
  };
  const handle = (end: 'from' | 'to'): JSX.Element => (
    <span
      className={`h-hd ${end}`}
      role="slider"
      tabIndex={0}
      aria-label={end === 'from' ? 'Start of the selection' : 'End of the selection'}
      aria-valuemin={span.from}
      aria-valuemax={span.to}
      aria-valuenow={shown[end]}
      aria-valuetext={formatClock(shown[end])}
      onKeyDown={(event: KeyboardEvent) => {
        const step = event.key === 'ArrowLeft' ? -1 : event.key === 'ArrowRight' ? 1 : 0;
        if (step === 0) return;
        event.preventDefault();
        event.stopPropagation();
        move(end, step * props.binMs * (event.shiftKey ? 10 : 1));
      }}
      onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
      onPointerMove={(event) => {
        const box = event.currentTarget.closest('.h-plot')?.getBoundingClientRect();
        if (event.buttons !== 1 || box === undefined) return;
        move(end, span.from + ((event.clientX - box.left) / box.width) * width - shown[end]);
      }}
    />
  );
  return (
    <div className="h-sel" style={{ left: `${left}%`, width: `${percent(shown.to) - left}%` }}>
      {props.dragging ? <b>{`${formatClock(shown.from)} to ${formatClock(shown.to)}`}</b> : null}
      {handle('from')}
      {handle('to')}
    </div>
  );
}

function thinned<T>(items: readonly T[], x: (item: T) => number, apart: number): readonly T[] {
  const kept: T[] = [];
  let last = -Infinity;
  for (const item of items) {
    if (x(item) < 0 || x(item) - last < apart) continue;
    kept.push(item);
    last = x(item);
  }
  return kept;
}

function round(value: number): string {
  return value >= 10 || Number.isInteger(value) ? String(Math.round(value)) : value.toFixed(1);
}
