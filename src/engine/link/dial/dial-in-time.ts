import type { DialOptions, Session, Transport } from '#engine/transport/transport.ts';
import { spawn } from '#shared/base/spawn.ts';
import type { Clock } from '#shared/base/time/clock.ts';
import { durationText } from '#shared/base/text/duration.ts';
import { RoundscopeError } from '#shared/base/errors.ts';
import type { Endpoint } from '#shared/contract/app/invitation.ts';

/** What a dial gets beyond its limit to end in order. */
export const dialGraceMs = 1_000;

/**
 * Dials with a limit that holds, also where the transport does not heed it, such as one whose broker takes nothing more.
 * @throws RoundscopeError `connect_timeout` when the limit is over, else what the dial failed with; the reason of
 *   `options.signal` on abort
 */
export async function dialInTime(
  transport: Transport,
  endpoints: readonly Endpoint[],
  { clock, limitMs, options }: { readonly clock: Clock; readonly limitMs: number; readonly options: DialOptions },
): Promise<Session> {
  using deadline = clock.deadline(limitMs, options.signal);
  using guard = clock.deadline(limitMs + dialGraceMs, options.signal);
  const dialing = transport.dial(endpoints, { ...options, signal: deadline });
  const overdue = Promise.withResolvers<never>();
  const onGuard = (): void => overdue.reject(guard.reason);
  if (guard.aborted) onGuard();
  else guard.addEventListener('abort', onGuard, { once: true });
  try {
    return await Promise.race([dialing, overdue.promise]);
  } catch (error) {
    // Left behind, its session would be nobody's.
    if (guard.aborted)
      spawn(
        'closing a session',
        dialing.then(
          (session) => session.close('aborted', 'too late'),
          // That it failed is told by what is thrown here.
          () => undefined,
        ),
      );
    // What the transport found out is more than that the time is over.
    if (error instanceof RoundscopeError || !deadline.aborted || options.signal.aborted) throw error;
    throw new RoundscopeError('connect_timeout', {
      layer: 'transport',
      message: `no connection to the coordinator within ${durationText(limitMs)}`,
      retryable: true,
      cause: error,
    });
  } finally {
    guard.removeEventListener('abort', onGuard);
  }
}
