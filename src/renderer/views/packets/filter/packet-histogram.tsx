import { useEffect, useMemo, useRef, useState } from 'react';
import type { JSX } from 'react';
import { protocols } from '#shared/contract/protocols.ts';
import { formatCount } from '#shared/base/text/counted.ts';
import { formatClock, formatSeconds } from '#renderer/components/words/format.ts';
import { Histogram } from '#renderer/components/charts/histogram.tsx';
import type { Span } from '#renderer/components/charts/histogram.tsx';
import { Icon } from '#renderer/components/icon.tsx';
import { ProtocolMark } from '#renderer/components/protocol-mark.tsx';
import { useNow, useRunView } from '#renderer/session/hooks.ts';
import { protocolColors } from '#renderer/theme/protocols.ts';
import type { TimeRange } from '../packet-index.ts';
import type { FilterState } from './use-filter.ts';
import { useTally, type Tally, type TallyState } from './use-tally.ts';

const barsMax = 240;
/** Before the first answer. */
const noBars = { from: 0, to: 10_000, bins: [], binMs: 1000 } as const;
const spanMsMin = 2_000;

/** What the button without a pointer selects: as much as one looks back over when something has just happened. */
const lastMs = 10_000;

/**
 * Packets per second by protocol, from the first one to now, so that a silence is seen; those that pass the filter. A
 * stretch of it can be selected for the table.
 */
export function PacketHistogram({
  filter,
  range,
  onRange,
}: {
  readonly filter: FilterState['shown'];
  readonly range: TimeRange | null;
  readonly onRange: (range: TimeRange | null) => void;
}): JSX.Element {
  const isFiltered = !(filter.expression.kind === 'and' && filter.expression.terms.length === 0);
  const now = useNow(1000);
  const endedAt = useRunView((view) => view.endedAt);
  const rounds = useRunView((view) => view.rounds);
  const [zoom, setZoom] = useState<Span | null>(null);
  const counted = useTally({ filter: filter.text, bars: { ...(zoom ?? { to: endedAt ?? now }), count: barsMax } });
  const { tally } = counted;
  const blank = tally === null || tally.firstAt === null;
  const { bins: shown, binMs, ...told } = tally?.bars ?? noBars;
  const span = zoom ?? told;
  const whole = useWhole(zoom === null && !blank ? told : null);
  const present = protocols.filter((_, p) => shown.some(({ counts }) => counts[p] !== 0));
  const marks = useMemo(
    () => (rounds ?? []).map((round) => ({ at: round.startedAt, label: `round ${round.round}` })),
    [rounds],
  );
  const onZoom = (next: Span): void => {
    const from = Math.max(whole.from, next.from);
    const to = Math.min(whole.to, next.to);
    if (to - from < spanMsMin) return;
    setZoom(to - from >= (whole.to - whole.from) * 0.99 ? null : { from, to });
  };
  return (
    <section className="panel p-hist" aria-label="Packets per second">
      <div className="h-head">
        <b>Packets per second{isFiltered && ' that match'}</b>
        {present.map((protocol) => (
          <ProtocolMark key={protocol} protocol={protocol} />
        ))}
        <span className="t3 w-lg">
          <i className="h-cutk" />
          bodies cut
        </span>
        {tally?.complete === false && (
          <span className="t3">counted from the newest back, {formatCount(tally.count)} so far</span>
        )}
        {!blank && <Selected range={range} zoomed={zoom !== null} onRange={onRange} onZoom={setZoom} end={whole.to} />}
      </div>
      <Histogram
        label={
          blank
            ? 'Packets per second, none yet'
            : `Packets per second, ${formatClock(span.from)} to ${formatClock(span.to)}`
        }
        blank={blank}
        span={span}
        binMs={binMs}
        bins={shown}
        series={present.map((protocol) => ({ index: protocols.indexOf(protocol), color: protocolColors[protocol] }))}
        marks={marks}
        selection={range}
        onSelect={onRange}
        onZoom={onZoom}
      />
      <NotCounted counted={counted} />
    </section>
  );
}

/** The time of all bars, also while a part of them is shown. */
function useWhole(told: Span | null): Span {
  const whole = useRef<Span>(noBars);
  useEffect(() => {
    if (told !== null) whole.current = told;
  });
  return told ?? whole.current;
}

interface SelectedProps {
  readonly range: TimeRange | null;
  readonly zoomed: boolean;
  readonly onRange: (range: TimeRange | null) => void;
  readonly onZoom: (span: Span | null) => void;
  /** Of the time that the bars show. */
  readonly end: number;
}

/** What of the time is selected, and the ways out. */
function Selected({ range, zoomed, onRange, onZoom, end }: SelectedProps): JSX.Element {
  return (
    <span className="hs">
      {range === null ? (
        <>
          <span className="t3 w-lg">drag to select, wheel to zoom</span>
          {/* By keyboard: what it selects has handles that arrows move. */}
          <button
            type="button"
            className="btn ghost sm"
            title="Select the last 10 s; arrow keys move both ends"
            onClick={() => onRange({ from: end - lastMs, to: end })}
          >
            Last 10 s
          </button>
        </>
      ) : (
        <>
          <span>
            selected{' '}
            <b>
              {formatClock(range.from)} to {formatClock(range.to)}
            </b>
            , {formatSeconds(range.to - range.from)}
          </span>
          <button type="button" className="btn ghost sm" onClick={() => onZoom(widened(range))}>
            Zoom in
          </button>
          <button
            type="button"
            className="btn ghost sm"
            aria-label="Clear the selected time"
            onClick={() => onRange(null)}
          >
            <Icon name="close" as="small" />
          </button>
        </>
      )}
      {!zoomed ? null : (
        <button type="button" className="btn ghost sm" onClick={() => onZoom(null)}>
          Whole run
        </button>
      )}
    </span>
  );
}

/** A tenth more on either side, so that both handles can be seen. */
function widened(range: TimeRange): Span {
  const air = (range.to - range.from) * 0.1;
  return { from: range.from - air, to: range.to + air };
}

/** What the bars leave out is said beside them. */
function NotCounted({ counted: { tally, error } }: { readonly counted: TallyState }): JSX.Element | null {
  const words = tally === null ? [] : leftOut(tally);
  if (error !== null) words.push(`Packets cannot be counted now: ${error.message}`);
  return words.length === 0 ? null : <div className="h-note">{words.join(' ')}</div>;
}

function leftOut({ unrecorded }: Tally): string[] {
  return [
    ...(unrecorded === 0
      ? []
      : [`${formatCount(unrecorded)} older packets of this run, which is not recorded, are not in the bars.`]),
  ];
}
