import './virtual-table.css';
import { useLayoutEffect, useRef } from 'react';
import type { JSX, KeyboardEvent, ReactNode, RefObject } from 'react';
import { useRowWindow } from './row-window.ts';

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
  /** A row is meant as such, by a double click. */
  readonly onOpen?: (index: number) => void;
  readonly onKeyDown?: (event: KeyboardEvent) => void;
  /** Stands above the first row and scrolls with it. */
  readonly head?: ReactNode;
  readonly empty?: ReactNode;
  readonly rowClass: (index: number) => string;
  /** One cell for each column. */
  readonly row: (index: number) => ReactNode;
}

/** A table of any length that holds only what is seen. Rows have one height; columns keep their width whatever comes. */
export function VirtualTable(props: VirtualTableProps): JSX.Element {
  const { columns, count, rowHeightPx, selected } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const headHeight = props.head === undefined ? 0 : rowHeightPx + 8;
  const rows = useRowWindow(scroller, { ...props, headPx: headHeight });
  useSelectedInSight(scroller, props);
  const template = columns.map((column) => column.width).join(' ');
  const { first, end } = rows;
  // A row's element serves another row when the window moves: at 2,000 rows/s new elements would cost most of the frame.
  const pool = Math.ceil((end - first) / 8) * 8;
  const indexes = Array.from({ length: end - first }, (_, i) => first + i);
  return (
    <div
      className="vt"
      ref={scroller}
      role="grid"
      tabIndex={0}
      aria-label={props.label}
      aria-rowcount={count + 1}
      aria-colcount={columns.length}
      aria-activedescendant={selected >= first && selected < end ? `vt-row-${selected}` : undefined}
      onKeyDown={props.onKeyDown}
    >
      <HeadRow columns={columns} template={template} />
      <div role="rowgroup">
        <div style={{ height: rows.heightPx, position: 'relative' }} role="presentation">
          {props.head === undefined ? null : (
            <div className="vt-top" style={{ height: headHeight }}>
              {props.head}
            </div>
          )}
          {indexes.map((index) => (
            <div
              key={index % pool}
              id={`vt-row-${index}`}
              role="row"
              aria-rowindex={index + 2}
              aria-selected={index === selected}
              className={`vt-r ${(index + props.shift) % 2 === 0 ? '' : 'alt'} ${props.rowClass(index)}`}
              style={{
                gridTemplateColumns: template,
                height: rowHeightPx,
                transform: `translateY(${rows.topOf(index)}px)`,
              }}
              onPointerDown={() => props.onSelect(index)}
              onDoubleClick={() => props.onOpen?.(index)}
            >
              {props.row(index)}
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

/** A new selection is brought into sight, unless the end is followed. */
function useSelectedInSight(scroller: RefObject<HTMLDivElement | null>, props: VirtualTableProps): void {
  const { rowHeightPx, shift, follow, selected } = props;
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
}
