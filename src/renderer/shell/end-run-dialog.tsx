import { useEffect } from 'react';
import type { JSX } from 'react';
import { spawn } from '#shared/base/spawn.ts';
import { Dialog } from '#renderer/components/dialog.tsx';
import { ErrorCard } from '#renderer/components/error-card.tsx';
import { forgetEnding } from '#renderer/session/ending.ts';
import { useRequest, useRunView } from '#renderer/session/hooks.ts';
import { useBusy } from '#renderer/session/run-requests.ts';
import { endWord } from '#renderer/session/run-state.ts';
import type { Busy } from '#renderer/session/run-state.ts';
import type { RunView } from '#shared/run-view/run-view.ts';

/** Asks before a run is left or stopped, and says what is lost by it. */
export function EndRunDialog(): JSX.Element | null {
  const busy = useBusy();
  const work = useRunView(unfinishedWork) ?? '';
  const { state, send } = useRequest('stop_run');
  useEffect(() => {
    // It may end by itself while the question stands.
    if (busy === null) forgetEnding();
  }, [busy]);
  if (busy === null) return null;
  const word = endWord(busy);
  const what = busy.kind === 'comparison' ? 'the comparison' : busy.chair === 'demo' ? 'the demo' : busy.name;
  const pending = state.kind === 'pending';
  return (
    <Dialog label={`${word} ${what}?`} className="ask" onClose={forgetEnding}>
      <h2>
        {word} {what}?
      </h2>
      <p>{costOf(busy)}</p>
      {busy.kind === 'run' && busy.chair === 'participant' && work !== '' && <p className="wrn">{work}</p>}
      {state.kind === 'failed' && <ErrorCard error={state.error} />}
      <div className="acts">
        <button type="button" className="btn" onClick={forgetEnding}>
          Go on
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

function costOf(busy: Busy): string {
  if (busy.kind === 'comparison') return 'The runs that are done keep their figures; the others are not made.';
  if (busy.chair === 'demo') return 'Its coordinator and participants end. What was recorded stays.';
  if (busy.chair === 'coordinator') {
    return 'The run ends for everybody who takes part; they are told. The model as it is now is kept on this machine.';
  }
  return 'The coordinator is told, and the others go on without this machine. You can join again while the run lasts.';
}

/** What of this machine's own work the coordinator has not got; empty: nothing. */
function unfinishedWork(view: RunView): string {
  const last = view.contributions.at(-1);
  if (last === undefined) return '';
  if (last.fate === 'training') return `The training of round ${last.round} is under way and would be lost.`;
  if (last.fate === 'kept') return `The update of round ${last.round} is computed but not sent; it would not count.`;
  if (last.fate === 'sent') return `The update of round ${last.round} is sent but not yet acknowledged.`;
  return '';
}
