import { useEffect, useRef } from 'react';
import type { JSX, KeyboardEvent, PointerEvent, ReactNode, RefObject } from 'react';
import { moveInGrid } from './move-in-grid.ts';
import type { WindowControl } from '../use-time-window.ts';

interface LanesGridProps {
  readonly control: WindowControl;
  readonly label: string;
  /** Heights of the rows, as CSS has them. */
  readonly rows: string;
  /** Below this height the lanes scroll, as CSS has it; absent: what their content takes. */
  readonly least?: string;
  readonly dense?: boolean;
  readonly children: ReactNode;
}

/** The ground of the lanes: keys walk its cells, wheel and drag move through time. */
export function LanesGrid({ control, label, rows, least, dense = false, children }: LanesGridProps): JSX.Element {
  const grid = useRef<HTMLDivElement>(null);
  const drag = usePanZoom(grid, control);
  useTabStop(grid);
  return (
    <div className="lanes-stack">
      {/* oxlint-disable-next-line jsx-a11y/interactive-supports-focus -- keys walk the cells, which take the focus */}
      <div
        ref={grid}
        role="grid"
        aria-label={label}
        className={`lanes${dense ? ' many' : ''}`}
        style={{ gridTemplateRows: rows, ...(least === undefined ? {} : { minHeight: least }) }}
        onKeyDown={walk}
        {...drag}
      >
        {children}
      </div>
    </div>
  );
}

function walk(event: KeyboardEvent): void {
  if (event.target instanceof HTMLElement && event.currentTarget instanceof HTMLElement) {
    if (moveInGrid(event.currentTarget, event.target, event.key)) {
      event.preventDefault();
      event.stopPropagation();
    }
  }
}

/** A grid has one tab stop: the newest segment of the first lane until another has been focused. */
function useTabStop(grid: RefObject<HTMLDivElement | null>): void {
  useEffect(() => {
    const element = grid.current;
    if (element === null || element.querySelector('[role="gridcell"][tabindex="0"]') !== null) return;
    const first = element.querySelector('[data-lane]')?.querySelectorAll<HTMLElement>('[role="gridcell"][data-at]');
    const last = first?.item((first.length ?? 0) - 1);
    if (last != null) last.tabIndex = 0;
  });
}

/** Pixels that a press may move and still be a click. */
const clickPx = 4;
const zoomPerNotch = 1.2;

interface DragHandlers {
  readonly onPointerDown: (event: PointerEvent) => void;
  readonly onPointerMove: (event: PointerEvent) => void;
  readonly onPointerUp: () => void;
}

/** The wheel zooms around the pointer, sideways it pans; so does dragging. */
function usePanZoom(grid: RefObject<HTMLDivElement | null>, control: WindowControl): DragHandlers {
  const latest = useRef(control);
  useEffect(() => {
    latest.current = control;
  });
  const drag = useRef<{ lastX: number; moved: boolean } | null>(null);
  useEffect(() => {
    const element = grid.current;
    if (element === null) return undefined;
    const onWheel = (event: WheelEvent): void => {
      const area = laneArea(element);
      if (area === null || event.clientX < area.left) return;
      const stack = element.parentElement;
      const scrolls =
        (event.target instanceof Element && event.target.closest('.dense') !== null) ||
        (stack !== null && stack.scrollHeight > stack.clientHeight);
      if (scrolls && !event.ctrlKey && !event.shiftKey && event.deltaX === 0) return;
      event.preventDefault();
      const sideways = event.shiftKey ? event.deltaY : event.deltaX;
      if (Math.abs(sideways) > Math.abs(event.shiftKey ? 0 : event.deltaY)) latest.current.panBy(sideways / area.width);
      else
        latest.current.zoomBy(
          event.deltaY > 0 ? zoomPerNotch : 1 / zoomPerNotch,
          (event.clientX - area.left) / area.width,
        );
    };
    element.addEventListener('wheel', onWheel, { passive: false });
    return () => element.removeEventListener('wheel', onWheel);
  }, [grid]);
  return {
    onPointerDown: (event) => {
      const area = grid.current === null ? null : laneArea(grid.current);
      if (event.button === 0 && area !== null && event.clientX >= area.left)
        drag.current = { lastX: event.clientX, moved: false };
    },
    onPointerMove: (event) => {
      const { current } = drag;
      const area = grid.current === null ? null : laneArea(grid.current);
      if (current === null || area === null || event.buttons === 0) return;
      const byPx = event.clientX - current.lastX;
      if (!current.moved && Math.abs(byPx) < clickPx) return;
      // Captured only now: a captured press would not click the segment below it.
      if (!current.moved) grid.current?.setPointerCapture(event.pointerId);
      current.moved = true;
      current.lastX = event.clientX;
      control.panBy(-byPx / area.width);
    },
    onPointerUp: () => {
      drag.current = null;
    },
  };
}

function laneArea(grid: HTMLElement): DOMRect | null {
  return grid.querySelector('.axis')?.getBoundingClientRect() ?? null;
}
