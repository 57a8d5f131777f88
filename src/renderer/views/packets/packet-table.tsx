import { memo, useMemo } from 'react';
import type { JSX, KeyboardEvent, ReactNode } from 'react';
import { isCut, receiverOf, senderOf, type PacketRow } from '#shared/contract/packet.ts';
import { lossMeaning, lossPlaceWords } from '#shared/run-view/loss-words.ts';
import type { LossView } from '#shared/run-view/run-view.ts';
import { counted, formatCount } from '#shared/base/text/counted.ts';
import { formatBytes, formatClockMs } from '#renderer/components/words/format.ts';
import { Icon } from '#renderer/components/icon.tsx';
import { ProtocolMark } from '#renderer/components/protocol-mark.tsx';
import { VirtualTable } from '#renderer/components/table/virtual-table.tsx';
import type { Folding } from './messages/fold-button.tsx';
import { columnsFor, type TableRoom } from './packet-columns.ts';
import type { PacketList } from './packet-list.ts';
import { noteWords } from './detail/packet-note.ts';

/** Silences of this length are highlighted: people look for them. */
const longGapMs = 5_000;

interface PacketTableProps {
  readonly list: PacketList;
  readonly selectedId: number | null;
  /** Row of the loss that the user jumped to; -1: none. */
  readonly lossIndex: number;
  /** How much room there is for columns. */
  readonly room: TableRoom;
  readonly rowHeightPx: number;
  /** The filter uses `gap`, so the column shows the gap as the filter defines it. */
  readonly linkGaps: boolean;
  readonly folding: Folding;
  readonly follow: boolean;
  readonly onScrollAway: () => void;
  readonly onSelect: (row: PacketRow) => void;
  readonly onLoadOlder: () => void;
  /** Shown instead of rows when no packet matches. */
  readonly nothing: ReactNode;
  readonly onKeyDown: (event: KeyboardEvent) => void;
}

export function PacketTable(props: PacketTableProps): JSX.Element {
  const { list, linkGaps, folding } = props;
  const { widthPx, typePx } = props.room;
  const { columns, bare } = useMemo(() => columnsFor({ widthPx, typePx }, linkGaps), [widthPx, typePx, linkGaps]);
  const shown = useMemo(() => new Set(columns.map(({ id }) => id)), [columns]);
  return (
    <VirtualTable
      label="Packets"
      columns={columns}
      count={list.rowCount}
      rowHeightPx={props.rowHeightPx}
      selected={props.selectedId === null ? props.lossIndex : list.indexOfId(props.selectedId)}
      follow={props.follow}
      onScrollAway={props.onScrollAway}
      shift={list.shift}
      onSelect={(index) => {
        const row = list.at(index);
        if (row !== undefined) props.onSelect(row);
      }}
      onKeyDown={props.onKeyDown}
      {...(list.notHeld > 0 || list.olderCount > 0
        ? { head: <OlderRow list={list} onLoad={props.onLoadOlder} /> }
        : {})}
      empty={
        list.busy
          ? 'Filtering …'
          : list.heldCount === 0
            ? 'No packets yet: they appear here as soon as the run sends the first one.'
            : props.nothing
      }
      rowClass={(index) => rowClass(list, index)}
      row={(index) => {
        const loss = list.lossAt(index);
        if (loss !== undefined) return <LossCell loss={loss} columns={columns.length} />;
        const row = list.at(index);
        const chunks = folding.on && row !== undefined ? list.chunksOf(row) : undefined;
        return (
          <Cells
            row={row}
            gap={gapAt(list, index, linkGaps)}
            shown={shown}
            bare={bare}
            chunks={chunks?.chunks ?? 0}
            bytes={chunks?.bytes ?? 0}
            isOpen={row !== undefined && folding.opened.includes(row.messageId)}
            onToggle={folding.toggle}
          />
        );
      }}
    />
  );
}

function gapAt(list: PacketList, index: number, linkGaps: boolean): number | null {
  if (linkGaps) return list.at(index)?.gapMs ?? null;
  const before = list.at(index - 1);
  const row = list.at(index);
  return index === 0 || before === undefined || row === undefined ? null : Math.max(0, row.at - before.at);
}

function rowClass(list: PacketList, index: number): string {
  const row = list.at(index);
  if (list.lossAt(index) !== undefined) return 'lost';
  return row === undefined || row.status === 'ok' ? '' : row.status === 'duplicate' ? 'dim' : 'bad';
}

interface CellsProps {
  readonly row: PacketRow | undefined;
  readonly gap: number | null;
  /** Ids of the columns. */
  readonly shown: ReadonlySet<string>;
  /** Protocols have their glyph alone. */
  readonly bare: boolean;
  /** Chunks that are folded into this row, and their bytes. */
  readonly chunks: number;
  readonly bytes: number;
  readonly isOpen: boolean;
  readonly onToggle: (messageId: string) => void;
}

