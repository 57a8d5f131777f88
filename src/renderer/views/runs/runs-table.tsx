import { useRef } from 'react';
import type { JSX, KeyboardEvent, ReactNode } from 'react';
import { nameOf, type LibraryRecording } from '#shared/contract/app/library.ts';
import { runStatusSchema } from '#shared/contract/messages.ts';
import { formatBytes, formatDuration, formatPercent } from '#renderer/components/words/format.ts';
import { Icon } from '#renderer/components/icon.tsx';
import { ProtocolMark } from '#renderer/components/protocol-mark.tsx';
import { endTag, formatDay, partWords } from '#renderer/components/words/run-words.ts';
import { useTokenPx } from '#renderer/components/hooks/use-media.ts';
import { useWidth } from '#renderer/components/hooks/use-width.ts';
import { VirtualTable, type Column } from '#renderer/components/table/virtual-table.tsx';
import { roundsDone } from '#renderer/session/run/planned.ts';
import { isCutOff, lengthMs, type Order, type SortKey } from './runs-order.ts';

interface RunsTableProps {
  readonly recordings: readonly LibraryRecording[];
  readonly selected: string | null;
  readonly order: Order;
  readonly now: number;
  readonly onOrder: (order: Order) => void;
  readonly onSelect: (path: string) => void;
  readonly onKeyDown: (event: KeyboardEvent) => void;
  readonly onOpen: (recording: LibraryRecording) => void;
  /** In place of the rows when there are none. */
  readonly nothing: ReactNode;
}

export function RunsTable(props: RunsTableProps): JSX.Element {
  const { recordings, selected, order, now } = props;
  const rowHeightPx = useTokenPx('--row-h') + 14;
  const root = useRef<HTMLDivElement>(null);
  const roomPx = (useWidth(root, 1000) * deskFontPx) / useTokenPx('--fs-small');
  const columns = columnsIn(roomPx).map((one) => ({
    ...one,
    label: <SortHead column={one} order={order} onOrder={props.onOrder} />,
  }));
  return (
    <div className="tab" ref={root}>
      <VirtualTable
        label="Recordings"
        columns={columns}
        count={recordings.length}
        rowHeightPx={rowHeightPx}
        selected={recordings.findIndex(({ path }) => path === selected)}
        follow={false}
        onScrollAway={() => undefined}
        shift={0}
        onSelect={(index) => {
          const one = recordings[index];
          if (one !== undefined) props.onSelect(one.path);
        }}
        onOpen={(index) => {
          const one = recordings[index];
          if (one !== undefined) props.onOpen(one);
        }}
        onKeyDown={props.onKeyDown}
        empty={props.nothing}
        rowClass={() => ''}
        row={(index) => {
          const one = recordings[index];
          return one === undefined ? null : <Cells recording={one} now={now} columns={columns} />;
        }}
      />
    </div>
  );
}

interface RunColumn extends Column {
  readonly id: SortKey | 'transport';
  readonly words: string;
  readonly atLeastPx: number;
}

/** Widths are given for the type of a desk, and grow with it. */
function column(
  id: RunColumn['id'],
  words: string,
  atLeastPx: number,
  more: 'takes the rest' | 'end' | '' = '',
): RunColumn {
  const width = `calc(var(--fs-small) * ${atLeastPx / deskFontPx})`;
  const align = more === 'end' ? { align: more } : {};
  return {
    id,
    words,
    label: '',
    atLeastPx,
    width: more === 'takes the rest' ? `minmax(${width}, 1fr)` : width,
    ...align,
  };
}

const deskFontPx = 12;
const gapPx = 8;
const allColumns: readonly RunColumn[] = [
  column('name', 'Name, id, note', 180, 'takes the rest'),
  column('when', 'When', 100),
  column('length', 'Length', 76, 'end'),
  column('rounds', 'Rounds', 60, 'end'),
  column('participants', 'Part.', 40, 'end'),
  column('transport', 'Transport', 132),
  column('accuracy', 'Accuracy', 64, 'end'),
  column('verdicts', 'Verdicts', 60, 'end'),
  column('size', 'Size', 60, 'end'),
];
/** What gives way where there is no room for all, in this order; the pane beside the table has it. */
const givesWay: readonly RunColumn['id'][] = ['participants', 'size', 'transport', 'length'];

