import { useMemo } from 'react';
import type { JSX } from 'react';
import { Icon } from '#renderer/components/icon.tsx';
import { Keys } from '#renderer/components/keys.tsx';
import { useCommands } from '#renderer/session/commands.ts';
import { askToEndRun } from '#renderer/session/ending.ts';
import { navigate } from '#renderer/session/navigation.ts';
import { useBusy } from '#renderer/session/run-requests.ts';
import { endWord } from '#renderer/session/run-state.ts';
import { DataPanel } from './data-panel.tsx';
import { InvitationPanel } from './invitation-panel.tsx';
import { OwnMachine } from './own-machine.tsx';
import { RunWants, SentBack } from './run-panel.tsx';
import { useJoin } from './use-join.ts';
import type { Join } from './use-join.ts';
import './join.css';

/** Join a federation elsewhere: what it wants and what the data holds is seen before anything about the data is sent. */
export function JoinView(): JSX.Element {
  const join = useJoin();
  useJoinCommand(join);
  return (
    <main className="join">
      <section className="panel p-want" aria-label="The run">
        <div className="ph">
          <h2>Join a run</h2>
          <span className="sub">by its invitation</span>
        </div>
        {/* Reading it needs scrolling, and not all of it holds something to focus. */}
        {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
        <div className="scroll" tabIndex={0} role="group" aria-label="Invitation and plan">
          <InvitationPanel join={join} />
          <RunWants plan={join.plan} />
          <SentBack plan={join.plan} />
          <OwnMachine draft={join.draft} />
        </div>
      </section>
      <section className="panel p-data" aria-label="Your data">
        <DataPanel join={join} />
        <Foot join={join} />
      </section>
    </main>
  );
}

function Foot({ join }: { readonly join: Join }): JSX.Element {
  const { reasons, joining } = join;
  const busy = useBusy();
  return (
    <div className="form-foot">
      <span id="join-reason" role="status">
        {joining ? 'Joining…' : reasonWords(reasons)}
      </span>
      <span className="end">
        {busy !== null && (
          <button type="button" className="btn" onClick={askToEndRun}>
            {endWord(busy)}…
          </button>
        )}
        <button type="button" className="btn" onClick={() => navigate({ view: 'home' })}>
          Back
        </button>
        <button
          type="button"
          className="btn pri"
          disabled={reasons.length > 0 || joining}
          aria-describedby="join-reason"
          onClick={join.join}
        >
          <Icon name="link" as="small" />
          {joining ? 'Joining' : 'Join'} <Keys of="Ctrl+Enter" />
        </button>
      </span>
    </div>
  );
}

function reasonWords(reasons: readonly string[]): string {
  const [first, ...more] = reasons;
  if (first === undefined) return 'Nothing about your data has been sent. The first model comes after you join.';
  const rest = more.length === 0 ? '' : ` (and ${more.length} more)`;
  return `Before you can join: ${first.replace(/\.$/, '')}${rest}.`;
}

function useJoinCommand(join: Join): void {
  const { reasons, joining } = join;
  const reason = joining ? 'joining already' : reasons[0];
  const run = join.join;
  useCommands(
    useMemo(
      () => [
        {
          id: 'join-now',
          section: 'Join',
          group: 'do' as const,
          title: 'Join with these fields',
          icon: 'link',
          key: 'Ctrl+Enter',
          ...(reason === undefined ? {} : { disabled: reason }),
          run,
        },
      ],
      [reason, run],
    ),
  );
}
