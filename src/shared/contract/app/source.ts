import { z } from 'zod';
import type { ErrorReport } from '#shared/base/errors.ts';
import type { Chair } from '../events.ts';
import type { FaultName } from '../run/settings.ts';

/** Speeds between which a recording is played, in run time per time. */
export const speedMin = 0.1;
export const speedMax = 100;

/** What *previous* and *next* go to. */
export const stepSchema = z.enum(['event', 'round', 'verdict']);
export type StepTo = z.infer<typeof stepSchema>;

/** The present of a source: wall ms of the run, and how fast it goes on from there; 0: it stands. */
export interface SourceClock {
  readonly at: number;
  readonly rate: number;
}

/** What a window is shown: the run that goes on, or a recording at a moment of it. */
export type SourceState = LiveState | RecordingState;

export interface LiveState {
  readonly kind: 'live';
}

export interface RecordingState {
  readonly kind: 'recording';
  readonly path: string;
  /** Of the first and the last row. */
  readonly from: number;
  readonly to: number;
  readonly clock: SourceClock;
  readonly playing: boolean;
  readonly speed: number;
  /** The state at `clock.at` is still being read. */
  readonly reading: boolean;
  /** One sentence on how the recording ends. */
  readonly ending: string;
  readonly sizeBytes: number;
  /** Events that could not be read, as far as they have been come across. */
  readonly malformed: number;
  /** Why it could not be read further; null: it can. */
  readonly fault: ErrorReport | null;
  /** The run that goes on meanwhile; null: none. */
  readonly behind: { readonly name: string; readonly chair: Chair } | null;
}

/** What stands on the scrubber. */
export interface RecordingMarks {
  readonly rounds: readonly { readonly round: number; readonly from: number; readonly to: number | null }[];
  readonly verdicts: readonly {
    readonly sentence: string;
    readonly subject: string;
    readonly from: number;
    readonly to: number | null;
  }[];
  readonly faults: readonly {
    readonly fault: FaultName;
    readonly participant: string;
    readonly from: number;
    readonly to: number | null;
  }[];
  /** Marks that had no room. */
  readonly dropped: number;
}

export const liveSource: LiveState = { kind: 'live' };
