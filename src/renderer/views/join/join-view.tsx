import type { JSX } from 'react';
import { FormFoot } from '#renderer/components/forms/form-foot.tsx';
import { Icon } from '#renderer/components/icon.tsx';
import { useFormCommand } from '#renderer/session/commands.ts';
import { askToEndRun } from '#renderer/session/run/ending.ts';
import { navigate } from '#renderer/session/navigation.ts';
import { useBusy } from '#renderer/session/run/run-requests.ts';
import { endWord } from '#renderer/session/run/run-state.ts';
import { DataPanel } from './data-panel.tsx';
import { InvitationPanel } from './invitation-panel.tsx';
import { OwnMachine } from './own-machine.tsx';
import { RunWants } from './run-panel.tsx';
import { SentBack } from './sent-back.tsx';
import { useJoin } from './use-join.ts';
import type { Join } from './use-join.ts';
import './join.css';

/** Join a federation elsewhere: what it wants and what the data holds is seen before anything about the data is sent. */
export function JoinView(): JSX.Element {
  const join = useJoin();
  useFormCommand({
    id: 'join-now',
    section: 'Join',
    title: 'Join with these fields',
    icon: 'link',
    reason: join.joining ? 'joining already' : join.reasons[0],
    run: join.join,
  });
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
          <RunWants plan={join.plan} asked={join.asked} />
          <SentBack join={join} />
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
  const busy = useBusy();
  return (
    <FormFoot
      name="join"
      reasons={join.reasons}
      ready={
        join.asked === null
          ? 'Nothing about your data has been sent. The first model comes after you join.'
          : `Nothing about your data has been sent. You approve plan ${join.asked.hash.slice(0, 8)}, once; a change asks again.`
      }
      before="Before you can join"
      sent={join.joining ? 'Joining…' : null}
      button={
        <>
          <Icon name="link" as="small" />
          {join.joining ? 'Joining' : join.asked === null ? 'Join' : 'Approve and join'}
        </>
      }
      onSend={join.join}
      onBack={() => navigate({ view: 'home' })}
      end={busy === null ? null : { word: endWord(busy), act: askToEndRun }}
    />
  );
}
