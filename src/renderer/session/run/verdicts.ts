import type { RunView, VerdictView } from '#shared/run-view/run-view.ts';

/** What the diagnosis says now. */
export function openVerdicts(view: RunView): readonly VerdictView[] {
  return view.verdicts.filter((verdict) => verdict.clearedAt === null);
}

/** Participants that an open verdict names. */
export function stalledParticipants(view: RunView): ReadonlySet<string> {
  const subjects = openVerdicts(view).map((verdict) => verdict.subject);
  return new Set(view.participants.map((one) => one.id).filter((id) => subjects.some((subject) => names(subject, id))));
}

/**
 * What happens next by itself: as the coordinator says now, since a round goes on while its verdict stands. Of a verdict
 * that was cleared, and of a run that is over, what was said last.
 */
export function nextOf(view: RunView, verdict: VerdictView): { readonly action: string; readonly at: number } {
  const { wait } = view;
  // What its process told last of the round is as old as its standing still.
  const unheard = verdict.rule === 'process-frozen' && verdict.subject === view.self;
  const stands = verdict.clearedAt === null && view.endedAt === null && !unheard;
  const waitedFor = wait?.waitingFor.some((participant) => names(verdict.subject, participant)) ?? false;
  if (!stands || wait === null || !waitedFor || wait.nextAction === '')
    return { action: verdict.nextAction, at: verdict.nextActionAt };
  return { action: wait.nextAction, at: wait.deadlineAt };
}

/** Other subjects than participants have a blank in their name, which no participant can have, or are the coordinator. */
function names(subject: string, id: string): boolean {
  return subject === id;
}
