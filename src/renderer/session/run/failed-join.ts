import { useEffect } from 'react';
import type { ErrorReport } from '#shared/base/errors.ts';
import type { RunView } from '#shared/run-view/run-view.ts';
import { changeJoin, useJoinDraft } from './drafts.ts';
import { useRunView, useSession } from '../hooks.ts';
import { navigate } from '../navigation.ts';

/** Back to the form, with its fields kept and the fault at its field, when a join came to nothing. */
export function useFailedJoin(): void {
  const { attempt } = useJoinDraft();
  const outcome = useRunView((view) => outcomeOf(view, attempt));
  const session = useSession();
  useEffect(() => {
    if (outcome === null || outcome === 'open') return;
    const { view } = session.state();
    changeJoin({ attempt: null, failure: outcome === 'failed' && view !== null ? failureOf(view) : null });
    if (outcome === 'failed') navigate({ view: 'join' });
  }, [outcome, session]);
}

/** `open`: not known yet. A run that was taken part in has not failed to be joined, however it ends. */
export function outcomeOf(view: RunView, attempt: string | null): 'open' | 'joined' | 'failed' | null {
  if (attempt === null || view.run !== attempt) return null;
  if (view.round > 0 || view.contributions.length > 0) return 'joined';
  if (view.endedAt === null) return 'open';
  return view.status === 'failed' || view.status === 'unreachable' ? 'failed' : 'joined';
}

/** Why it failed, as the participant reported it; its last words where it did not. */
function failureOf(view: RunView): ErrorReport | null {
  const told = view.notices.findLast(({ error }) => error !== undefined)?.error;
  if (told !== undefined) return told;
  if (view.endReason === '') return null;
  const code = view.status === 'unreachable' ? 'connect_timeout' : 'link_rejected';
  return { code, layer: 'link', message: view.endReason, retryable: true, context: {}, causes: [] };
}
