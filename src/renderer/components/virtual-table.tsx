import './virtual-table.css';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useLayoutEffect, useRef } from 'react';
import type { JSX, KeyboardEvent, ReactNode } from 'react';

export interface Column {
  readonly id: string;
  readonly label: ReactNode;
  /** Read out in place of a label that is empty. */
  readonly name?: string;
  readonly title?: string;
  /** CSS grid track. */
  readonly width: string;
  readonly align?: 'end';
}

interface VirtualTableProps {
  readonly label: string;
  readonly columns: readonly Column[];
  readonly count: number;
  readonly rowHeightPx: number;
  readonly selected: number;
  /** Sticks to the end as rows are added; any scrolling of the reader asks to stop. */
  readonly follow: boolean;
  readonly onScrollAway: () => void;
  /** Rows that went from the front, less those that came there: the reader's place moves along. */
  readonly shift: number;
  readonly onSelect: (index: number) => void;
  readonly onKeyDown?: (event: KeyboardEvent) => void;
  /** Stands above the first row and scrolls with it. */
  readonly head?: ReactNode;
  readonly empty?: ReactNode;
  readonly rowClass: (index: number) => string;
  /** One cell for each column. */
  readonly row: (index: number) => ReactNode;
}

/** Rows drawn beyond the edges, so that a fast wheel meets no blank; at the live end nobody turns the wheel. */
const overscanRows = 12;
const overscanLiveRows = 2;

/** A table of any length that holds only what is seen. Rows have one height; columns keep their width whatever comes. */
export function VirtualTable(props: VirtualTableProps): JSX.Element {
  const { columns, count, rowHeightPx, selected } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const headHeight = props.head === undefined ? 0 : rowHeightPx + 8;
  const virtualizer = useVirtualizer({
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeightPx,
    overscan: props.follow ? overscanLiveRows : overscanRows,
    paddingStart: headHeight,
  });
  useLayoutEffect(() => virtualizer.measure(), [virtualizer, rowHeightPx, headHeight]);
  useScrollPlace(scroller, props);
  const template = columns.map((column) => column.width).join(' ');
  const items = virtualizer.getVirtualItems();
  // A row's element serves another row when the window moves: at 2,000 rows/s new elements would cost most of the frame.
  const pool = Math.ceil(items.length / 8) * 8;
  return (
    <div
      className="vt"
      ref={scroller}
      role="grid"
      tabIndex={0}
      aria-label={props.label}
      aria-rowcount={count + 1}
      aria-colcount={columns.length}
      aria-activedescendant={
        selected >= 0 && items.some((item) => item.index === selected) ? `vt-row-${selected}` : undefined
      }
      onKeyDown={props.onKeyDown}
    >
      <HeadRow columns={columns} template={template} />
      <div role="rowgroup">
        <div
          style={{ height: Math.max(virtualizer.getTotalSize(), headHeight), position: 'relative' }}
          role="presentation"
        >
          {props.head === undefined ? null : (
            <div className="vt-top" style={{ height: headHeight }}>
              {props.head}
            </div>
          )}
          {items.map((item) => (
            <div
              key={item.index % pool}
              id={`vt-row-${item.index}`}
              role="row"
              aria-rowindex={item.index + 2}
              aria-selected={item.index === selected}
              className={`vt-r ${(item.index + props.shift) % 2 === 0 ? '' : 'alt'} ${props.rowClass(item.index)}`}
              style={{ gridTemplateColumns: template, height: rowHeightPx, transform: `translateY(${item.start}px)` }}
              onPointerDown={() => props.onSelect(item.index)}
            >
              {props.row(item.index)}
            </div>
          ))}
        </div>
      </div>
      {count === 0 ? <div className="vt-e">{props.empty}</div> : null}
    </div>
  );
}

function HeadRow({
  columns,
  template,
}: {
  readonly columns: readonly Column[];
  readonly template: string;
}): JSX.Element {
  return (
    <div role="rowgroup" className="vt-hg">
      <div role="row" className="vt-h" style={{ gridTemplateColumns: template }} aria-rowindex={1}>
        {columns.map((column) => (
          <span
            key={column.id}
            role="columnheader"
            className={column.align === 'end' ? 'num' : ''}
            title={column.title}
          >
            {column.name === undefined ? column.label : <span className="vh">{column.name}</span>}
          </span>
        ))}
      </div>
    </div>
  );
}

/** Keeps the reader where they are: at the end while following, else at the same rows, with the selected one in sight. */
function useScrollPlace(scroller: { readonly current: HTMLDivElement | null }, props: VirtualTableProps): void {
  const { count, rowHeightPx, shift, follow, selected, onScrollAway } = props;
  const lastShift = useRef(shift);
  useLayoutEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    const moved = shift - lastShift.current;
    lastShift.current = shift;
    if (follow) element.scrollTop = element.scrollHeight;
    else if (moved !== 0) element.scrollTop -= moved * rowHeightPx;
  }, [scroller, count, shift, follow, rowHeightPx]);
  const followRef = useRef(follow);
  followRef.current = follow;
  useLayoutEffect(() => {
    const element = scroller.current;
    if (element === null || selected < 0 || followRef.current) return;
    const headPx = element.querySelector('.vt-hg')?.clientHeight ?? 0;
    const top = selected * rowHeightPx + (props.head === undefined ? 0 : rowHeightPx + 8);
    if (top < element.scrollTop) element.scrollTop = Math.max(0, top - rowHeightPx * 3);
    else if (headPx + top + rowHeightPx > element.scrollTop + element.clientHeight)
      element.scrollTop = headPx + top + rowHeightPx * 4 - element.clientHeight;
    // Only a new selection moves the view; rows that come do not.
    // oxlint-disable-next-line react-hooks/exhaustive-deps
  }, [scroller, selected - shift]);
  useLayoutEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    const onScroll = (): void => {
      const left = element.scrollHeight - element.clientHeight - element.scrollTop;
      if (followRef.current && left > rowHeightPx * 1.5) onScrollAway();
    };
    element.addEventListener('scroll', onScroll, { passive: true });
    return () => element.removeEventListener('scroll', onScroll);
  }, [scroller, onScrollAway, rowHeightPx]);
}
