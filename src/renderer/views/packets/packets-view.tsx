import { useCallback, useEffect, useMemo, useState, useSyncExternalStore } from 'react';
import type { JSX, KeyboardEvent } from 'react';
import { spawn } from '#shared/base/spawn.ts';
import type { PacketRow } from '#shared/contract/packet.ts';
import type { KnownValues } from '#shared/filter/complete-filter.ts';
import { fieldsOf } from '#shared/filter/filter-expression.ts';
import { formatCount } from '#shared/base/text/counted.ts';
import { Icon } from '#renderer/components/icon.tsx';
import { useTokenPx } from '#renderer/components/hooks/use-media.ts';
import { useSize } from '#renderer/components/hooks/use-size.ts';
import { useRunView, useSession } from '#renderer/session/hooks.ts';
import { navigate, usePlace } from '#renderer/session/navigation.ts';
import { FilterBox } from './filter/filter-box.tsx';
import { knownValues } from './filter/known-values.ts';
import { NoMatch } from './no-match.tsx';
import { useLossTour } from './loss-tour.ts';
import { useShowsRecording } from '#renderer/session/recordings/recordings.ts';
import { move, usePacketCommands } from './packet-commands.ts';
import { PacketDetailPane } from './detail/packet-detail.tsx';
import { PacketHistogram } from './filter/packet-histogram.tsx';
import type { TimeRange } from './packet-index.ts';
import { PacketCounts } from './packet-counts.tsx';
import { PacketListStore } from './packet-list.ts';
import type { PacketList } from './packet-list.ts';
import { FoldButton, useFolding, type Folding } from './messages/fold-button.tsx';
import { PacketTable } from './packet-table.tsx';
import { SavedMenu } from './filter/saved-menu.tsx';
import { useFilter, type FilterState } from './filter/use-filter.ts';
import './packets.css';

export function PacketsView(): JSX.Element {
  const { packet } = usePlace();
  const filter = useFilter();
  const [range, setRange] = useState<TimeRange | null>(null);
  // Live holds for the packet that was open when it was pressed: another one, such as evidence opened from outside,
  // releases it, or the newest rows would scroll it away.
  const [liveAt, setLiveAt] = useState<{ readonly packet: number | null } | null>(
    packet === null ? { packet: null } : null,
  );
  const live = liveAt !== null && liveAt.packet === packet;
  const setLive = useCallback((on: boolean) => setLiveAt(on ? { packet } : null), [packet]);
  const folding = useFolding(filter.shown);
  const { store, list } = usePacketList(folding.shown, range);
  const release = useCallback(() => setLiveAt(null), []);
  const linkGaps = useMemo(() => fieldsOf(filter.shown.expression).has('gap'), [filter.shown]);
  const known = useKnown();
  const open = useCallback((id: number | null) => navigate({ packet: id }), []);
  const select = useCallback((id: number) => (release(), open(id)), [release, open]);
  const tour = useLossTour(list, release);
  const recording = useShowsRecording();
  usePacketCommands({ paused: list.paused, recording, packet, select, open, setLive, store });
  const { ref, size } = useSize<HTMLElement>();
  const typePx = useTokenPx('--fs-small');
  const rowHeightPx = useTokenPx('--row-h-dense');
  const index = packet === null ? -1 : list.indexOfId(packet);
  return (
    <main className={`v-packets${packet === null ? '' : ' open'}`}>
      <section className="panel p-filter" aria-label="Filter">
        <FilterBox text={filter.text} error={filter.error} known={known} onChange={filter.set} onDone={focusTable} />
        <FoldButton folding={folding} />
        <SavedMenu text={filter.text} valid={filter.error === null} onPick={filter.set} />
        <LiveButtons list={list} live={live} onLive={setLive} onPause={(paused) => store.setPaused(paused)} />
      </section>
      <PacketHistogram filter={filter.shown} range={range} onRange={setRange} />
      <section className="panel p-table" aria-label="Packets" ref={ref}>
        <PacketTable
          list={list}
          selectedId={packet}
          lossIndex={packet === null ? tour.index : -1}
          room={{ widthPx: size.width, typePx }}
          rowHeightPx={rowHeightPx}
          linkGaps={linkGaps}
          folding={folding}
          follow={live && !list.paused}
          onScrollAway={release}
          onSelect={(row) => select(row.id)}
          nothing={<NoMatch filter={filter} range={range} known={known} onRange={setRange} />}
          onLoadOlder={() => spawn('loading older packets', store.loadOlder())}
          onKeyDown={(event) =>
            onFoldKey(event, list.at(index), folding) || onTableKey(event, list, index, select, setLive)
          }
        />
        <PacketCounts list={list} filter={folding.shown.text} range={range} onLoss={tour.next} />
      </section>
      {packet === null ? null : (
        <PacketDetailPane
          id={packet}
          row={index < 0 ? undefined : list.at(index)}
          filter={filter.text}
          onFollow={filter.set}
          onClose={() => (open(null), focusTable())}
        />
      )}
    </main>
  );
}

