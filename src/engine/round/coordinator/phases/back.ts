import type { ParticipantId } from '#shared/contract/ids.ts';
import type { CoordinatorDraft } from '../draft.ts';
import { roundEndsKept, type ParticipantRecord, type RoundEnd } from '../state.ts';
import { askToTrain, newMember } from './training.ts';

/** Tells all who are here how a round has ended, and keeps it for those who are away. */
export function tellRoundEnd(draft: CoordinatorDraft, end: RoundEnd): void {
  const { s } = draft;
  s.ends = [...s.ends, end].slice(-roundEndsKept);
  for (const participant of s.participants.values()) {
    if (!draft.hears(participant)) continue;
    sendRoundEnd(draft, participant, end);
    draft.patchParticipant(participant.id, { toldRound: end.round });
  }
}

/** Each is told how its own update counted, and not the others'. */
function sendRoundEnd(
  draft: CoordinatorDraft,
  { id, link }: ParticipantRecord,
  { round, body, weights }: RoundEnd,
): void {
  const own = weights.get(id);
  draft.send(link, { kind: 'round_summary', round, body: own === undefined ? body : { ...body, own } });
}

/** Whoever slept through the ends of rounds hears them when it is back, in their order: the latest ones. */
export function tellMissedEnds(draft: CoordinatorDraft, id: ParticipantId): void {
  const participant = draft.s.participants.get(id);
  if (participant === undefined || participant.left !== null) return;
  const missed = draft.s.ends.filter(({ round }) => round > participant.toldRound);
  for (const end of missed) sendRoundEnd(draft, participant, end);
  const last = missed.at(-1);
  if (last !== undefined) draft.patchParticipant(id, { toldRound: last.round });
}

/**
 * A participant was away when the round began and is back while much of its time is left: it is asked as well, and counts if
 * it is in time. Nobody waits for it, since the round was begun without it.
 */
export function takeInLate(draft: CoordinatorDraft, id: ParticipantId): void {
  const { s, now } = draft;
  const participant = s.participants.get(id);
  if (participant === undefined || !mayTakePart(draft, participant)) return;
  const leftMs = s.deadlineMs - now.monotonicMs;
  // Who trains as long as the others needs about what they need, and they have had some of the time already.
  if (leftMs === Infinity || leftMs < s.config.settings.trainingDeadlineMs / 2) return;
  draft.addMember(newMember(participant, false, now.monotonicMs));
  draft.journal({ kind: 'member', member: { id, awaited: false } });
  draft.waitingSetChanged();
  askToTrain(draft, participant);
}

function mayTakePart({ s }: CoordinatorDraft, { id, left, paused, fromRound }: ParticipantRecord): boolean {
  if (s.phase !== 'distributing' && s.phase !== 'training') return false;
  return left === null && !paused && fromRound <= s.round && !s.members.has(id);
}
