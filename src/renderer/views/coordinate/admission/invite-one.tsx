import { useId, useState } from 'react';
import type { JSX } from 'react';
import { spawn } from '#shared/base/spawn.ts';
import { parseUntil } from '#shared/base/time/until.ts';
import { participantName } from '#shared/contract/run/participant-name.ts';
import { Dialog } from '#renderer/components/dialog.tsx';
import { ErrorCard } from '#renderer/components/error-card.tsx';
import { Icon } from '#renderer/components/icon.tsx';
import { useRequest, useWallNow } from '#renderer/session/hooks.ts';
import { copyInvitation } from '../copy-invitation.ts';

/** An invitation for one: whom it is for, until when, and then the line to send. */
export function InviteOne({ onClose }: { readonly onClose: () => void }): JSX.Element {
  const now = useWallNow(1000);
  const [typed, setTyped] = useState('');
  const [last, setLast] = useState('7d');
  const [asked, setAsked] = useState('');
  const { state, send } = useRequest('invite_participant');
  const name = participantName(typed.trim());
  const until = last.trim() === '' ? null : parseUntil(last, now);
  const fault = typed.trim() === '' ? null : !name.ok ? name.error : until !== null && !until.ok ? until.error : null;
  const act = (): void => {
    if (!name.ok || (until !== null && !until.ok)) return;
    const terms = { name: name.value, ...(until === null ? {} : { until: until.value }) };
    setAsked(`${typed} ${last}`);
    spawn('making an invitation', send(terms));
  };
  // What is changed afterwards is another invitation.
  const invitation = state.kind === 'done' && asked === `${typed} ${last}` ? state.value.invitation : null;
  return (
    <Dialog label="Invite one participant" className="ask invite" onClose={onClose}>
      <h2>Invite one participant</h2>
      <p>This name is let in without a question, and stays after the last day. It is good for no other name.</p>
      <Field label="Name" placeholder="lab-2" value={typed} onChange={setTyped} />
      <Field
        label="Good until"
        placeholder="7d, 12h, 2026-12-24; empty: as long as the run"
        value={last}
        onChange={setLast}
      />
      <p className="help" role="status">
        {fault ??
          (until?.ok === true ? `Until ${new Date(until.value).toLocaleString()}.` : 'As long as the run lasts.')}
      </p>
      {state.kind === 'failed' && <ErrorCard error={state.error} />}
      {invitation !== null && (
        <div className="fp" data-testid="personal-invitation">
          {invitation}
        </div>
      )}
      <div className="acts">
        <button type="button" className="btn" onClick={onClose}>
          Close
        </button>
        {invitation === null ? (
          <button
            type="button"
            className="btn pri"
            disabled={!name.ok || fault !== null || state.kind === 'pending'}
            onClick={act}
          >
            Make it
          </button>
        ) : (
          <button type="button" className="btn pri" onClick={() => copyInvitation(invitation, 'The invitation')}>
            <Icon name="copy" as="small" />
            Copy
          </button>
        )}
      </div>
    </Dialog>
  );
}

interface FieldProps {
  readonly label: string;
  readonly placeholder: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
}

function Field({ label, placeholder, value, onChange }: FieldProps): JSX.Element {
  const id = useId();
  return (
    <div className="field one">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        className="inp"
        maxLength={64}
        autoComplete="off"
        placeholder={placeholder}
        value={value}
        onChange={(event) => onChange(event.target.value)}
      />
    </div>
  );
}
