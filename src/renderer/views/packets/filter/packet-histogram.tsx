import { useEffect, useMemo, useState } from 'react';
import type { JSX } from 'react';
import { protocols } from '#shared/contract/protocols.ts';
import { everything } from '#shared/filter/filter-expression.ts';
import type { FilterExpression } from '#shared/filter/filter-expression.ts';
import { formatCount } from '#shared/base/text/counted.ts';
import { formatClock, formatSeconds } from '#renderer/components/words/format.ts';
import { Histogram } from '#renderer/components/charts/histogram.tsx';
import type { Span } from '#renderer/components/charts/histogram.tsx';
import { Icon } from '#renderer/components/icon.tsx';
import { ProtocolMark } from '#renderer/components/protocol-mark.tsx';
import { useNow, useRunView, useSession } from '#renderer/session/hooks.ts';
import { protocolColors } from '#renderer/theme/protocols.ts';
import { PacketBins } from './packet-bins.ts';
import type { TimeRange } from '../packet-index.ts';

const barsMax = 240;
/** Bars change at most this often: more is flicker. */
const redrawMs = 250;
const spanMsMin = 2_000;

const nothing: FilterExpression = { kind: 'or', terms: [] };

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
  readonly filter: FilterExpression;
  readonly range: TimeRange | null;
  readonly onRange: (range: TimeRange | null) => void;
}): JSX.Element {
  const isFiltered = !(filter.kind === 'and' && filter.terms.length === 0);
  const all = useBins(everything);
  const filtered = useBins(isFiltered ? filter : nothing);
  const bins = isFiltered ? filtered : all;
  const now = useNow(1000);
  const endedAt = useRunView((view) => view.endedAt);
  const rounds = useRunView((view) => view.rounds);
  const [zoom, setZoom] = useState<Span | null>(null);
  const blank = all.to === 0;
  const until = endedAt ?? (blank ? 0 : now);
  const whole = { from: all.from, to: Math.max(all.to, until, all.from + 10_000) };
  const span = zoom ?? whole;
  const { bins: shown, binMs } = bins.view(span.from, span.to, barsMax);
  const present = all.protocols();
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
      <NotCounted isFiltered={isFiltered} />
    </section>
  );
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
function NotCounted({ isFiltered }: { readonly isFiltered: boolean }): JSX.Element | null {
  const session = useSession();
  const held = session.packets();
  // All packets were counted as they came; those that pass a filter can only be looked for among what is held.
  const notHeld = isFiltered ? held.first : 0;
  if (held.skipped === 0 && notHeld === 0) return null;
  return (
    <div className="h-note">
      {[
        ...(held.skipped === 0 ? [] : [`${formatCount(held.skipped)} packets skipped by this screen`]),
        ...(notHeld === 0 ? [] : [`${formatCount(notHeld)} older packets that are in the recording only`]),
      ].join(' and ')}{' '}
      are not in the bars
    </div>
  );
}

/** Rows looked at in one go, so that a filter typed over a long run costs no frame. */
const rowsPerSlice = 20_000;

function useBins(filter: FilterExpression): PacketBins {
  const session = useSession();
  const bins = useMemo(() => new PacketBins(filter), [filter]);
  const [, redraw] = useState(0);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const update = (): void => {
      const isAll = bins.advance(session.packets(), rowsPerSlice);
      timer = isAll ? undefined : setTimeout(update, 0);
      redraw((count) => count + 1);
    };
    update();
    const unsubscribe = session.subscribePackets(() => void (timer ??= setTimeout(update, redrawMs)));
    return () => {
      unsubscribe();
      clearTimeout(timer);
    };
  }, [session, bins]);
  return bins;
}
