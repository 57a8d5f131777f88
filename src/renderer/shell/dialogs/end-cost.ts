import type { Busy } from '#renderer/session/run/run-state.ts';
import type { RunView } from '#shared/run-view/run-view.ts';

/**
 * What ending it means, for whoever is asked.
 * @param unheard nothing can be told to the coordinator now
 */
export function costOf(busy: Exclude<Busy, { kind: 'recording' }>, unheard: boolean): string {
  if (busy.kind === 'comparison') return 'The runs that are done keep their figures; the others are not made.';
  if (busy.chair === 'demo') return 'Its coordinator and participants end. What was recorded stays.';
  if (busy.chair === 'coordinator') {
    return 'The run ends for everybody who takes part; they are told. The model as it is now is kept on this machine.';
  }
  if (unheard) {
    return 'The coordinator cannot be told now; it goes on without this machine once it misses it. You can join again while the run lasts.';
  }
  return 'The coordinator is told, and the others go on without this machine. You can join again while the run lasts.';
}

/** What of this machine's own work the coordinator has not got; empty: nothing. */
export function unfinishedWork(view: RunView): string {
  const last = view.contributions.at(-1);
  if (last === undefined) return '';
  if (last.outcome === 'training') return `The training of round ${last.round} is under way and would be lost.`;
  if (last.outcome === 'kept') return `The update of round ${last.round} is computed but not sent; it would not count.`;
  if (last.outcome === 'sent') return `The update of round ${last.round} is sent but not yet acknowledged.`;
  return '';
}
