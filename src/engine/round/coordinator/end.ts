import { toErrorReport } from '#shared/base/errors.ts';
import { faultWords } from '#shared/base/invariant.ts';
import type { RunStatus } from '#shared/contract/messages.ts';
import { CoordinatorDraft } from './draft.ts';
import type { CoordinatorEffect, CoordinatorState } from './state.ts';
import type { Instant, RunOutcome, Step } from '../machine.ts';

/** Longest reason that the contract lets travel. */
const reasonMax = 500;

/** Tells everybody, away or not: whoever's link comes back while the driver closes the links still hears it. */
export function endRun(draft: CoordinatorDraft, status: RunStatus, reason: string): void {
  const { s } = draft;
  const outcome: RunOutcome = {
    status,
    reason: reason.length > reasonMax ? `${reason.slice(0, reasonMax - 1)}…` : reason,
    roundsCompleted: s.roundsCompleted,
    loss: s.loss,
    accuracy: s.accuracy,
  };
  draft.journal({ kind: 'ended', outcome });
  endAgain(draft, outcome);
}

/** The same where the end is in memory already: the process that came to it died before it had told everybody. */
export function endAgain(draft: CoordinatorDraft, outcome: RunOutcome): void {
  const { s } = draft;
  s.phase = 'closing';
  s.deadlineMs = Infinity;
  s.outcome = outcome;
  for (const { link } of draft.remaining())
    draft.send(link, { kind: 'training_complete', round: s.round, body: { ...outcome } });
  draft.report('run_ended', { ...outcome });
  draft.effects.push({ kind: 'end', outcome });
}

/** A step broke a rule of the machine, or could not be done: the run ends from where it stood, and everybody is told. */
export function endByFault(
  state: CoordinatorState,
  error: unknown,
  now: Instant,
): Step<CoordinatorState, CoordinatorEffect> {
  const draft = new CoordinatorDraft(state, now);
  const text = faultWords(error);
  draft.report('notice', { level: 'error', text: text.slice(0, 1000), error: toErrorReport(error) });
  if (state.outcome === null) endRun(draft, 'failed', text);
  return { state: draft.s, effects: draft.effects, wakeAtMs: Infinity };
}