/** The rows of a filter within a span of time. */
function usePacketList(
  shown: FilterState['shown'],
  range: TimeRange | null,
): { readonly store: PacketListStore; readonly list: PacketList } {
  const session = useSession();
  const store = useMemo(() => new PacketListStore(session), [session]);
  const list = useSyncExternalStore(store.subscribe, store.list);
  useEffect(() => store.setFilter(shown.expression, shown.text), [store, shown]);
  useEffect(() => store.setRange(range), [store, range]);
  return { store, list };
}

function focusTable(): void {
  document.querySelector<HTMLElement>('.v-packets .vt')?.focus();
}

function LiveButtons(props: {
  readonly list: PacketList;
  readonly live: boolean;
  readonly onLive: (live: boolean) => void;
  readonly onPause: (paused: boolean) => void;
}): JSX.Element {
  const { list, live } = props;
  const recording = useShowsRecording();
  return (
    <>
      <button
        type="button"
        className="btn"
        aria-pressed={live && !list.paused}
        disabled={list.paused}
        title="Keep the newest packet in sight (End)"
        onClick={() => props.onLive(!live)}
      >
        <Icon name="down" as="small" />
        {recording ? 'Newest' : 'Live'}
      </button>
      {!recording && (
        <button
          type="button"
          className="btn b-pause"
          aria-pressed={list.paused}
          onClick={() => props.onPause(!list.paused)}
        >
          <Icon name={list.paused ? 'demo' : 'pause'} />
          {list.paused ? `Paused, ${formatCount(list.arrived)} came` : 'Pause'} <span className="key w-lg">Space</span>
        </button>
      )}
    </>
  );
}

/** As in a tree: right opens the message of the row, left closes it. */
function onFoldKey(event: KeyboardEvent, row: PacketRow | undefined, { on, opened, toggle }: Folding): boolean {
  if (!on || row === undefined || row.messageId === '') return false;
  const isOpen = opened.includes(row.messageId);
  if (event.key !== (isOpen ? 'ArrowLeft' : 'ArrowRight')) return false;
  event.preventDefault();
  toggle(row.messageId);
  return true;
}

function onTableKey(
  event: KeyboardEvent,
  list: PacketList,
  index: number,
  select: (id: number) => void,
  setLive: (live: boolean) => void,
): void {
  if (event.key === 'End') {
    event.preventDefault();
    setLive(true);
    return;
  }
  const page = 20;
  const steps: Readonly<Record<string, number>> = {
    ArrowDown: 1,
    ArrowUp: -1,
    PageDown: page,
    PageUp: -page,
    Home: -list.rowCount,
  };
  const step = steps[event.key];
  if (step === undefined) return;
  event.preventDefault();
  move(list, index, step, select);
}

function useKnown(): () => KnownValues {
  const session = useSession();
  const participants = useRunView((view) => view.participants);
  const rounds = useRunView((view) => view.rounds.length) ?? 0;
  return useCallback(() => knownValues(session.packets(), participants ?? [], rounds), [session, participants, rounds]);
}
