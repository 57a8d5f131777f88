import { memo, useCallback, useRef } from 'react';
import type { JSX } from 'react';
import { formatDuration, formatSeconds, formatSilence } from '#renderer/components/words/format.ts';
import { Icon } from '#renderer/components/icon.tsx';
import type { IconName } from '#renderer/components/icon.tsx';
import { useFrame } from '#renderer/components/hooks/use-frame.ts';
import type { LaneBox } from './lane-layout.ts';
import { shareOf } from '../time-window.ts';
import type { TimeWindow } from '../time-window.ts';

const glyphs: Readonly<Partial<Record<LaneBox['kind'], IconName>>> = {
  receive: 'down',
  send: 'up',
  evaluate: 'evaluate',
};

interface SegmentBoxProps {
  readonly box: LaneBox;
  readonly window: TimeWindow;
  /** How far a segment that is still going on has come, as text; empty where there is nothing to say. */
  readonly progress: string;
  readonly selected: boolean;
  /** The right edge is drawn as an event of its own: an update arrived there. */
  readonly edge?: boolean;
  readonly onOpen: (round: number) => void;
}

export const SegmentBox = memo(function SegmentBox({
  box,
  window,
  progress,
  selected,
  edge = false,
  onOpen,
}: SegmentBoxProps): JSX.Element {
  const element = useRef<HTMLDivElement>(null);
  const label = useRef<HTMLSpanElement>(null);
  const growing = box.right === null;
  const ticks = growing && (box.kind === 'stalled' || box.kind === 'paused' || box.kind === 'wait');
  const grow = useCallback(
    (now: number) => {
      if (element.current === null) return;
      const right = Math.min(1, shareOf(window, now));
      element.current.style.width = `${Math.max(0, right - box.left) * 100}%`;
      const text = ticks ? growingFigure(box, now) : '';
      if (ticks && label.current !== null && label.current.textContent !== text) label.current.textContent = text;
    },
    [window, box, ticks],
  );
  useFrame(grow, growing);
  const glyph = glyphs[box.kind];
  const name = nameOf(box, progress);
  const open = (): void => onOpen(box.round);
  return (
    <div
      ref={element}
      role="gridcell"
      tabIndex={-1}
      data-at={box.startedAt}
      className={`sg ${box.kind}${growing ? ' now' : ''}${selected ? ' sel' : ''}${edge ? ' in' : ''}`}
      style={{
        left: `${box.left * 100}%`,
        ...(box.right === null ? {} : { width: `${(box.right - box.left) * 100}%` }),
      }}
      title={name}
      onClick={open}
      onKeyDown={(event) => {
        if (event.key === 'Enter' || event.key === ' ') {
          event.preventDefault();
          open();
        }
      }}
    >
      <span className="vh">{name}</span>
      {/* The figure first: the word before it goes when there is no room for both, then the figure. */}
      <span className="l long" aria-hidden="true" data-drops="">
        <i />
        <span ref={label}>{ticks ? '' : figureOf(box, progress)}</span>
        <span>{wordOf(box)}</span>
      </span>
      {glyph !== undefined && <Icon name={glyph} as="glyph" />}
    </div>
  );
});

/** The words before the duration. They are left out first where there is no room; a wait has none. */
function wordOf(box: LaneBox): string {
  return box.label ?? (box.kind === 'wait' ? '' : box.kind);
}

/** Duration of a segment that is still going on, in whole seconds of the clock, so that it agrees with other figures of the same wait. */
function growingFigure(box: LaneBox, now: number): string {
  const spentMs = Math.floor(now / 1000) * 1000 - box.startedAt;
  return box.label === undefined ? formatSeconds(spentMs) : formatSilence(spentMs);
}

function figureOf(box: LaneBox, progress: string): string {
  if (box.label !== undefined) return box.figure ?? '';
  return box.endedAt === null ? progress : formatDuration(box.endedAt - box.startedAt);
}

function nameOf(box: LaneBox, progress: string): string {
  if (box.label !== undefined) return `${box.label} ${box.figure ?? ''}`.trimEnd() + `, round ${box.round}`;
  const time =
    box.endedAt === null
      ? progress === ''
        ? 'still going on'
        : progress
      : formatDuration(box.endedAt - box.startedAt);
  return `${box.kind} ${time}, round ${box.round}`;
}
