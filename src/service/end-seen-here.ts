import type { EventData } from '#shared/contract/events.ts';
import type { RunHost } from './run-host.ts';

/**
 * The end of a run whose own process has not told it. A participant that was stopped by its user here (`stopped`) has left a
 * run that goes on; any other run is over with that.
 */
export function endSeenHere(
  host: RunHost,
  { status, reason }: Pick<EventData<'run_ended'>, 'status' | 'reason'>,
  stopped: boolean,
): EventData<'run_ended'> {
  const left = stopped && status === 'interrupted' && host.opening.told.chair === 'participant';
  return {
    status,
    reason,
    roundsCompleted: host.view.rounds.filter((round) => round.state === 'done').length,
    loss: null,
    accuracy: null,
    ...(left ? { left } : {}),
  };
}