/** Columns for which there is room in so many px of a desk. */
function columnsIn(roomPx: number): readonly RunColumn[] {
  let columns = allColumns;
  for (const next of givesWay) {
    const needsPx = columns.reduce((sum, { atLeastPx }) => sum + atLeastPx + gapPx, 4 * gapPx);
    if (needsPx <= roomPx) break;
    columns = columns.filter(({ id }) => id !== next);
  }
  return columns;
}

interface SortHeadProps {
  readonly column: RunColumn;
  readonly order: Order;
  readonly onOrder: (order: Order) => void;
}

function SortHead({ column: { id, words }, order, onOrder }: SortHeadProps): JSX.Element {
  if (id === 'transport') return <>{words}</>;
  const is = order.by === id;
  const next = is ? !order.descending : id !== 'name';
  return (
    <button
      type="button"
      className={is ? 'by' : ''}
      aria-label={`${words}${is ? `, sorted, ${order.descending ? 'largest first' : 'smallest first'}` : ''}: sort`}
      onClick={() => onOrder({ by: id, descending: next })}
    >
      {words}
      {is && (
        <span className={order.descending ? 'down' : 'up'}>
          <Icon name="chevron" as="small" />
        </span>
      )}
    </button>
  );
}

interface CellsProps {
  readonly recording: LibraryRecording;
  readonly now: number;
  readonly columns: readonly Column[];
}

function Cells({ recording, now, columns }: CellsProps): JSX.Element {
  const { startedAt, roundsCompleted, participants, accuracy, sizeBytes } = recording;
  const cells: { readonly [C in RunColumn['id']]: ReactNode } = {
    name: <NameCell recording={recording} />,
    when: formatDay(startedAt, now),
    length: formatDuration(lengthMs(recording)),
    rounds: roundsDone(roundsCompleted, recording),
    participants,
    transport: <Carried recording={recording} />,
    accuracy: accuracy === null ? '–' : formatPercent(accuracy),
    verdicts: <VerdictCount recording={recording} />,
    size: formatBytes(sizeBytes),
  };
  return (
    <>
      {columns.map(({ id, align }) => (
        <span key={id} role="gridcell" tabIndex={-1} className={align === 'end' ? 'num' : id}>
          {cells[id as RunColumn['id']]}
        </span>
      ))}
    </>
  );
}

function NameCell({ recording }: { readonly recording: LibraryRecording }): JSX.Element {
  const { run, notes } = recording;
  return (
    <span className="two-l nm">
      <span className="l1">
        {notes.pinned && (
          <>
            <Icon name="pin" as="small" />
            <span className="vh">pinned, </span>
          </>
        )}
        <b title={nameOf(recording)}>{nameOf(recording)}</b>
        <EndTag recording={recording} />
      </span>
      <small title={notes.note}>
        <span className="data">{run}</span>
        {noteLine(recording)}
      </small>
    </span>
  );
}

function Carried({ recording: { transports } }: { readonly recording: LibraryRecording }): JSX.Element {
  if (transports.length === 0) return <span className="t3">not told</span>;
  return (
    <span className="tr">
      {transports.map(({ transport, participants }) => (
        <span key={transport}>
          <ProtocolMark protocol={transport} bare /> {participants}
        </span>
      ))}
    </span>
  );
}

function VerdictCount({ recording: { verdicts } }: { readonly recording: LibraryRecording }): JSX.Element {
  if (verdicts === 0) return <span className="t3">0</span>;
  return (
    <span className="vd">
      <Icon name="stop" as="small" /> {verdicts}
    </span>
  );
}

/** How its run ended, where that is more than that it has come to its end. */
export function EndTag({ recording }: { readonly recording: LibraryRecording }): JSX.Element | null {
  const { status, left, goesOn } = recording;
  if (goesOn)
    return (
      <span className="tag stall">
        <span className="live" /> recording
      </span>
    );
  if (isCutOff(recording))
    return (
      <span className="tag warn">
        <Icon name="cut" /> cut off
      </span>
    );
  const known = runStatusSchema.safeParse(status);
  if (!known.success) return <span className="tag">{status}</span>;
  if (known.data === 'completed') return null;
  const { text, tone } = endTag({ status: known.data, left });
  return <span className={`tag ${tone}`}>{text}</span>;
}

function noteLine({ notes, chair, self }: LibraryRecording): string {
  const note = notes.note.split('\n')[0] ?? '';
  if (note !== '') return ` · ${note}`;
  return chair === null ? '' : ` · ${partWords(chair, self)}`;
}
