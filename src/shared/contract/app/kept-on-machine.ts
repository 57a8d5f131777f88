import type { ParticipantStart } from '../child-messages.ts';
import type { Chair } from '../events.ts';
import type { RunStatus } from '../messages.ts';

/** A run that this machine took part in. */
export interface RecentRun {
  readonly run: string;
  readonly name: string;
  readonly chair: Chair;
  /** As whom, for a participant. */
  readonly self: string | null;
  readonly startedAt: number;
  readonly endedAt: number | null;
  readonly status: RunStatus | 'running';
  readonly reason: string;
  /** It ended for this participant alone, which left or whose process died. */
  readonly left: boolean;
  /** Null where the app died before it could write it down. */
  readonly roundsPlanned: number | null;
  readonly roundsCompleted: number | null;
  readonly accuracy: number | null;
  readonly model: string | null;
  readonly recording: string | null;
  /** What joining again takes; null where nothing can be joined, as in a run that has come to its end. The invitation is a secret of this user. */
  readonly again: {
    readonly invitation: string;
    readonly data: string;
    readonly name: string;
    /** Class of the data to class of the run, as it was chosen; absent: by name alone. */
    readonly mapping?: ParticipantStart['mapping'];
    readonly exactCounts?: boolean | undefined;
  } | null;
}

/** Answers to plans under one name, out of the signed log of this machine. */
export interface AnsweredPlans {
  /** Newest first. */
  readonly answers: readonly {
    readonly at: number;
    readonly answer: 'approved' | 'refused';
    readonly name: string;
    readonly plan: string;
    readonly coordinator: string;
    readonly by: string;
    readonly reason: string;
  }[];
  readonly count: number;
  /** Where the log is not as it was written; null: it is. */
  readonly fault: string | null;
}
