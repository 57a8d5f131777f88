import type { RunStatus } from './messages.ts';
import type { Protocol, Stack } from './protocols.ts';

/** Last line of `--json`, in wire names. */
export interface RunSummary {
  readonly event: 'summary';
  readonly status: RunStatus;
  readonly reason: string;
  readonly run: string;
  readonly roundsPlanned: number;
  readonly roundsCompleted: number;
  readonly durationS: number;
  readonly accuracy: number | null;
  readonly loss: number | null;
  /** Null where it was not told. */
  readonly baselineAccuracy: number | null;
  /** File with the final global model; null when none was written. */
  readonly model: string | null;
  readonly participants: readonly {
    readonly id: string;
    readonly transport: Protocol;
    readonly stack: Stack;
    readonly connections: number;
    readonly reconnects: number;
    /** Null where the coordinator does not tell. */
    readonly contributions: number | null;
  }[];
  readonly packets: { readonly recorded: number; readonly dropped: number };
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

/** Exit status of every command. */
export const exitStatus = { completed: 0, failed: 1, usage: 2, stalled: 3, unreachable: 4, interrupted: 130 } as const;
