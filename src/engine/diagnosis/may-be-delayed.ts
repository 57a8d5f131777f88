import { timing } from '#shared/contract/limits.ts';
import type { RunObservation } from './observation.ts';

/** Of a standstill through which sessions lasted: the heartbeats by which a peer finds that it is not heard, and a dial. */
const heardAgainMs = 2000;
/** Of a longer one, in which they were given up, no more is granted than the pauses between attempts to dial grow to. */
const redialedMsMax = 15_000;

/**
 * What was sent while the coordinator stood still may be lost at its socket. A session that this ends takes two or three
 * heartbeats to be dialed again; where all were given up meanwhile, attempts pause for about as long as nobody answered.
 * Decision 0068.
 */
export function mayBeDelayed({ coordinatorAway: away, now }: RunObservation, limitMs: number): boolean {
  if (away === null) return false;
  const awayMs = away.to - away.from;
  const grantMs = awayMs < timing.peerSilentMs ? heardAgainMs : Math.min(awayMs, redialedMsMax);
  return now - away.to < limitMs + grantMs;
}