/** One row. Packets never change, so a row that stays in view is not rendered again. */
const Cells = memo(function Cells(props: CellsProps): JSX.Element {
  const { row, gap, shown, bare, chunks, bytes } = props;
  if (row === undefined) return <span role="gridcell" />;
  const isLong = gap !== null && gap >= longGapMs;
  return (
    <>
      <span role="gridcell" className="data">
        {formatClockMs(row.at)}
      </span>
      <span role="gridcell" className={`num${gap === null ? ' t3' : ''}${isLong ? ' gapx' : ''}`}>
        {gap === null ? '–' : formatGap(gap)}
      </span>
      <span
        role="gridcell"
        className="dir"
        title={row.direction === 'up' ? 'up, to the coordinator' : 'down, to the participant'}
      >
        <Icon name={row.direction} as="small" />
        <span className="vh">{row.direction}</span>
      </span>
      {!shown.has('protocol') ? null : (
        <span role="gridcell" title={row.protocol}>
          <ProtocolMark protocol={row.protocol} bare={bare} />
        </span>
      )}
      <span role="gridcell" title={`${senderOf(row)}, ${row.side} as ${row.source} saw it`}>
        {senderOf(row)}
        {!shown.has('protocol') ? null : <Side row={row} />}
      </span>
      {!shown.has('to') ? null : (
        <span role="gridcell" title={receiverOf(row)}>
          {receiverOf(row)}
        </span>
      )}
      {!shown.has('round') ? null : (
        <span role="gridcell" className="num">
          {row.round === 0 ? <span className="t3">–</span> : row.round}
        </span>
      )}
      <span role="gridcell" title={noteWords(row)}>
        {chunks === 0 ? null : <Opener {...props} row={row} />}
        {row.kind}
      </span>
      {!shown.has('chunk') ? null : (
        <span role="gridcell" className="num">
          {chunks === 0 ? row.chunk : String(chunks)}
        </span>
      )}
      <span role="gridcell" className="num" title={chunks === 0 ? '' : `The message with ${counted(chunks, 'chunk')}`}>
        {row.sizeBytes === 0 ? <span className="t3">–</span> : formatBytes(row.sizeBytes + bytes)}
      </span>
      {!shown.has('stream') ? null : (
        <span role="gridcell" className="num data tail" title={row.stream}>
          <bdi>{row.stream}</bdi>
        </span>
      )}
      <span role="gridcell">
        <Status row={row} />
      </span>
    </>
  );
});

/** Shows or hides the chunks of a message. */
function Opener({ row, chunks, isOpen, onToggle }: CellsProps & { readonly row: PacketRow }): JSX.Element {
  const words = `${isOpen ? 'Hide' : 'Show'} ${counted(chunks, 'chunk')} of this message`;
  return (
    <button
      type="button"
      className="opener"
      aria-expanded={isOpen}
      aria-label={words}
      title={words}
      tabIndex={-1}
      // The row takes the press, and would open the packet.
      onPointerDown={(event) => event.stopPropagation()}
      onClick={(event) => {
        event.stopPropagation();
        onToggle(row.messageId);
      }}
    >
      {isOpen ? '▾' : '▸'}
    </button>
  );
}

/** A place where packets are missing: how many, of which process, and why. */
function LossCell({ loss, columns }: { readonly loss: LossView; readonly columns: number }): JSX.Element {
  return (
    <span role="gridcell" className="whole" aria-colspan={columns} title={lossMeaning(loss)}>
      <Icon name="warn" as="small" />
      {lossPlaceWords(loss)}
      <span className="t3 data">
        {formatClockMs(loss.from)}
        {loss.to - loss.from >= 1 ? ` to ${formatClockMs(loss.to)}` : ''}
      </span>
    </span>
  );
}

function Side({ row }: { readonly row: PacketRow }): JSX.Element {
  return <span className="t3"> {row.side === 'sent' ? 'sent' : 'rcvd'}</span>;
}

function Status({ row }: { readonly row: PacketRow }): JSX.Element {
  if (row.status === 'duplicate') return <span className="t2">duplicate</span>;
  if (row.status !== 'ok')
    return (
      <span className="stl">
        <Icon name="stop" as="small" />
        {row.status === 'undeliverable' ? 'undelivered' : row.status}
      </span>
    );
  if (isCut(row))
    return (
      <span className="cut" title={`${formatCount(row.bodyBytes)} B; the recording keeps the first 4,096`}>
        <Icon name="cut" as="small" />
        cut to 4 kB
      </span>
    );
  return <span className="t2">ok</span>;
}

function OlderRow({ list, onLoad }: { readonly list: PacketList; readonly onLoad: () => void }): JSX.Element {
  const { older } = list;
  if (older.kind === 'complete') return <span className="t3">the first matching packet of the recording</span>;
  if (older.kind === 'full')
    return (
      <span className="t3">
        {formatCount(list.olderCount)} older packets are shown; narrow the filter or the time to see earlier ones
      </span>
    );
  return (
    <>
      <span className="t2">{formatCount(list.notHeld)} older packets are in the recording only</span>
      <button type="button" className="btn sm" disabled={older.kind === 'loading'} onClick={onLoad}>
        {older.kind === 'loading' ? 'Loading …' : 'Load the 1,000 before these'}
      </button>
      {older.kind === 'failed' ? <span className="wrn">{older.message}</span> : null}
    </>
  );
}

/** `418 ms`, `2.99 s`, `0.4 ms`: three figures. */
export function formatGap(ms: number): string {
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(2)} s`;
  return `${(ms / 60_000).toFixed(1)} min`;
}
