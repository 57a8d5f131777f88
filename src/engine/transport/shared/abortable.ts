import { spawn } from '#shared/base/spawn.ts';
import type { QuicSession } from '../quic/quic-session.ts';

/**
 * The promise's outcome, or the signal's reason when that comes first. The work itself goes on; whoever began it ends it.
 * Its late failure is nobody's any more.
 */
export async function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason);
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
    work.catch(() => undefined);
  }
}

/** Aborts when the session ends: a provider may leave calls that were under way without an answer then. */
export function endOf(session: Pick<QuicSession, 'closed'>): AbortSignal {
  const over = new AbortController();
  spawn(
    'watching a session',
    session.closed.then(({ reason }) => over.abort(new Error(`the session has ended: ${reason}`))),
  );
  return over.signal;
}
