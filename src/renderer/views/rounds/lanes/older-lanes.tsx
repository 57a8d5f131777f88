import type { JSX } from 'react';
import { limits } from '#shared/contract/limits.ts';
import type { ParticipantView } from '#shared/run-view/run-view.ts';
import { shareOf } from '../time-window.ts';
import type { TimeWindow } from '../time-window.ts';

/** From when on the lanes are whole; null: nothing of them was let go. */
export function lanesFrom(participants: readonly ParticipantView[]): number | null {
  const cut = participants.filter(({ segments }) => segments.length >= limits.viewSegmentsPerParticipantMax);
  return cut.length === 0 ? null : Math.max(...cut.map(({ segments }) => segments[0]?.startedAt ?? 0));
}

/** Covers the part of a long run whose lanes this window let go, and says where they are. */
export function OlderLanes(props: {
  readonly participants: readonly ParticipantView[];
  readonly window: TimeWindow;
}): JSX.Element | null {
  const from = lanesFrom(props.participants);
  const share = from === null ? 0 : Math.min(1, shareOf(props.window, from));
  if (share <= 0) return null;
  return (
    <div className="older" style={{ width: `${share * 100}%` }} title="Older lanes are in the recording">
      <span data-drops="">older lanes are in the recording</span>
    </div>
  );
}
