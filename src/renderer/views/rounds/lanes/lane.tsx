import { formatCount } from '#shared/base/text/counted.ts';
import { memo, useCallback, useMemo } from 'react';
import type { JSX, ReactNode } from 'react';
import { Icon } from '#renderer/components/icon.tsx';
import { useNow } from '#renderer/session/hooks.ts';
import { stepsOf } from '#renderer/session/run/pace.ts';
import type { FaultView, ParticipantView, RoundView } from '#shared/run-view/run-view.ts';
import { FaultBars } from './fault-bars.tsx';
import { LaneHead } from './lane-head.tsx';
import { expectedBoxes, laneBoxes, pausesOf } from './lane-layout.ts';
import type { Stall } from './lane-layout.ts';
import { SegmentBox } from './segment-box.tsx';
import { shareOf } from '../time-window.ts';
import type { TimeWindow } from '../time-window.ts';

export interface LaneProps {
  readonly participant: ParticipantView;
  readonly own: boolean;
  readonly round: RoundView | undefined;
  readonly evaluationAt: number | null;
  readonly window: TimeWindow;
  readonly stalls: readonly Stall[];
  /** Injected into this participant; absent: none. */
  readonly faults?: readonly FaultView[];
  readonly ended: number | null;
  readonly selectedRound: number | null;
  readonly onOpen: (round: number, participant: string) => void;
}

/** One participant: head and boxes. Renders again when the participant or the window does, not when time goes by. */
export const Lane = memo(function Lane(props: LaneProps): JSX.Element {
  const { participant, own, ended, stalls } = props;
  const halts = useHalts(participant, stalls, ended);
  const stalledSince = openStall(stalls, ended);
  const bad = stalledSince === null ? '' : ' bad';
  return (
    <div role="row" className="lane-row" data-lane={participant.id}>
      <div role="rowheader" className={`lh row-line${bad}`}>
        <LaneHead participant={participant} own={own} stalledSince={stalledSince} ended={ended} />
      </div>
      <LaneBody {...props} {...halts} bad={bad} />
    </div>
  );
});

/** What interrupts a lane; a participant that pauses has no expected steps. */
export function useHalts(
  { pauses, paused }: ParticipantView,
  stalls: readonly Stall[],
  ended: number | null,
): { readonly stalls: readonly Stall[]; readonly round?: undefined } {
  return useMemo(() => {
    const own = pausesOf({ pauses, paused }, ended);
    const all = own.length === 0 ? stalls : [...stalls, ...own];
    return paused === null ? { stalls: all } : { stalls: all, round: undefined };
  }, [pauses, paused, stalls, ended]);
}

/** A stall that is going on, or went on until the run ended. */
export function openStall(stalls: readonly Stall[], ended: number | null): number | null {
  return stalls.find((stall) => stall.toAt === null || stall.toAt === ended)?.fromAt ?? null;
}

export function LaneBody({
  participant,
  window,
  stalls,
  selectedRound,
  onOpen,
  bad,
  children,
  ...rest
}: LaneProps & { readonly bad: string; readonly children?: ReactNode }): JSX.Element {
  const boxes = useMemo(() => laneBoxes(participant.segments, stalls, window), [participant.segments, stalls, window]);
  const open = useCallback((round: number) => onOpen(round, participant.id), [onOpen, participant.id]);
  const progress = progressOf(participant);
  return (
    <div className={`lane row-line${rest.own ? ' own' : ''}${bad}`} role="none">
      {rest.ended === null && (
        <Expected participant={participant} round={rest.round} evaluationAt={rest.evaluationAt} window={window} />
      )}
      {boxes.map((box) => (
        <SegmentBox
          key={box.key}
          box={box}
          window={window}
          progress={box.right === null ? progress : ''}
          selected={box.round === selectedRound && (box.kind === 'stalled' || (box.kind === 'train' && bad === ''))}
          onOpen={open}
        />
      ))}
      <ConnectionTicks openedAt={participant.link.openedAt} window={window} />
      {rest.faults !== undefined && <FaultBars faults={rest.faults} window={window} ended={rest.ended} />}
      {participant.exited !== null && (
        <Died at={participant.exited.at} note={participant.exited.note} window={window} />
      )}
      {children}
    </div>
  );
}

function progressOf(participant: ParticipantView): string {
  const { phase, progress, transfer } = participant;
  if (phase === 'train' && progress !== null) {
    const { done, total } = stepsOf(progress);
    return `${formatCount(done)} / ${formatCount(total)}`;
  }
  if ((phase === 'send' || phase === 'receive') && transfer !== null && transfer.totalBytes > 0) {
    return `${Math.round((transfer.sentBytes / transfer.totalBytes) * 100)} %`;
  }
  return '';
}

type ExpectedProps = Pick<LaneProps, 'participant' | 'round' | 'evaluationAt' | 'window'>;

/** Follows the clock in steps: what is expected is replaced now and then, never moved smoothly. */
function Expected({ participant, round, evaluationAt, window }: ExpectedProps): JSX.Element {
  const now = useNow(250);
  const boxes = expectedBoxes(participant, round, evaluationAt, now, window);
  return (
    <>
      {boxes.map((box, i) => (
        // Steps of a round have no identity beyond their order.
        <div
          key={i}
          className={`sg plan${box.label === '' ? '' : ' current'}`}
          aria-hidden="true"
          style={{ left: `${box.left * 100}%`, width: `${(box.right - box.left) * 100}%` }}
        >
          <span className="l long" data-drops="">
            <i />
            <span>{box.label}</span>
          </span>
          {box.phase !== 'train' && (
            <Icon name={box.phase === 'send' ? 'up' : box.phase === 'receive' ? 'down' : 'evaluate'} as="glyph" />
          )}
        </div>
      ))}
    </>
  );
}

/** Where a lane ends for good: its process is gone. */
function Died({
  at,
  note,
  window,
}: {
  readonly at: number;
  readonly note: string;
  readonly window: TimeWindow;
}): JSX.Element | null {
  const left = shareOf(window, at);
  if (left < 0 || left > 1) return null;
  return (
    <span className="died" title={`process gone: ${note}`} style={{ left: `${left * 100}%` }}>
      <Icon name="close" as="small" />
      <span className="vh">process gone: {note}</span>
    </span>
  );
}

/** More than the one connection that a run needs is worth a mark each. */
function ConnectionTicks({
  openedAt,
  window,
}: {
  readonly openedAt: readonly number[];
  readonly window: TimeWindow;
}): JSX.Element | null {
  if (openedAt.length < 2) return null;
  const visible = openedAt.filter((at) => at >= window.fromAt && at <= window.toAt);
  return (
    <>
      {visible.map((at) => (
        <i key={at} className="cx" title="connection opened" style={{ left: `${shareOf(window, at) * 100}%` }} />
      ))}
    </>
  );
}
