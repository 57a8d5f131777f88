import { useMemo, useState } from 'react';
import type { JSX } from 'react';
import { Icon } from '#renderer/components/icon.tsx';
import { copyInvitation } from './copy-invitation.ts';
import { InviteOne } from './admission/invite-one.tsx';
import { qrPath } from './qr-path.ts';
import { RenewDialog } from './admission/renew-dialog.tsx';

/** Light modules around a code, as its standard asks. */
const quiet = 4;

/** Takes the invitation from what is pasted: on a command line every user of that machine could read it. */
const command = 'roundscope join - --data FOLDER';

/** The invitation as a line to send, as a code to scan and as a command. */
export function InvitationCard({
  invitation,
  run,
  mayJoin,
}: {
  readonly invitation: string | null;
  readonly run: string;
  /** Who can join with it, in a sentence. */
  readonly mayJoin: string;
}): JSX.Element {
  const code = useMemo(() => (invitation === null ? null : qrPath(invitation)), [invitation]);
  const [open, setOpen] = useState<'invite' | 'renew' | null>(null);
  if (invitation === null) {
    return <p className="in t2">The invitation comes as soon as the coordinator listens.</p>;
  }
  return (
    // The line is long and may have to be scrolled by keyboard.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className="scroll" tabIndex={0} role="group" aria-label="Invitation to send">
      <div className="in">
        {code !== null && (
          <div className="qr" role="img" aria-label={`QR code of the invitation to ${run}`}>
            <svg
              viewBox={`${-quiet} ${-quiet} ${code.size + 2 * quiet} ${code.size + 2 * quiet}`}
              aria-hidden="true"
              shapeRendering="crispEdges"
            >
              <path d={code.path} />
            </svg>
          </div>
        )}
        <p className="cap t2">Scan it, or send the line below. {mayJoin}</p>
        <div className="fp" data-testid="invitation">
          {invitation}
        </div>
        <div className="fc">
          <button type="button" className="btn pri" onClick={() => copyInvitation(invitation, 'The invitation')}>
            <Icon name="copy" as="small" />
            Copy invitation
          </button>
          <button type="button" className="btn" onClick={() => setOpen('invite')}>
            Invite one…
          </button>
          <button type="button" className="btn" onClick={() => setOpen('renew')}>
            Renew…
          </button>
        </div>
        {open === 'invite' && <InviteOne onClose={() => setOpen(null)} />}
        {open === 'renew' && <RenewDialog onClose={() => setOpen(null)} />}
        <h3>In a terminal</h3>
        <p className="cap t2">It asks for the invitation, which then stands on no command line.</p>
        <div className="fp">{command}</div>
        <div className="fc">
          <button type="button" className="btn" onClick={() => copyInvitation(command, 'The command')}>
            <Icon name="copy" as="small" />
            Copy command
          </button>
        </div>
      </div>
    </div>
  );
}
