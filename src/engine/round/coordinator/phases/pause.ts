import type { HeaderOf } from '#shared/contract/messages.ts';
import type { ParticipantId } from '#shared/contract/ids.ts';
import type { CoordinatorDraft } from '../draft.ts';
import type { CoordinatorState, ParticipantRecord } from '../state.ts';

/** A participant pauses: it stays in the run, and nobody waits for it until it goes on. What it still sends counts. */
export function paused(draft: CoordinatorDraft, participant: ParticipantRecord, header: HeaderOf<'pause'>): void {
  setPaused(draft, participant, { on: true, reason: header.body.reason });
}

/** It goes on: what it was asked for in a round that is still open, it does now. */
export function resumed(draft: CoordinatorDraft, participant: ParticipantRecord): void {
  setPaused(draft, participant, { on: false, reason: 'goes on' });
}

/** Its process or the coordinator's is another one: whoever still pauses says so again. */
export function forgetPause(draft: CoordinatorDraft, participant: ParticipantRecord): void {
  setPaused(draft, participant, { on: false, reason: 'registered again' });
}

function setPaused(
  draft: CoordinatorDraft,
  participant: ParticipantRecord,
  { on, reason }: { readonly on: boolean; readonly reason: string },
): void {
  if (participant.paused === on) return;
  draft.patchParticipant(participant.id, { paused: on });
  draft.report('participant_paused', { participant: participant.id, paused: on, reason });
  draft.waitingSetChanged();
}

export function pauses(state: CoordinatorState, id: ParticipantId): boolean {
  const participant = state.participants.get(id);
  return participant !== undefined && participant.paused && participant.left === null;
}

/** Those of this round who pause and have something to do in it still. */
export function pausedMembers(state: CoordinatorState): ParticipantId[] {
  return [...state.members.values()].flatMap(({ id, contribution, refusal, failure }) =>
    pauses(state, id) && contribution === null && refusal === null && failure === null ? [id] : [],
  );
}

/**
 * While nothing can go on until somebody resumes, no deadline runs; once it can, the phase has its whole time again. A run
 * whose participants all pause waits, and does not fail.
 */
export function suspend(draft: CoordinatorDraft, on: boolean, lastsMs: number): void {
  const { s, now } = draft;
  if (on === (s.deadlineMs === Infinity)) return;
  s.deadlineMs = on ? Infinity : now.monotonicMs + lastsMs;
  draft.waitingSetChanged();
}
