import { RoundscopeError } from '#shared/base/errors.ts';
import type { RunStatus } from '#shared/contract/messages.ts';
import { hasSigned, signAs, type Identity } from '#engine/identity/identity.ts';
import type { LastWord } from './transport.ts';

/** Anybody at a broker elsewhere may leave a message there, and all participants have the token; only the coordinator ends a run. Hex. */
export function signEnd(identity: Identity, run: string, word: LastWord): string {
  return Buffer.from(signAs(identity, endText(run, word))).toString('hex');
}

/** What a coordinator left behind whose run is over, as an error for whoever dials; null: it is from somebody else. */
export function runOver(
  { status, reason, proof }: { readonly status: RunStatus; readonly reason: string; readonly proof: string },
  coordinator: string,
  run: string,
): RoundscopeError | null {
  if (!hasSigned(coordinator, endText(run, { status, reason }), Buffer.from(proof, 'hex'))) return null;
  return new RoundscopeError('run_over', { layer: 'transport', message: reason, context: { status } });
}

function endText(run: string, { status, reason }: LastWord): Uint8Array {
  return Buffer.from(JSON.stringify(['roundscope ended', run, status, reason]));
}
