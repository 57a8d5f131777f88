import type { EventData } from '#shared/contract/events.ts';
import type { ChildEnd } from '#demo/supervised-child.ts';
import type { RunHost } from './run-host.ts';

/**
 * The end of a run whose own process has not told it. A participant that was stopped by its user here (`stopped`), or whose
 * process died, is out of a run that goes on; any other run is over with that.
 */
export function endSeenHere(
  host: RunHost,
  { status, reason, error }: Pick<ChildEnd, 'status' | 'reason' | 'error'>,
  stopped: boolean,
): EventData<'run_ended'> {
  const parted = (stopped && status === 'interrupted') || error?.code === 'process_exited';
  const left = parted && host.opening.told.chair === 'participant';
  return {
    status,
    reason,
    roundsCompleted: host.view.rounds.filter((round) => round.state === 'done').length,
    loss: null,
    accuracy: null,
    ...(left ? { left } : {}),
  };
}
