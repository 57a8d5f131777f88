import type { RunStatus } from '../messages.ts';
import type { Protocol, Stack } from '../protocols.ts';
import type { WeightRule } from './weight-rule.ts';

/** Last line of `--json`, in wire names. */
export interface RunSummary {
  readonly event: 'summary';
  readonly status: RunStatus;
  readonly reason: string;
  readonly run: string;
  readonly roundsPlanned: number;
  readonly roundsCompleted: number;
  /** Since this app takes part, from opening the run or joining it to its end. */
  readonly durationS: number;
  /** Of the rounds whose end was told here, as the coordinator measured them, and how many they are. */
  readonly roundsDurationS: number;
  readonly roundsTold: number;
  /** What became of this app's own updates, where it is a participant; null otherwise. */
  readonly own: Readonly<Record<OwnOutcome, number>> | null;
  readonly accuracy: number | null;
  readonly loss: number | null;
  /** How updates and evaluations counted; null where it was not told, and within it where it is off. */
  readonly weightRule: WeightRule | null;
  /** Null where it was not told. */
  readonly baselineAccuracy: number | null;
  /** File with the final global model; null when none was written. */
  readonly model: string | null;
  readonly participants: readonly {
    readonly id: string;
    /** Null where it is not told: of the others, to a participant. */
    readonly transport: Protocol | null;
    readonly stack: Stack | null;
    readonly connections: number | null;
    readonly reconnects: number | null;
    readonly contributions: number | null;
    /** How its newest averaged update weighed; null: none was, or not told. */
    readonly weight: { readonly claimed: number; readonly counted: number; readonly share: number } | null;
  }[];
  /** Dropped: in no recording; what was lost before anybody saw it included. */
  readonly packets: { readonly recorded: number; readonly dropped: number };
  readonly events: { readonly recorded: number; readonly dropped: number };
  /** Rows that could not be read, and bodies of which the recording keeps the beginning. */
  readonly malformed: number;
  readonly cutBodies: number;
  readonly bytes: { readonly payload: number; readonly wire: number };
  readonly verdicts: readonly {
    readonly rule: string;
    readonly layer: string;
    readonly subject: string;
    readonly since: string;
    readonly detectedAfterS: number;
    readonly evidence: readonly string[];
  }[];
}

export const ownOutcomes = ['counted', 'acknowledged', 'refused', 'missed', 'kept', 'unknown'] as const;
export type OwnOutcome = (typeof ownOutcomes)[number];

/** Exit status of every command. */
export const exitStatus = {
  completed: 0,
  failed: 1,
  usage: 2,
  stalled: 3,
  unreachable: 4,
  /** A mistake in the program; EX_SOFTWARE of sysexits.h. */
  fault: 70,
  interrupted: 130,
} as const;
