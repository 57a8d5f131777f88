import { useEffect, useId, useState } from 'react';
import type { JSX } from 'react';
import { ErrorCard } from '#renderer/components/error-card.tsx';
import { changeJoin, useJoinDraft } from '#renderer/session/drafts.ts';
import { useRequest, useSessionState } from '#renderer/session/hooks.ts';
import { navigate } from '#renderer/session/navigation.ts';
import { preferredSelection } from '#renderer/session/preferences.ts';
import { checkJoin } from './check-join.ts';

/** Join a federation elsewhere. */
export function JoinView(): JSX.Element {
  const fields = useJoinDraft();
  const machineName = useSessionState((session) => session.app?.machineName ?? '');
  useEffect(() => {
    if (fields.name === '' && machineName !== '') changeJoin({ name: machineName });
  }, [fields.name, machineName]);
  const [tried, setTried] = useState(false);
  const { state, send } = useRequest('join_run');
  const id = useId();
  const faults = checkJoin(fields);
  const submit = async (): Promise<void> => {
    setTried(true);
    if (faults.size > 0) return;
    const { invitation, data, name } = fields;
    const joined = await send({
      invitation: invitation.trim(),
      data: data.trim(),
      name: name.trim(),
      ...preferredSelection(),
    });
    if (joined !== null) navigate({ view: 'rounds', round: null, participant: null });
  };
  const field = (key: 'invitation' | 'data' | 'name', label: string, placeholder: string): JSX.Element => {
    const fault = tried || (key === 'invitation' && fields.invitation.length > 12) ? faults.get(key) : undefined;
    return (
      <div className="field">
        <label htmlFor={`${id}-${key}`}>{label}</label>
        <input
          id={`${id}-${key}`}
          className="inp data"
          placeholder={placeholder}
          spellCheck={false}
          autoComplete="off"
          value={fields[key]}
          aria-invalid={fault !== undefined}
          aria-describedby={fault === undefined ? undefined : `${id}-${key}-fault`}
          onChange={(event) => changeJoin({ [key]: event.target.value })}
        />
        {fault !== undefined && (
          <span className="help bad" id={`${id}-${key}-fault`}>
            {fault}
          </span>
        )}
      </div>
    );
  };
  return (
    <main className="join">
      <section className="panel" aria-label="Join a run">
        <form
          onSubmit={(event) => {
            event.preventDefault();
            void submit();
          }}
        >
          {field('invitation', 'Invitation', 'roundscope://join?…')}
          {field('data', 'Folder', 'digits, or a folder')}
          {field('name', 'Your name', 'node-1')}
          {state.kind === 'failed' && <ErrorCard error={state.error} />}
          <button type="submit" className="btn pri" disabled={state.kind === 'pending'}>
            {state.kind === 'pending' ? 'Joining' : 'Join'}
          </button>
        </form>
      </section>
    </main>
  );
}
