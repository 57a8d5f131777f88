import type { RunId } from '#shared/contract/ids.ts';
import type { Pass, PassTerms } from '#shared/contract/app/invitation.ts';
import { hasSigned, signAs, type Identity } from './identity.ts';

/**
 * The coordinator's signature (Ed25519, RFC 8032: the same for the same terms, so that it need not be kept). It is the
 * secret of the invitation that has it, and never travels: see `passSecret`. Hex. Decision 0087.
 */
export function signPass(identity: Identity, run: RunId, terms: PassTerms): string {
  return Buffer.from(signAs(identity, passText(run, identity.peerId, terms))).toString('hex');
}

export function signedPass(identity: Identity, run: RunId, terms: PassTerms): Pass {
  return { ...terms, signature: signPass(identity, run, terms) };
}

/** Whether the coordinator of that peer id has signed these terms. */
export function isPass(coordinator: string, run: RunId, { signature, ...terms }: Pass): boolean {
  return hasSigned(coordinator, passText(run, coordinator, terms), Buffer.from(signature, 'hex'));
}

/** What a hello is proved with: the run's token, and the pass of the invitation. */
export function passSecret(token: string, signature: string): string {
  return `${token}.${signature}`;
}

/** JSON of a list: no two sets of terms give the same text. */
function passText(run: RunId, coordinator: string, { generation, name, until }: PassTerms): Uint8Array {
  return Buffer.from(JSON.stringify(['roundscope pass 1', run, coordinator, generation, name ?? null, until ?? null]));
}
