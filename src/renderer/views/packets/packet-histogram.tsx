import { useEffect, useMemo, useRef, useState } from 'react';
import type { JSX } from 'react';
import { protocols } from '#shared/contract/protocols.ts';
import { formatClock, formatCount, formatSeconds } from '#renderer/components/format.ts';
import { Histogram } from '#renderer/components/histogram.tsx';
import type { Span } from '#renderer/components/histogram.tsx';
import { Icon } from '#renderer/components/icon.tsx';
import { ProtocolMark } from '#renderer/components/protocol-mark.tsx';
import { useRunView, useSession } from '#renderer/session/hooks.ts';
import { protocolColors } from '#renderer/theme/protocols.ts';
import { PacketBins } from './packet-bins.ts';
import type { TimeRange } from './packet-index.ts';

const barsMax = 240;
/** Bars change at most this often: more is flicker. */
const redrawMs = 250;
const spanMsMin = 2_000;

/** Packets per second by protocol over the whole run; a stretch of it can be selected for the table. */
export function PacketHistogram({
  range,
  onRange,
}: {
  readonly range: TimeRange | null;
  readonly onRange: (range: TimeRange | null) => void;
}): JSX.Element {
  const bins = useBins();
  const rounds = useRunView((view) => view.rounds);
  const [zoom, setZoom] = useState<Span | null>(null);
  const whole = { from: bins.from, to: Math.max(bins.to, bins.from + 10_000) };
  const span = zoom ?? whole;
  const { bins: shown, binMs } = bins.view(span.from, span.to, barsMax);
  const present = bins.protocols();
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
        <b>Packets per second</b>
        {present.map((protocol) => (
          <ProtocolMark key={protocol} protocol={protocol} />
        ))}
        <span className="t3 w-lg">
          <i className="h-cutk" />
          bodies cut
        </span>
        <Selected range={range} zoomed={zoom !== null} onRange={onRange} onZoom={setZoom} />
      </div>
      <Histogram
        label={`Packets per second, ${formatClock(span.from)} to ${formatClock(span.to)}`}
        span={span}
        binMs={binMs}
        bins={shown}
        series={present.map((protocol) => ({ index: protocols.indexOf(protocol), color: protocolColors[protocol] }))}
        marks={marks}
        selection={range}
        onSelect={onRange}
        onZoom={onZoom}
      />
      <NotCounted />
    </section>
  );
}

interface SelectedProps {
  readonly range: TimeRange | null;
  readonly zoomed: boolean;
  readonly onRange: (range: TimeRange | null) => void;
  readonly onZoom: (span: Span | null) => void;
}

/** What of the time is selected, and the ways out. */
function Selected({ range, zoomed, onRange, onZoom }: SelectedProps): JSX.Element {
  return (
    <span className="hs">
      {range === null ? (
        <span className="t3 w-lg">drag to select, wheel to zoom</span>
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
function NotCounted(): JSX.Element | null {
  const session = useSession();
  const held = session.packets();
  if (held.skipped === 0) return null;
  return <div className="h-note">{formatCount(held.skipped)} packets skipped by this screen are not in the bars</div>;
}

function useBins(): PacketBins {
  const session = useSession();
  const bins = useRef<PacketBins>(undefined);
  bins.current ??= new PacketBins();
  const [, redraw] = useState(0);
  useEffect(() => {
    const own = bins.current;
    if (own === undefined) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const update = (): void => {
      timer = undefined;
      own.advance(session.packets());
      redraw((count) => count + 1);
    };
    update();
    const unsubscribe = session.subscribePackets(() => void (timer ??= setTimeout(update, redrawMs)));
    return () => {
      unsubscribe();
      clearTimeout(timer);
    };
  }, [session]);
  return bins.current;
}
