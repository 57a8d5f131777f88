import { useLayoutEffect, useRef, useState } from 'react';
import type { RefObject } from 'react';

export interface RowWindowInput {
  readonly count: number;
  readonly rowHeightPx: number;
  /** What stands above the first row and scrolls with it. */
  readonly headPx: number;
  /** Sticks to the end as rows are added. */
  readonly follow: boolean;
  /** Rows that went from the front, less those that came there: the reader's place moves along. */
  readonly shift: number;
  readonly onScrollAway: () => void;
}

/** Which rows are drawn, and where. */
export interface RowWindow {
  /** Rows by which the height is behind. */
  readonly behind: number;
  readonly first: number;
  /** The one after the last. */
  readonly end: number;
  /** Height of all that can be scrolled, header row not counted. */
  readonly heightPx: number;
  topOf(index: number): number;
}

/** Rows drawn beyond the edges, so that a fast wheel meets no blank; at the live end nobody turns the wheel. */
const overscanRows = 12;
const overscanLiveRows = 2;
/** While the end is followed the height may fall behind by this part of it: the thumb of the scroll bar tells no more. */
const heightLag = 0.25;

export interface Sight {
  /** Row at the top edge, and rows that fit. */
  readonly topRow: number;
  readonly rows: number;
}

/**
 * While the end is followed what can be scrolled keeps its height and its place, and only the rows change: a height that
 * grew with each batch would be laid out, scrolled and laid out again each time.
 * @param heightRows how many rows the height stands for
 */
export function rowWindow(
  { count, rowHeightPx, headPx, follow }: Pick<RowWindowInput, 'count' | 'rowHeightPx' | 'headPx' | 'follow'>,
  { topRow, rows }: Sight,
  heightRows: number,
): RowWindow {
  const behind = count - heightRows;
  const first = follow ? count - rows - overscanLiveRows : topRow - overscanRows;
  const end = follow ? count : topRow + rows + overscanRows;
  return {
    behind,
    first: Math.max(0, Math.min(first, count)),
    end: Math.max(0, Math.min(end, count)),
    heightPx: headPx + heightRows * rowHeightPx,
    topOf: (index) => headPx + (index - behind) * rowHeightPx,
  };
}

/** How many rows the height is to stand for, given how many it stood for. */
export function heightRowsOf(before: number, count: number, rows: number, follow: boolean): number {
  const stays = follow && before > rows * 2 && count >= before && count <= before * (1 + heightLag);
  return stays ? before : count;
}

/** Rows of one height in a scroller, and the reader's place among them. */
export function useRowWindow(scroller: RefObject<HTMLDivElement | null>, input: RowWindowInput): RowWindow {
  const { count, rowHeightPx, follow } = input;
  // Counted from the first row that ever was: so it names the same row when rows go, or the height catches up.
  const [topPlace, setTopPlace] = useState(0);
  const [viewportPx, setViewportPx] = useState(0);
  const heightRows = useRef(0);
  const rows = Math.ceil(viewportPx / rowHeightPx) + 1;
  heightRows.current = heightRowsOf(heightRows.current, count, rows, follow);
  const drawn = rowWindow(input, { topRow: topPlace - input.shift, rows }, heightRows.current);
  useLayoutEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    const observer = new ResizeObserver(() => setViewportPx(element.clientHeight));
    observer.observe(element);
    return () => observer.disconnect();
  }, [scroller]);
  useScrollPlace(scroller, input, drawn, viewportPx);
  const latest = useRef({ ...input, behind: 0 });
  latest.current = { ...input, behind: drawn.behind };
  useLayoutEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    const onScroll = (): void => {
      const { onScrollAway, rowHeightPx: rowPx, ...now } = latest.current;
      const { scrollTop } = element;
      setTopPlace(Math.floor((scrollTop - now.headPx) / rowPx) + now.behind + now.shift);
      if (now.follow && element.scrollHeight - element.clientHeight - scrollTop > rowPx * 1.5) onScrollAway();
    };
    element.addEventListener('scroll', onScroll, { passive: true });
    return () => element.removeEventListener('scroll', onScroll);
  }, [scroller]);
  return drawn;
}

/** Keeps the reader where they are: at the end while following, else at the same rows. */
function useScrollPlace(
  scroller: RefObject<HTMLDivElement | null>,
  { follow, shift, rowHeightPx }: RowWindowInput,
  { heightPx, topOf }: RowWindow,
  viewportPx: number,
): void {
  const last = useRef({ shift, firstTop: topOf(0) });
  const firstTop = topOf(0);
  useLayoutEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    const before = last.current;
    last.current = { shift, firstTop };
    if (follow) return;
    const movedPx = firstTop - before.firstTop - (shift - before.shift) * rowHeightPx;
    if (movedPx !== 0) element.scrollBy(0, movedPx);
  }, [scroller, follow, shift, firstTop, rowHeightPx]);
  useLayoutEffect(() => {
    if (follow) scroller.current?.scrollTo(0, heightPx);
  }, [scroller, follow, heightPx, viewportPx]);
}
