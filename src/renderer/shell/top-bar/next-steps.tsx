import { useEffect } from 'react';
import type { JSX } from 'react';
import { spawn } from '#shared/base/spawn.ts';
import { useRequest } from '#renderer/session/hooks.ts';
import { navigate } from '#renderer/session/navigation.ts';
import { showError } from '#renderer/session/toasts.ts';
import { asParticipantId } from '#shared/contract/ids.ts';
import type { DemoSettings } from '#shared/contract/run/settings.ts';

/** A demo is over: what people want next is one press away, in every view. */
export function NextSteps({
  settings,
  brief = false,
}: {
  readonly settings: DemoSettings;
  /** The two that matter, beside the buttons of a verdict. */
  readonly brief?: boolean;
}): JSX.Element {
  const { state, send } = useRequest('start_demo');
  useEffect(() => {
    if (state.kind === 'failed' && state.error.code !== 'aborted') showError(state.error);
  }, [state]);
  const again = (faults: DemoSettings['faults']): void =>
    spawn('starting the demo', send({ settings: { ...settings, faults } }));
  const pending = state.kind === 'pending';
  if (brief)
    return (
      <>
        <button type="button" className="btn" disabled={pending} onClick={() => again([])}>
          Run again
        </button>
        <button type="button" className="btn" onClick={() => navigate({ view: 'join' })}>
          Join a run
        </button>
      </>
    );
  return (
    <>
      <button type="button" className="btn sm pri" disabled={pending} onClick={() => again(settings.faults)}>
        Run again
      </button>
      <button
        type="button"
        className="btn sm w-next"
        disabled={pending}
        title="The same run; from round 2 on one participant opens a connection for each message"
        onClick={() => again([{ name: 'connection-per-message', participant: lastOf(settings), round: 2 }])}
      >
        Run with a fault
      </button>
      <button type="button" className="btn sm w-next" onClick={() => navigate({ view: 'metrics' })}>
        Metrics
      </button>
      <button type="button" className="btn sm" onClick={() => navigate({ view: 'join' })}>
        Join a run
      </button>
    </>
  );
}

/** The last one: it is never the one that is shown as this app's own, unless it is alone. */
function lastOf({ participants }: DemoSettings): NonNullable<DemoSettings['faults'][number]['participant']> {
  return asParticipantId(`node-${participants}`);
}
