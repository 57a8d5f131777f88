import { timing } from '#shared/contract/limits.ts';
import type { Finding } from '../finding.ts';
import type { RunObservation } from '../observation.ts';

/** A cause that lies with none of the participants, and what of theirs it explains. */
export interface SharedCause {
  readonly finding: Finding;
  /** Whether a participant's own finding is nothing but its consequence. */
  readonly explains: (finding: Finding) => boolean;
}

/** What is found of a link that its two ends need not be to blame for. */
export const linkRules: ReadonlySet<string> = new Set([
  'link-flapping',
  'link-lost',
  'participant-silent',
  'transfer-stuck',
]);
/** How long a return is told at least, ... */
export const backMs = 3000;
/**
 * ... and for how long whose link was given up meanwhile may take to dial again. Its last attempt may have begun while the
 * cause still lasted, and takes its time to fail; the pauses after it have grown to `redialMaxMs`.
 */
const returnMs = timing.connectTimeoutMs + timing.redialMaxMs + 3000;

/** Whether somebody has not found back yet, and need not have by now. */
export function awaitsReturn(run: RunObservation, backAt: number): boolean {
  if (run.now - backAt > returnMs) return false;
  return [...run.participants.values()].some(
    ({ joined, left, exited, linkDown }) =>
      joined && left === null && exited === null && linkDown !== null && linkDown.at <= backAt + backMs,
  );
}
