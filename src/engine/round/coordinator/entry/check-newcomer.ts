import type { Newcomer } from '#engine/link/accept/link-acceptor.ts';
import type { Refusal } from '#engine/link/accept/acceptor-hello.ts';
import type { PassTerms } from '#shared/contract/app/invitation.ts';
import { expelledOf, expelledWords, isRefused, refusedWords, type Admission } from '#engine/round/admission.ts';

/** Of what an answer to a hello may say. */
const reasonMax = 500;

/**
 * Who is turned away at the door, before a link is opened: who was sent away or refused, and newcomers with an invitation
 * that is no longer good. Those who are in the run stay in it, whatever became of the invitation that they came with.
 * @param wallMs by the coordinator's clock
 */
export function checkNewcomer(
  { name, key, terms, known }: Newcomer,
  admission: Admission,
  wallMs: number,
): Refusal | null {
  const expelled = expelledOf(admission, { id: name, key });
  if (expelled !== undefined)
    return { code: 'expelled', reason: expelledWords(name, expelled.reason).slice(0, reasonMax) };
  if (key !== null && isRefused(admission, key)) return { code: 'admission_refused', reason: refusedWords(name) };
  if (terms.name !== undefined && terms.name !== name)
    return { code: 'invitation_of_another', reason: `this invitation was made for ${terms.name}, not for ${name}` };
  return known ? null : checkTerms(terms, admission, wallMs);
}

/** Whether an invitation lets somebody new in, at the door and when it registers: what holds at the one may be over at the other. */
export function checkTerms(terms: PassTerms, admission: Admission, wallMs: number): Refusal | null {
  if (terms.generation !== admission.generation)
    return {
      code: 'invitation_replaced',
      reason: 'this invitation was replaced by a newer one, and lets nobody new in any more',
    };
  if (terms.until !== undefined && wallMs > terms.until)
    return {
      code: 'invitation_expired',
      reason: `this invitation was good until ${new Date(terms.until).toISOString()}, and that is over`,
    };
  return null;
}
