import type { ErrorCode } from '#shared/base/errors.ts';
import { durationText } from '#shared/base/text/duration.ts';
import { timing } from '#shared/contract/limits.ts';
import { decide, stopsWaiting } from './admission.ts';
import type { CoordinatorDraft } from '../draft.ts';
import type { LinkRecord } from '../state.ts';
import { checkTerms } from './check-newcomer.ts';

/** Newcomers need the new invitation from now on: also those who had opened a link before, and have not registered. */
export function renewed(draft: CoordinatorDraft, generation: number): void {
  if (generation <= draft.s.admission.generation) return;
  decide(draft, { kind: 'renewed', generation });
  draft.report('invitation_renewed', { generation });
  for (const link of strangers(draft)) {
    const outdated = link.owns ? null : checkTerms(link.terms, draft.s.admission, draft.now.wallMs);
    if (outdated !== null) letGo(draft, link, outdated.code, outdated.reason);
  }
}

/** Who has opened a link takes part soon, or makes room for others; who waits for an answer does so for longer, and not for ever. */
export function letGoOfStrangers(draft: CoordinatorDraft): void {
  const { s, now } = draft;
  if (now.monotonicMs < s.strangersAtMs) return;
  s.strangersAtMs = Infinity;
  for (const link of strangers(draft)) {
    const asking = s.asking.get(link.peerKey);
    const waits = asking?.link === link.link;
    const dueMs = waits ? asking.sinceMs + timing.answerWithinMs : link.openedMs + timing.registerWithinMs;
    if (now.monotonicMs < dueMs) s.strangersAtMs = Math.min(s.strangersAtMs, dueMs);
    else if (waits)
      letGo(
        draft,
        link,
        'admission_refused',
        `nobody has answered for ${durationText(timing.answerWithinMs)}; ask again`,
      );
    else letGo(draft, link, 'timeout', `it did not register within ${durationText(timing.registerWithinMs)}`);
  }
}

/** Links of those who do not take part over them. */
function strangers({ s }: CoordinatorDraft): readonly LinkRecord[] {
  return [...s.links.values()].filter(({ link, participant }) => s.participants.get(participant)?.link !== link);
}

function letGo(draft: CoordinatorDraft, link: LinkRecord, code: ErrorCode, reason: string): void {
  stopsWaiting(draft, link, reason);
  draft.send(link.link, { kind: 'error', round: draft.s.round, body: { code, reason } });
  draft.effects.push({ kind: 'close_link', link: link.link, code, reason });
}
