import { expelledUpdateWords } from '#shared/contract/admission.ts';
import type { EventData } from '#shared/contract/events.ts';
import type { ParticipantId } from '#shared/contract/ids.ts';
import { decide, expelledWords, forgetAsking } from './coordinator-admission.ts';
import type { CoordinatorDraft } from './coordinator-draft.ts';
import { participantGone } from './coordinator-registration.ts';
import type { LinkRecord, Member } from './coordinator-state.ts';

type Fate = EventData<'participant_expelled'>['update'];

/**
 * Sends somebody away for the rest of the run, by name and key, whether it is here, away or waits. Its update of the round
 * under way stops counting, unless the average has begun: what is in it cannot be taken out. Its evaluation does not count.
 */
export function expel(
  draft: CoordinatorDraft,
  { participant: id, reason }: { readonly participant: ParticipantId; readonly reason: string },
): void {
  const { s } = draft;
  const links = [...s.links.values()].filter(({ participant }) => participant === id);
  const known = s.participants.get(id);
  const key = (known?.left === null ? known.key : undefined) ?? links.at(-1)?.peerKey;
  if (key === undefined) {
    const text = `Nobody of the name ${id} is here, so nobody was sent away.`;
    return draft.report('notice', { level: 'warning', text });
  }
  const member = s.members.get(id);
  const update = fateOf(draft, member);
  const why = reason.slice(0, 400);
  if (s.asking.has(id)) forgetAsking(draft, id);
  decide(draft, { kind: 'expelled', id, key, reason: why, drops: update === 'dropped' });
  if (member !== undefined) takeBack(draft, member, update);
  draft.report('participant_expelled', { participant: id, key, reason: why, round: s.round, update });
  if (known !== undefined) participantGone(draft, known, { reason: expelledWords(id, why), clean: true });
  for (const link of links) tell(draft, link, { why, update });
}

function fateOf({ s }: CoordinatorDraft, member: Member | undefined): Fate {
  if (member === undefined || member.contribution === null) return 'none';
  return s.phase === 'distributing' || s.phase === 'training' ? 'dropped' : 'kept';
}

function takeBack(draft: CoordinatorDraft, { id }: Member, update: Fate): void {
  const judges = { evaluates: 'no', evaluation: null } as const;
  draft.patchMember(id, update === 'dropped' ? { ...judges, contribution: null } : judges);
  const participant = draft.s.participants.get(id);
  if (update === 'dropped' && participant !== undefined)
    draft.patchParticipant(id, { counted: Math.max(0, participant.counted - 1), lastCounted: null });
}

function tell(
  draft: CoordinatorDraft,
  { link, participant }: LinkRecord,
  { why, update }: { readonly why: string; readonly update: Fate },
): void {
  const fate = expelledUpdateWords(update, draft.s.round);
  const reason = `${expelledWords(participant, why)}${fate === '' ? '' : `; ${fate}`}`.slice(0, 500);
  draft.send(link, { kind: 'error', round: draft.s.round, body: { code: 'expelled', reason } });
  draft.effects.push({ kind: 'close_link', link, code: 'expelled', reason });
}
