import { useCallback, useRef } from 'react';
import type { JSX } from 'react';
import { formatClock, formatDuration, formatSeconds } from '#renderer/components/words/format.ts';
import { useFrame } from '#renderer/components/hooks/use-frame.ts';
import { useTokenPx } from '#renderer/components/hooks/use-media.ts';
import { useWidth } from '#renderer/components/hooks/use-width.ts';
import { useNow } from '#renderer/session/hooks.ts';
import { paceOf } from '#renderer/session/run/pace.ts';
import { roundTookMs } from '#shared/run-view/took.ts';
import type { Loss } from '#shared/contract/losses.ts';
import { missedEvents } from '#shared/run-view/loss-words.ts';
import type { RoundView, RunView } from '#shared/run-view/run-view.ts';
import { deadlineFlag } from './deadline-flag.ts';
import { axisTicks, shareOf } from '../time-window.ts';
import type { TimeWindow } from '../time-window.ts';

interface MarksProps {
  readonly rounds: readonly RoundView[];
  readonly window: TimeWindow;
  readonly ended: boolean;
  /** When the coordinator was last heard, while it is silent. */
  readonly heardAt?: number | undefined;
}

function visibleRounds(rounds: readonly RoundView[], window: TimeWindow): readonly RoundView[] {
  return rounds.filter(
    (round) => round.startedAt < window.toAt && (round.endedAt ?? Number.POSITIVE_INFINITY) > window.fromAt,
  );
}

/** Heads closer than this share of the window keep their line and lose their words. */
const headShareMin = 0.03;

interface ColumnHeadsProps {
  readonly view: RunView;
  /** The coordinator is silent: whether the open round has been closed is not known here. */
  readonly silent?: boolean;
  readonly window: TimeWindow;
  readonly selected: number | null;
  readonly onOpen: (round: number) => void;
}

export function ColumnHeads({ view, silent = false, window, selected, onOpen }: ColumnHeadsProps): JSX.Element {
  const rounds = visibleRounds(view.rounds, window);
  return (
    <div role="row" className="lane-row">
      <div role="columnheader" className="lh colhead">
        <span className="vh">participant</span>
      </div>
      <div role="columnheader" className="colhead" aria-label="time, by round">
        {rounds.map((round) => {
          const left = Math.max(0, shareOf(window, round.startedAt));
          const right = Math.min(1, shareOf(window, round.endedAt ?? window.toAt));
          return (
            <button
              type="button"
              tabIndex={-1}
              key={round.round}
              className={`rc${round.round === selected ? ' sel' : ''}`}
              style={{ left: `${left * 100}%`, width: `${(right - left) * 100}%` }}
              onClick={() => onOpen(round.round)}
            >
              {right - left > headShareMin && (
                <RoundWords view={view} round={round} silent={silent} roomy={right - left > 0.12} />
              )}
            </button>
          );
        })}
      </div>
    </div>
  );
}

function RoundWords({
  view,
  silent,
  round,
  roomy,
}: {
  readonly view: RunView;
  readonly silent: boolean;
  readonly round: RoundView;
  readonly roomy: boolean;
}): JSX.Element {
  const now = useNow(1000);
  const tookMs = roundTookMs(round, now);
  const usual = paceOf(view.rounds).roundMs;
  const open = round.endedAt === null;
  return (
    <>
      <b>{roomy ? `round ${round.round}` : round.round}</b>
      {roomy && (
        <span>
          {open ? formatSeconds(tookMs) : formatDuration(tookMs)}
          {open && ' so far'}
          {open && silent && ', not known whether it closed'}
          {open && !silent && usual !== null && `, usually ${formatDuration(usual)}`}
        </span>
      )}
    </>
  );
}

/** Lines over all lanes: where rounds begin, now, the deadline. */
export function TimeLines({
  rounds,
  window,
  ended,
  heardAt,
  losses,
}: MarksProps & { readonly losses: readonly Loss[] }): JSX.Element {
  const line = useRef<HTMLDivElement>(null);
  const move = useCallback(
    (now: number) => {
      if (line.current === null) return;
      const share = shareOf(window, now);
      // Moved without layout or paint: it is as wide as all lanes, and only its left edge is seen.
      line.current.style.transform = `translateX(${share * 100}%)`;
      line.current.style.visibility = share >= 0 && share <= 1 ? 'visible' : 'hidden';
    },
    [window],
  );
  useFrame(move, !ended);
  const deadline = deadlineIn(rounds, window);
  // One that has passed lies over what the lanes say since then: the axis alone marks it.
  const past = useNow(1000) > (deadline ?? Number.POSITIVE_INFINITY);
  return (
    <div className="grid" aria-hidden="true">
      {missedEvents(losses).map((loss) => (
        <LostBand key={`${loss.process} ${loss.reason} ${loss.from}`} loss={loss} window={window} />
      ))}
      {visibleRounds(rounds, window).map((round) => {
        const left = shareOf(window, round.startedAt);
        return left > 0 ? <div key={round.round} className="vl round" style={{ left: `${left * 100}%` }} /> : null;
      })}
      {deadline !== null && !past && (
        <div className="vl dead" style={{ left: `${shareOf(window, deadline) * 100}%` }} />
      )}
      {heardAt !== undefined && <div className="vl heard" style={{ left: `${shareOf(window, heardAt) * 100}%` }} />}
      {!ended && <div className="vl now" ref={line} />}
    </div>
  );
}

