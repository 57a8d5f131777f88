import { createHmac, timingSafeEqual } from 'node:crypto';
import { RoundscopeError } from '#shared/base/errors.ts';
import type { RunStatus } from '#shared/contract/messages.ts';
import type { LastWord } from './transport.ts';

/** Anybody at a broker elsewhere may leave a message there; only who has the token may end a run. */
export function endProof(token: string, run: string, { status, reason }: LastWord): string {
  return createHmac('sha256', token).update(['ended', run, status, reason].join('\n')).digest('hex');
}

/** What a coordinator left behind whose run is over, as an error for whoever dials; null: it is from somebody who has not the token. */
export function runOver(
  { status, reason, proof }: { readonly status: RunStatus; readonly reason: string; readonly proof: string },
  token: string,
  run: string,
): RoundscopeError | null {
  const [shown, expected] = [Buffer.from(proof), Buffer.from(endProof(token, run, { status, reason }))];
  if (shown.length !== expected.length || !timingSafeEqual(shown, expected)) return null;
  return new RoundscopeError('run_over', { layer: 'transport', message: reason, context: { status } });
}
