import type { RunView } from './run-view.ts';
import { ownParticipant } from './seat.ts';

/** What whoever stops a run gives as the reason, on the machine on which it is stopped. */
const stoppedByUser: ReadonlySet<string> = new Set(['interrupted by the user', 'stopped in the window', 'stopped']);

/**
 * Why the coordinator has ended a run early, in words for another machine: "the user" of whom its own reason speaks is
 * not the one who reads it here. Empty: it gave no reason.
 */
export function coordinatorEndReason(told: string): string {
  const reason = told.replace(/^the coordinator left: /, '').replace(/^the run is over: (interrupted(: |$))?/, '');
  if (stoppedByUser.has(reason)) return 'its user stopped it';
  if (reason === 'the app was closed') return 'its app was closed';
  return reason === 'interrupted' ? '' : reason;
}

/** How this node parted from a run that goes on: `You left at round 20`, `This node's process ended (SIGKILL)`. */
export function leftWords(view: RunView): string {
  const { round, status } = view;
  if (status === 'failed') return processEndWords(ownParticipant(view)?.exited?.note ?? '');
  return round === 0 ? 'You left before the first round' : `You left at round ${round}`;
}

/** Of the note of its end, the way without its last words: `This node's process ended (SIGKILL)`. */
export function processEndWords(note: string): string {
  const how = note.replace(/^ended by /, '').replace(/:[^]*$/, '');
  return `This node's process ended${how === '' ? '' : ` (${how})`}`;
}

/** What is known of a run that one has left. */
export const goesOnWords = 'the run goes on without this node, as far as is known here';

/** How a run that did not come to its end was ended, for a list of runs and below its name. */
export function endReasonWords(
  { status, reason, left }: { readonly status: string; readonly reason: string; readonly left: boolean },
  isParticipant: boolean,
): string {
  if (isParticipant && left)
    return `${status === 'failed' ? "this node's process ended" : 'you left'}; how it went on is not known here`;
  if (!isParticipant || status !== 'interrupted') return reason;
  // Of an app that died before the run did it is not known who ended what.
  if (reason === appDiedReason) return reason;
  const why = coordinatorEndReason(reason);
  return `the coordinator ended it${why === '' ? '' : `: ${why}`}`;
}

/** A run in the list of runs whose app left no word of its end. */
export const appDiedReason = 'the app ended before the run did';
