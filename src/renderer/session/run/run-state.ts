import type { Chair } from '#shared/contract/events.ts';
import type { RunView } from '#shared/run-view/run-view.ts';
import type { SessionState } from '../session.ts';

/** What this app is busy with, so that no second run may begin; null: nothing. */
export type Busy =
  | { readonly kind: 'run'; readonly name: string; readonly chair: Chair; readonly self: string | null }
  | { readonly kind: 'comparison' }
  /** This window shows a recording: it is closed first. */
  | { readonly kind: 'recording' };

export function busyWith({
  view,
  comparison,
  source,
}: Pick<SessionState, 'view' | 'comparison' | 'source'>): Busy | null {
  if (source.kind === 'recording') return { kind: 'recording' };
  if (comparison?.state === 'running') return { kind: 'comparison' };
  if (view === null || view.endedAt !== null) return null;
  return { kind: 'run', name: view.name, chair: chairOf(view), self: view.self };
}

/** From where this app sees the run; older recordings say it only by what else they hold. */
export function chairOf(view: Pick<RunView, 'chair' | 'demo' | 'self'>): Chair {
  return view.chair ?? (view.demo !== null ? 'demo' : view.self !== null ? 'participant' : 'coordinator');
}

/** Why nothing else can be started now, as a whole sentence. */
export function busySentence(busy: Busy): string {
  if (busy.kind === 'comparison') return 'A comparison of transports is going on; one run at a time.';
  if (busy.kind === 'recording') return 'This window shows a recording; close it to begin a run.';
  if (busy.chair === 'demo') return 'The demo is running; one run at a time.';
  if (busy.chair === 'coordinator') return `This window coordinates ${busy.name}; one run at a time.`;
  return `This window takes part in ${busy.name}${busy.self === null ? '' : ` as ${busy.self}`}; one run at a time.`;
}

/** What ending it is called from this chair. */
export function endWord(busy: Busy): 'Leave' | 'Stop' | 'Close' {
  if (busy.kind === 'recording') return 'Close';
  return busy.kind === 'run' && busy.chair === 'participant' ? 'Leave' : 'Stop';
}
