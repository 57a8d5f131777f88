import type { ErrorCode } from '#shared/base/errors.ts';
import { isExpected, admitsAnyone } from '#shared/contract/run/admission.ts';
import { limits } from '#shared/contract/limits.ts';
import type { ParticipantId } from '#shared/contract/ids.ts';
import type { HeaderOf } from '#shared/contract/messages.ts';
import {
  expelledOf,
  expelledWords,
  isAdmitted,
  isRefused,
  refusedWords,
  withDecision,
  type Decision,
} from '#engine/round/admission.ts';
import type { CoordinatorDraft } from '../draft.ts';
import type { Asking, LinkRecord } from '../state.ts';
import { checkTerms } from './check-newcomer.ts';

/** What becomes of somebody who registers. */
export type Entry =
  | { readonly kind: 'in' }
  | { readonly kind: 'waits' }
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly reason: string };

/**
 * Whether the coordinator's user wants this participant, as far as that is known. An invitation of its own, a place on the
 * list and a former yes are answers; where newcomers are asked about, everybody else waits for one.
 */
export function entryOf(draft: CoordinatorDraft, link: LinkRecord): Entry {
  const { admission, participants, config } = draft.s;
  const { participant: id, peerKey: key } = link;
  const { rule, entries } = config.admission ?? admitsAnyone;
  const expelled = expelledOf(admission, { id, key });
  if (expelled !== undefined) return refused('expelled', expelledWords(id, expelled.reason));
  const other = [...participants.values()].find((one) => one.left === null && one.key === key && one.id !== id);
  if (other !== undefined)
    return refused('key_has_name', `this key takes part as ${other.id} already, and one key has one name in a run`);
  const known = participants.get(id);
  if (known !== undefined && known.key === key && known.left === null) return { kind: 'in' };
  const outdated = link.owns ? null : checkTerms(link.terms, admission, draft.now.wallMs);
  if (outdated !== null) return refused(outdated.code, outdated.reason);
  if (isRefused(admission, key)) return refused('admission_refused', refusedWords(id));
  if (link.terms.name !== undefined || isAdmitted(admission, key) || rule === 'anyone') return { kind: 'in' };
  if (isExpected({ rule, entries }, { id, key })) return { kind: 'in' };
  if (rule === 'list')
    return refused('admission_refused', `this run takes those on the coordinator's list, and ${id} is not on it`);
  if (draft.s.asking.size >= limits.admissionWaitingMax && !draft.s.asking.has(key))
    return refused('admission_refused', `${draft.s.asking.size} others wait to be let in; try again later`);
  return { kind: 'waits' };
}

/** It is told that it waits, and whoever coordinates is asked. */
export function waitToBeLetIn(draft: CoordinatorDraft, link: LinkRecord, header: HeaderOf<'register'>): void {
  const { peerKey: key } = link;
  const before = draft.s.asking.get(key);
  const { sinceMs = draft.now.monotonicMs, times = 0 } = before ?? {};
  draft.s.asking = new Map([...draft.s.asking, [key, { link: link.link, header, sinceMs, times: times + 1 }]]);
  const reason = 'whoever coordinates decides who takes part, and has not decided yet';
  // Asked again it is no news: it is counted.
  if (before === undefined) draft.report('admission', { ...whoIs(link), state: 'waiting', reason });
  draft.send(link.link, {
    kind: 'admission',
    round: draft.s.round,
    replyTo: header.id,
    body: { state: 'waiting', reason },
  });
  draft.waitingSetChanged();
}

/** Its link is closed before anybody has decided. */
export function stopsWaiting(draft: CoordinatorDraft, link: LinkRecord, reason: string): void {
  const asking = draft.s.asking.get(link.peerKey);
  if (asking?.link !== link.link) return;
  forgetAsking(draft, link.peerKey);
  draft.report('admission', { ...whoIs(link), state: 'gone', reason: `${reason}${timesWords(asking)}`.slice(0, 1000) });
}

/** Of what is told once however often it was asked. */
export function timesWords({ times }: Asking): string {
  return times > 1 ? ` (it asked ${times} times)` : '';
}

/**
 * Takes the one that is asked about off the list of those who wait: of several of one name the first, unless it is said
 * which. Null: nobody of that name, or of that key, waits.
 */
export function decided(
  draft: CoordinatorDraft,
  { participant, key }: { readonly participant: ParticipantId; readonly key?: string | undefined },
): { readonly link: LinkRecord; readonly asking: Asking } | null {
  for (const [who, asking] of draft.s.asking) {
    const link = draft.s.links.get(asking.link);
    // Another one may have come under that name since the question was read.
    if (link?.participant !== participant || (key !== undefined && key !== who)) continue;
    forgetAsking(draft, who);
    return { link, asking };
  }
  return null;
}

/** To be on disk before it is told. Decision 0076. */
export function decide(draft: CoordinatorDraft, decision: Decision): void {
  draft.s.admission = withDecision(draft.s.admission, decision);
  draft.journal(decision);
  draft.effects.push({ kind: 'admission', admission: draft.s.admission });
}

export function forgetAsking(draft: CoordinatorDraft, key: string): void {
  draft.s.asking = new Map([...draft.s.asking].filter(([one]) => one !== key));
  draft.waitingSetChanged();
}

export function whoIs({ participant, peerKey, address }: LinkRecord): {
  readonly participant: ParticipantId;
  readonly key: string;
  readonly address: string;
} {
  return { participant, key: peerKey, address };
}

function refused(code: ErrorCode, reason: string): Entry {
  return { kind: 'refused', code, reason };
}
