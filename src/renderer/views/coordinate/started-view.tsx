import { useEffect } from 'react';
import type { JSX } from 'react';
import { spawn } from '#shared/base/spawn.ts';
import { formatSeconds } from '#renderer/components/words/format.ts';
import { Keys } from '#renderer/components/keys.tsx';
import { askToEndRun } from '#renderer/session/run/ending.ts';
import { useNow, useRequest, useRunView } from '#renderer/session/hooks.ts';
import { navigate } from '#renderer/session/navigation.ts';
import { showError } from '#renderer/session/toasts.ts';
import type { RunView } from '#shared/run-view/run-view.ts';
import { Asking } from './admission/asking.tsx';
import { Arrivals, hereOf } from './admission/arrivals.tsx';
import { InvitationCard } from './invitation-card.tsx';
import { Refused } from './admission/refused.tsx';

const whole = (view: RunView): RunView => view;

/** While the run goes on: the invitation to send, who has come, who was refused and why. */
export function StartedView({ invitation }: { readonly invitation: string | null }): JSX.Element | null {
  const view = useRunView(whole);
  if (view === null) return null;
  return (
    <main className="coordinate started">
      <section className="panel p-inv" aria-label="Invitation">
        <div className="ph">
          <h2>Invitation</h2>
          <span className="sub">
            {view.invitationsRenewed === 0
              ? 'the same for everybody'
              : `renewed ${view.invitationsRenewed === 1 ? 'once' : `${view.invitationsRenewed} times`}`}
          </span>
        </div>
        <InvitationCard invitation={invitation} run={view.name} mayJoin={mayJoinWords(view.admits)} />
      </section>
      <section className="panel p-who" aria-label="Who has arrived">
        <Head view={view} />
        <Asking asking={view.asking} />
        <Arrivals view={view} />
      </section>
      <Refused view={view} />
    </main>
  );
}

function mayJoinWords(admits: RunView['admits']): string {
  if (admits === 'ask') return 'Whoever has it can ask to join; you are asked about each, here.';
  if (admits === 'list') return 'Those on your list can join with it, and nobody else.';
  return 'Whoever has it can join this run, so send it only to those who may.';
}

function Head({ view }: { readonly view: RunView }): JSX.Element {
  const now = useNow(1000);
  const here = hereOf(view).length;
  const planned = view.wait?.phase === 'registering' ? view.wait.quorum : null;
  const missing = view.round > 0 || planned === null ? 0 : Math.max(0, planned - here);
  return (
    <>
      <div className="ph">
        <h2>Who has arrived</h2>
        <span className="sub" role="status">
          {here} here{missing > 0 && `, ${missing} missing`}
        </span>
        <div className="end">
          <span className="sub">open for {formatSeconds(now - view.startedAt)}</span>
        </div>
      </div>
      <div className="strip">
        <span>
          {missing > 0
            ? `Round 1 begins by itself when ${planned} are here.`
            : view.round > 0
              ? `Round ${view.round} of ${view.roundsPlanned}. Who joins now takes part from the next round.`
              : ''}
        </span>
        <span className="end">
          {missing > 0 && here > 0 && <StartNow here={here} />}
          <button type="button" className="btn" onClick={askToEndRun}>
            Stop…
          </button>
          <button
            type="button"
            className={missing > 0 && here > 0 ? 'btn' : 'btn pri'}
            onClick={() => navigate({ view: 'rounds' })}
          >
            Go to it <Keys of="1" />
          </button>
        </span>
      </div>
    </>
  );
}

function StartNow({ here }: { readonly here: number }): JSX.Element {
  const { state, send } = useRequest('start_now');
  useEffect(() => {
    if (state.kind === 'failed') showError(state.error);
  }, [state]);
  return (
    <button
      type="button"
      className="btn pri"
      disabled={state.kind === 'pending'}
      onClick={() => spawn('starting the first round', send({}))}
    >
      Start with {here} now
    </button>
  );
}
