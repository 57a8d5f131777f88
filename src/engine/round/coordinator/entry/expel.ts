import { expelledUpdateWords } from '#shared/contract/run/admission.ts';
import type { EventData } from '#shared/contract/events.ts';
import type { ParticipantId } from '#shared/contract/ids.ts';
import { expelledWords } from '#engine/round/admission.ts';
import { decide, forgetAsking } from './admission.ts';
import type { CoordinatorDraft } from '../draft.ts';
import { takeOut } from './registration.ts';
import type { LinkRecord, Member } from '../state.ts';

type UpdateOutcome = EventData<'participant_expelled'>['update'];

/**
 * Sends a key away for the rest of the run, and its name with it unless that is another one's by now: whether it is here,
 * away, waits or has left. Its update of the round under way stops counting, unless the average has begun: what is in it
 * cannot be taken out. Its evaluation does not count. Decision 0088.
 * @param who `key`: of whom the user was asked about; absent: whoever has the name, waits under it or had it last
 */
export function expel(
  draft: CoordinatorDraft,
  who: { readonly participant: ParticipantId; readonly key?: string | undefined; readonly reason: string },
): void {
  const { s } = draft;
  const id = who.participant;
  const holder = s.participants.get(id);
  const named = [...s.links.values()].filter(({ participant }) => participant === id);
  const key = who.key ?? (holder?.left === null ? holder.key : undefined) ?? named.at(-1)?.peerKey ?? holder?.key;
  if (key === undefined) {
    const text = `Nobody of the name ${id} is here, so nobody was sent away.`;
    return draft.report('notice', { level: 'warning', text });
  }
  const why = who.reason.slice(0, 400);
  forgetAsking(draft, key);
  // It may have left under the name that was asked about, and be here under another one.
  const names = new Set(
    [...[...s.participants.values(), ...s.members.values()].filter((one) => one.key === key)].map((one) => one.id),
  );
  const outcomes = [...names.add(id)].map((name) => sendAway(draft, { id: name, key, why }));
  const update =
    outcomes.find((outcome) => outcome === 'dropped') ?? outcomes.find((outcome) => outcome === 'kept') ?? 'none';
  for (const link of s.links.values()) if (link.peerKey === key) tell(draft, link, { why, update });
}

/** That key, as far as it has or had that name. */
function sendAway(
  draft: CoordinatorDraft,
  { id, key, why }: { readonly id: ParticipantId; readonly key: string; readonly why: string },
): UpdateOutcome {
  const { s } = draft;
  const holder = s.participants.get(id);
  const member = s.members.get(id);
  const own = member?.key === key ? member : undefined;
  const update = outcomeOf(draft, own);
  const stays =
    holder !== undefined && holder.left === null && holder.key !== key ? ({ nameStays: true } as const) : {};
  // That it has left as well is not a record of its own: between two the process may die.
  decide(draft, { kind: 'expelled', id, key, reason: why, drops: update === 'dropped', ...stays });
  if (own !== undefined) takeBack(draft, own, update);
  draft.report('participant_expelled', { participant: id, key, reason: why, round: s.round, update, ...stays });
  if (holder?.key === key && holder.left === null)
    takeOut(draft, s.participants.get(id) ?? holder, { reason: expelledWords(id, why), clean: true });
  return update;
}

function outcomeOf({ s }: CoordinatorDraft, member: Member | undefined): UpdateOutcome {
  if (member === undefined || member.contribution === null) return 'none';
  return s.phase === 'distributing' || s.phase === 'training' ? 'dropped' : 'kept';
}

function takeBack(draft: CoordinatorDraft, { id, key }: Member, update: UpdateOutcome): void {
  const checks = { evaluates: 'no', evaluation: null } as const;
  draft.patchMember(id, update === 'dropped' ? { ...checks, contribution: null } : checks);
  const participant = draft.s.participants.get(id);
  if (update === 'dropped' && participant?.key === key)
    draft.patchParticipant(id, { counted: Math.max(0, participant.counted - 1), lastCounted: null });
}

function tell(
  draft: CoordinatorDraft,
  { link, participant }: LinkRecord,
  { why, update }: { readonly why: string; readonly update: UpdateOutcome },
): void {
  const outcome = expelledUpdateWords(update, draft.s.round);
  const reason = `${expelledWords(participant, why)}${outcome === '' ? '' : `; ${outcome}`}`.slice(0, 500);
  draft.send(link, { kind: 'error', round: draft.s.round, body: { code: 'expelled', reason } });
  draft.effects.push({ kind: 'close_link', link, code: 'expelled', reason, cut: true });
}
