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

/** Subjects are free text that names participants; `node-1` must not be found in `node-10`. */
function names(subject: string, id: string): boolean {
  return subject.split(/[\s,]+/).includes(id);
}
