import { recordedSeat } from '../recorded/recorded-seat.ts';
import type { SeatStory } from '../recorded/recorded-seat.ts';
import { recordedSession } from '../recorded/recorded-session.ts';
import type { Recorded, RecordedSessionOptions } from '../recorded/recorded-session.ts';
import { recordedStart } from '../recorded/recorded-view.ts';

/** What has happened, and the moment at which the window is opened. */
export interface Played {
  readonly items: readonly Recorded[];
  readonly at: number;
}

const made = new Map<string, readonly Recorded[]>();

function once(key: string, make: () => readonly Recorded[]): readonly Recorded[] {
  const known = made.get(key) ?? make();
  made.set(key, known);
  return known;
}

/** A recorded run of a demo, so many seconds after its start. */
export function playedRun(elapsedS: number, options: Partial<RecordedSessionOptions> = {}): Played {
  const items = once(JSON.stringify(options), () => recordedSession({ startAt: recordedStart, ...options }));
  return { items, at: recordedStart + elapsedS * 1000 };
}

/** A recorded run from a participant's chair, so many seconds after its start. */
export function playedSeat(elapsedS: number, story: SeatStory = 'live'): Played {
  return {
    items: once(story, () => recordedSeat({ startAt: recordedStart, story })),
    at: recordedStart + elapsedS * 1000,
  };
}
