import { useId, useState } from 'react';
import type { JSX } from 'react';
import { ErrorCard } from '#renderer/components/error-card.tsx';
import { Icon } from '#renderer/components/icon.tsx';
import { useRequest } from '#renderer/session/hooks.ts';
import { preferredSelection } from '#renderer/session/preferences.ts';
import { checkJoin } from './check-join.ts';

/** Join a federation elsewhere: what is wrong is said under the field, before anything is sent. */
export function JoinForm(): JSX.Element {
  const [fields, setFields] = useState({ invitation: '', data: 'digits', name: '' });
  const [tried, setTried] = useState(false);
  const { state, send } = useRequest('join_run');
  const id = useId();
  const faults = checkJoin(fields);
  const submit = (): void => {
    setTried(true);
    if (faults.size === 0)
      void send({
        invitation: fields.invitation.trim(),
        data: fields.data.trim(),
        name: fields.name.trim(),
        ...preferredSelection(),
      });
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
          onChange={(event) => setFields({ ...fields, [key]: event.target.value })}
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
    <form
      className="way join"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <Icon name="link" />
      <div>
        <b>Join a run</b>
        <small>Train with your data. Images and labels never leave this machine; model updates do.</small>
      </div>
      <div className="fields">
        {field('invitation', 'Invitation', 'roundscope://join?…')}
        {field('data', 'Data', 'digits, or a folder')}
        {field('name', 'Name', 'node-1')}
        {state.kind === 'failed' && <ErrorCard error={state.error} />}
      </div>
      <button type="submit" className="btn m" disabled={state.kind === 'pending'}>
        {state.kind === 'pending' ? 'Joining' : 'Join'}
      </button>
    </form>
  );
}
