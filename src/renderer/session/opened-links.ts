import { invitationInLink } from '#shared/contract/app/invitation.ts';
import { changeJoin, joinDraft } from './run/drafts.ts';
import { navigate } from './navigation.ts';
import { showInfo } from './toasts.ts';

/** Invitations that the system has opened in this app come by the preload; nothing is joined by one. */
export function takeOpenedLinks(): void {
  window.addEventListener('message', (event: MessageEvent<unknown>) => {
    if (event.source !== window) return;
    const told = event.data;
    if (typeof told !== 'object' || told === null || !('type' in told) || told.type !== 'roundscope-invitation') return;
    const invitation = 'invitation' in told ? invitationInLink(told.invitation) : null;
    if (invitation !== null) openInvitation(invitation);
  });
}

/** Opens the form with it; classes that were mapped by hand belong to the run of another one. */
function openInvitation(invitation: string): void {
  const { invitation: before, opened } = joinDraft();
  changeJoin({ invitation, opened: opened + 1, ...(before === invitation ? {} : { chosen: {} }) });
  navigate({ view: 'join' });
  showInfo('Invitation opened from a link. Nothing is joined before you press Join.');
}
