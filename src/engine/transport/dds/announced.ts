import type { Answer } from '../sealed/handshake.ts';
import type { Announcement } from './worker/worker-protocol.ts';

/** The coordinator's answer as it is announced. */
export function answerOf(answer: Answer): Pick<Announcement, 'kind' | 'agreement' | 'proof' | 'reason'> {
  const { type: kind, signature: proof } = answer;
  return answer.type === 'accept'
    ? { kind, proof, agreement: answer.key, reason: '' }
    : { kind, proof, agreement: '', reason: answer.reason };
}

/** What somebody announces as an answer, of which the signature is still to be looked at; null: it is none. */
export function announcedAnswer({ kind, agreement, proof: signature, reason }: Announcement): Answer | null {
  if (kind === 'accept') return { type: kind, key: agreement, signature };
  return kind === 'refuse' ? { type: kind, reason, signature } : null;
}
