import { useId } from 'react';
import type { JSX, ReactNode } from 'react';
import { Icon } from '#renderer/components/icon.tsx';
import type { IconName } from '#renderer/components/icon.tsx';
import { Keys } from '#renderer/components/keys.tsx';
import { changeJoin, useJoinDraft } from '#renderer/session/run/drafts.ts';
import { askToEndRun } from '#renderer/session/run/ending.ts';
import { useRunView } from '#renderer/session/hooks.ts';
import { navigate } from '#renderer/session/navigation.ts';
import { useBusy, useStartDemo } from '#renderer/session/run/run-requests.ts';
import { busySentence, endWord } from '#renderer/session/run/run-state.ts';
import { demoDefaults } from '#shared/contract/run/settings.ts';

/** The ways to begin a run. While one goes on the forms can be filled in, but nothing starts. */
export function Ways(): JSX.Element {
  const busy = useBusy();
  const startDemo = useStartDemo();
  const first = useRunView(() => true) === null;
  return (
    <div className="ways">
      {busy !== null && (
        <p className="note" role="note">
          <Icon name="warn" />
          <span>
            {busySentence(busy)}
            {busy.kind !== 'recording' && ' Fill in the next one meanwhile, or'}
          </span>
          <button type="button" className="btn sm" onClick={askToEndRun}>
            {busy.kind === 'recording' ? 'Close' : `${endWord(busy)}…`}
          </button>
        </p>
      )}
      {first && (
        <button type="button" className="start" disabled={busy !== null} onClick={startDemo}>
          <Icon name="demo" as="filled" />
          <span>
            <b>Start the demo</b>
            <span className="s">
              A coordinator and {demoDefaults.participants} participants on this machine, offline. First round in a few
              seconds.
            </span>
          </span>
          <Keys of="Enter" />
        </button>
      )}
      <JoinWay />
      <Way icon="coordinate" title="Coordinate a run" detail="Others join by an invitation">
        <span className="t2 mid">You get one line to send; this machine averages.</span>
        <button type="button" className="btn m" onClick={() => navigate({ view: 'coordinate' })}>
          Set up <Keys of="c" />
        </button>
      </Way>
      {first ? (
        <Way icon="settings" title="Set up the demo" detail="Transport, participants, faults">
          <span className="t2 mid">Every setting, with the split of the data drawn before the start.</span>
          <button type="button" className="btn m" onClick={() => navigate({ view: 'demo' })}>
            Set up <Keys of="6" />
          </button>
        </Way>
      ) : (
        <Way icon="demo" title="Start the demo" detail={`${demoDefaults.participants} participants on this machine`}>
          <span className="t2 mid">Offline, first round in a few seconds.</span>
          <button type="button" className="btn m" disabled={busy !== null} onClick={startDemo}>
            Start <Keys of="d" />
          </button>
        </Way>
      )}
    </div>
  );
}

interface WayProps {
  readonly icon: IconName;
  readonly title: string;
  readonly detail: string;
  readonly children: ReactNode;
}

function Way({ icon, title, detail, children }: WayProps): JSX.Element {
  return (
    <div className="way">
      <Icon name={icon} />
      <div>
        <b>{title}</b>
        <small>{detail}</small>
      </div>
      {children}
    </div>
  );
}

/** The invitation may be pasted or dropped right here; the page Join goes on with it. */
function JoinWay(): JSX.Element {
  const { invitation } = useJoinDraft();
  const id = useId();
  return (
    <form
      className="way"
      onSubmit={(event) => {
        event.preventDefault();
        navigate({ view: 'join' });
      }}
    >
      <Icon name="link" />
      <div>
        <b>
          <label htmlFor={id}>Join a run</label>
        </b>
        <small>Train with your data, which stays here</small>
      </div>
      <input
        id={id}
        className="inp data mid"
        aria-label="Invitation"
        placeholder="roundscope://join?…"
        spellCheck={false}
        autoComplete="off"
        value={invitation}
        onChange={(event) => changeJoin({ invitation: event.target.value })}
        onPaste={(event) => {
          const text = event.clipboardData.getData('text').trim();
          if (!text.startsWith('roundscope://')) return;
          event.preventDefault();
          changeJoin({ invitation: text });
          navigate({ view: 'join' });
        }}
      />
      <button type="submit" className="btn m">
        Join <Keys of="j" />
      </button>
    </form>
  );
}
