import type { JSX } from 'react';
import { spawn } from '#shared/base/spawn.ts';
import { Dialog } from '#renderer/components/dialog.tsx';
import { ErrorCard } from '#renderer/components/error-card.tsx';
import { useRequest } from '#renderer/session/hooks.ts';

/** Asks before older invitations are ended. */
export function RenewDialog({ onClose }: { readonly onClose: () => void }): JSX.Element {
  const { state, send } = useRequest('renew_invitation');
  const pending = state.kind === 'pending';
  return (
    <Dialog label="Renew the invitation?" className="ask" onClose={onClose}>
      <h2>Renew the invitation?</h2>
      <p>Older ones let nobody new in any more, those for one participant too. Who is in the run stays in it.</p>
      {state.kind === 'failed' && <ErrorCard error={state.error} />}
      <div className="acts">
        <button type="button" className="btn" onClick={onClose}>
          Keep the old one
        </button>
        <button
          type="button"
          className="btn pri"
          disabled={pending}
          onClick={() =>
            spawn(
              'renewing the invitation',
              send({}).then((done) => done !== null && onClose()),
            )
          }
        >
          {pending ? 'Making it' : 'Renew'}
        </button>
      </div>
    </Dialog>
  );
}
