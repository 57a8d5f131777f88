import type { ParticipantDraft } from './draft.ts';
import type { ParticipantInput } from './state.ts';
import { startIfReady } from './work.ts';

/**
 * Its user pauses: the step under way is finished, then nothing more is computed. The session stays, tasks are taken and
 * kept, and what has been computed already is sent. The coordinator is told, and does not wait.
 */
export function pauseAsked(
  draft: ParticipantDraft,
  { on, reason }: Extract<ParticipantInput, { kind: 'pause' }>,
): void {
  const { s } = draft;
  if (s.paused === on) return;
  s.paused = on;
  draft.report('participant_paused', { participant: s.config.name, paused: on, reason });
  draft.effects.push({ kind: 'hold_work', on });
  if (on) {
    sayPaused(draft, reason);
    if (s.phase === 'train' || s.phase === 'evaluate') draft.enterPhase('idle', s.phaseRound);
    return;
  }
  if (s.data !== null) draft.send({ kind: 'resume', round: s.phaseRound, body: {} });
  const { task } = s;
  if (task === null) return s.phase === 'idle' ? draft.enterPhase('wait', s.phaseRound) : undefined;
  if (task.job === null) startIfReady(draft);
  else draft.enterPhase(task.kind, task.round, task.model ?? undefined);
}

/** After each introduction as well: another life of the coordinator has not heard it. */
export function sayPaused(draft: ParticipantDraft, reason = 'paused by its user'): void {
  const { s } = draft;
  if (s.paused && s.data !== null)
    draft.send({ kind: 'pause', round: s.phaseRound, body: { reason: reason.slice(0, 500) } });
}
