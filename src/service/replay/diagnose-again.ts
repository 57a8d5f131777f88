import type { EventData } from '#shared/contract/events.ts';
import type { OpenedRecording } from '#engine/recorder/reading/open-recording.ts';
import { Diagnosis } from '#engine/diagnosis/diagnosis.ts';
import { rowsInOrder } from './rows-in-order.ts';

/** How often it is checked, in time of the run: as often as a run that goes on. */
export const diagnoseEveryMs = 250;
/** Rows come every second while a run goes on; of a longer silence the machine slept, and all but its beginning is passed over. */
const silenceMsMax = 60_000;

/** What the rules of this version say of a recorded run. */
export interface VerdictOfNow {
  readonly data: EventData<'verdict_raised'>;
  /** Run time at which it was first raised. */
  readonly at: number;
  /** Null: it stood when the recording ended. */
  readonly clearedAt: number | null;
}

export interface DiagnosedAgain {
  /** In the order in which they were raised. */
  readonly verdicts: readonly VerdictOfNow[];
  readonly malformed: number;
}

/**
 * Lets the rules read a recording as they read a run: its rows in the order of their times, checked several times a second
 * of its own clock (decision 0096). What was said then is left out. Where rows are missing, so is what they would have shown.
 */
export async function diagnoseAgain(
  recording: Pick<OpenedRecording, 'events' | 'queryPackets'>,
): Promise<DiagnosedAgain> {
  const verdicts = new Map<string, VerdictOfNow>();
  let now = 0;
  const diagnosis = new Diagnosis({
    raised: (data) => {
      const before = verdicts.get(data.verdict);
      verdicts.set(data.verdict, { data, at: before?.at ?? now, clearedAt: null });
    },
    cleared: ({ verdict }) => {
      const before = verdicts.get(verdict);
      if (before !== undefined) verdicts.set(verdict, { ...before, clearedAt: now });
    },
  });
  const check = (at: number): void => {
    now = at;
    diagnosis.check(at);
  };
  const count = { malformed: 0 };
  /** The latest time so far: a row that is behind another is due with it. */
  let due: number | null = null;
  let next = 0;
  for await (const row of rowsInOrder(recording, {}, count)) {
    const { at } = 'event' in row ? row.event : row.packet;
    if (due === null) next = at + diagnoseEveryMs;
    due = Math.max(due ?? at, at);
    const heardUntil = next + silenceMsMax;
    for (; next <= Math.min(due, heardUntil); next += diagnoseEveryMs) check(next);
    if (next <= due) next = due + diagnoseEveryMs;
    if ('packet' in row) diagnosis.packet(row.packet);
    else if (row.event.type === 'verdict_raised' || row.event.type === 'verdict_cleared') continue;
    else {
      // What the run ends with must find the verdicts that explain it.
      if (row.event.type === 'run_ended') check(due);
      now = due;
      diagnosis.event(row.event);
    }
  }
  return { verdicts: [...verdicts.values()], malformed: count.malformed };
}
