import { useCallback, useEffect, useMemo, useRef } from 'react';
import type { JSX, KeyboardEvent, PointerEvent, RefObject } from 'react';
import { useNow } from '#renderer/session/hooks.ts';
import type { RunView } from '#shared/run-view/run-view.ts';
import { CoordinatorLane } from './coordinator-lane.tsx';
import { DenseLanes } from './dense-lanes.tsx';
import { Lane } from './lane.tsx';
import { evaluationStart, stallsOf } from './lane-layout.ts';
import type { Stall } from './lane-layout.ts';
import { moveInGrid } from './move-in-grid.ts';
import { ColumnHeads, TimeAxis, TimeLines } from './time-marks.tsx';
import type { WindowControl } from './use-time-window.ts';

/** From here on lanes are 20 px high and grouped by lateness. */
export const denseFrom = 16;

export interface LanesPanelProps {
  readonly view: RunView;
  readonly control: WindowControl;
  readonly selectedRound: number | null;
  readonly selectedParticipant: string | null;
  readonly onOpen: (round: number, participant: string | null) => void;
}

/** The grid of lanes with its column heads, lines and axis. */
export function LanesPanel({
  view,
  control,
  selectedRound,
  selectedParticipant,
  onOpen,
}: LanesPanelProps): JSX.Element {
  const { window } = control;
  const grid = useRef<HTMLDivElement>(null);
  const drag = usePanZoom(grid, control);
  const stalls = useStalls(view);
  const now = useNow(1000);
  const evaluationAt = evaluationStart(view, now);
  const round = view.rounds.at(-1);
  const ended = view.endedAt !== null;
  const openRound = useCallback((number: number) => onOpen(number, null), [onOpen]);
  useTabStop(grid);
  const dense = view.participants.length >= denseFrom;
  return (
    <div className="lanes-stack">
      {/* oxlint-disable-next-line jsx-a11y/interactive-supports-focus -- keys walk the cells, which take the focus */}
      <div
        ref={grid}
        role="grid"
        aria-label="Segments of each participant over time"
        className={`lanes${dense ? ' many' : ''}`}
        style={{ gridTemplateRows: rowsOf(dense ? 0 : view.participants.length, dense) }}
        onKeyDown={walk}
        {...drag}
      >
        <ColumnHeads view={view} window={window} selected={selectedRound} onOpen={openRound} />
        <CoordinatorLane
          rounds={view.rounds}
          participants={view.participants}
          window={window}
          evaluationAt={evaluationAt}
        />
        {dense ? (
          <DenseLanes
            view={view}
            window={window}
            stalls={stalls}
            selectedRound={selectedRound}
            selectedParticipant={selectedParticipant}
            onOpen={onOpen}
          />
        ) : (
          view.participants.map((participant) => (
            <Lane
              key={participant.id}
              participant={participant}
              own={participant.id === view.self}
              round={round}
              evaluationAt={evaluationAt}
              window={window}
              stalls={stalls.get(participant.id) ?? noStalls}
              ended={view.endedAt}
              selectedRound={participant.id === selectedParticipant ? selectedRound : null}
              onOpen={onOpen}
            />
          ))
        )}
        <TimeAxis rounds={view.rounds} window={window} ended={ended} />
        <TimeLines rounds={view.rounds} window={window} ended={ended} />
      </div>
    </div>
  );
}

const noStalls: readonly Stall[] = [];

function rowsOf(lanes: number, dense: boolean): string {
  const middle = dense ? 'minmax(0, 1fr)' : lanes === 0 ? 'minmax(36px, 1fr)' : `repeat(${lanes}, minmax(36px, 1fr))`;
  return `var(--colhead-h) ${dense ? '28px' : 'var(--lane-h-coord)'} ${middle} var(--axis-h)`;
}

/** Stalls change with verdicts alone; lanes must not render again for the rest. */
function useStalls(view: RunView): ReadonlyMap<string, readonly Stall[]> {
  const { verdicts, endedAt } = view;
  const ids = view.participants.map((participant) => participant.id).join(' ');
  return useMemo(
    () => new Map(ids.split(' ').map((id) => [id, stallsOf({ verdicts, endedAt }, id)])),
    [verdicts, endedAt, ids],
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
