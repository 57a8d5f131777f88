import { useEffect } from 'react';
import type { JSX } from 'react';
import { spawn } from '#shared/base/spawn.ts';
import { Dialog } from '#renderer/components/dialog.tsx';
import { ErrorCard } from '#renderer/components/error-card.tsx';
import { forgetEnding } from '#renderer/session/run/ending.ts';
import { useRequest, useRunView } from '#renderer/session/hooks.ts';
import { useRecordingActions } from '#renderer/session/recordings/recordings.ts';
import { seatLink, unheardSince } from '#renderer/session/run/seat-link.ts';
import { useBusy } from '#renderer/session/run/run-requests.ts';
import { endWord } from '#renderer/session/run/run-state.ts';
import { costOf, unfinishedWork } from './end-cost.ts';

/** Asks before a run is left or stopped, and says what is lost by it. */
export function EndRunDialog(): JSX.Element | null {
  const busy = useBusy();
  const work = useRunView(unfinishedWork) ?? '';
  const unheard = useRunView((view) => unheardSince(seatLink(view, 0)) !== null) ?? false;
  const { state, send } = useRequest('stop_run');
  useEffect(() => {
    // It may end by itself while the question stands.
    if (busy === null) forgetEnding();
  }, [busy]);
  const { close } = useRecordingActions();
  const isRecording = busy?.kind === 'recording';
  useEffect(() => {
    // Nothing is lost by it, so nothing is asked.
    if (!isRecording) return;
    forgetEnding();
    close();
  }, [isRecording, close]);
  if (busy === null || busy.kind === 'recording') return null;
  const word = endWord(busy);
  const what = busy.kind === 'comparison' ? 'the comparison' : busy.chair === 'demo' ? 'the demo' : busy.name;
  const pending = state.kind === 'pending';
  return (
    <Dialog label={`${word} ${what}?`} className="ask" onClose={forgetEnding}>
      <h2>
        {word} {what}?
      </h2>
      <p>{costOf(busy, unheard)}</p>
      {busy.kind === 'run' && busy.chair === 'participant' && work !== '' && <p className="wrn">{work}</p>}
      {state.kind === 'failed' && <ErrorCard error={state.error} />}
      <div className="acts">
        <button type="button" className="btn" onClick={forgetEnding}>
          Cancel
        </button>
        <button
          type="button"
          className="btn pri"
          disabled={pending}
          onClick={() =>
            spawn(
              'ending the run',
              send({}).then((done) => done !== null && forgetEnding()),
            )
          }
        >
          {pending ? 'Saying goodbye' : word}
        </button>
      </div>
    </Dialog>
  );
}