/** From when to when events are missing: what the lanes show there may not be all. */
function LostBand({ loss, window }: { readonly loss: Loss; readonly window: TimeWindow }): JSX.Element | null {
  const left = Math.max(0, shareOf(window, loss.from));
  const right = Math.min(1, shareOf(window, loss.to));
  if (left > 1 || right < left) return null;
  return <div className="lostband" style={{ left: `${left * 100}%`, width: `${(right - left) * 100}%` }} />;
}

function deadlineIn(rounds: readonly RoundView[], window: TimeWindow): number | null {
  const round = rounds.at(-1);
  if (
    round === undefined ||
    round.endedAt !== null ||
    round.deadlineAt <= window.fromAt ||
    round.deadlineAt > window.toAt
  )
    return null;
  return round.deadlineAt;
}

/** Widths of the flags and of a tick's label, in ems of the axis' type, whatever face the system has. */
const clockEm = 6.4;
const deadlineEm = 12.4;
const tickEm = 5.6;
const heardEm = 6.6;

export function TimeAxis({ rounds, window, ended, heardAt }: MarksProps): JSX.Element {
  const now = useNow(250);
  const axis = useRef<HTMLDivElement>(null);
  const width = Math.max(1, useWidth(axis, 1000));
  const flag = useRef<HTMLSpanElement>(null);
  const emPx = useTokenPx('--fs-micro');
  const [clockPx, deadlinePx, tickPx] = [clockEm * emPx, deadlineEm * emPx, tickEm * emPx];
  const heardPxWide = heardEm * emPx;
  const move = useCallback(
    (at: number) => {
      if (flag.current === null) return;
      const share = shareOf(window, at);
      flag.current.style.left = `${Math.min(1 - clockPx / 2 / width, share) * 100}%`;
      flag.current.style.visibility = share >= 0 && share <= 1 ? 'visible' : 'hidden';
      const text = formatClock(at);
      if (flag.current.textContent !== text) flag.current.textContent = text;
    },
    [window, width, clockPx],
  );
  useFrame(move, !ended);
  const nowPx = shareOf(window, now) * width;
  const deadline = deadlineIn(rounds, window);
  const heardPx = heardAt === undefined ? null : shareOf(window, heardAt) * width;
  const flags = [
    ...(heardPx === null ? [] : [[heardPx - heardPxWide / 2, heardPx + heardPxWide / 2] as const]),
    ...(ended ? [] : [[nowPx - clockPx / 2, nowPx + clockPx / 2] as const]),
  ];
  const dead =
    deadline === null ? null : deadlineFlag(shareOf(window, deadline) * width, flags, width, [deadlinePx, clockPx]);
  const covered = dead === null ? flags : [...flags, [dead.left, dead.left + dead.width] as const];
  const ticks = axisTicks(window, Math.max(2, Math.floor(width / (tickPx * 1.6)))).filter(({ at }) => {
    const px = shareOf(window, at) * width;
    if (px < tickPx / 2 || px > width - tickPx / 2) return false;
    return covered.every(([from, to]) => px + tickPx / 2 < from || px - tickPx / 2 > to);
  });
  return (
    <>
      <div className="lh axis-head" aria-hidden="true" />
      <div className="axis" aria-hidden="true" ref={axis}>
        {ticks.map((tick) => (
          <span key={tick.at} style={{ left: `${shareOf(window, tick.at) * 100}%` }}>
            {tick.label}
          </span>
        ))}
        {heardPx !== null && (
          <span className="flag heard" style={{ left: heardPx }}>
            last heard
          </span>
        )}
        {!ended && <span className="flag" ref={flag} />}
        {deadline !== null && deadline < now && (
          <span className="dead-at" style={{ left: `${shareOf(window, deadline) * 100}%` }} />
        )}
        {dead !== null && deadline !== null && (
          <span className="flag dead" style={{ left: dead.left, width: dead.width }}>
            {dead.width === deadlinePx ? 'deadline ' : ''}
            {formatClock(deadline)}
          </span>
        )}
      </div>
    </>
  );
}
