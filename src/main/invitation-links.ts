import { resolve } from 'node:path';
import { app } from 'electron';
import { invitationInLink, invitationScheme } from '#shared/contract/app/invitation.ts';

/**
 * Invitations that the system opens in this app: as a word on the command line of the first start or of a later one, or by
 * macOS's own event. The newest waits until the page can take it; what is no invitation is left alone.
 */
export class InvitationLinks {
  #show: (invitation: string) => boolean = () => false;
  #waiting: string | null = null;

  /** Made before the app is ready: macOS tells the link that started it that early. */
  constructor() {
    app.on('open-url', (event, url) => {
      event.preventDefault();
      this.take([url]);
    });
  }

  /** Looks through the words of a command line; whether a link was among them. */
  take(words: readonly string[]): boolean {
    const invitation = words.map(invitationInLink).findLast((one) => one !== null) ?? null;
    if (invitation === null) return false;
    this.#waiting = invitation;
    this.flush();
    return true;
  }

  /** @param show takes an invitation to the page, or says that there is none that could take it */
  showBy(show: (invitation: string) => boolean): void {
    this.#show = show;
  }

  /** The page can take one. */
  flush(): void {
    if (this.#waiting !== null && this.#show(this.#waiting)) this.#waiting = null;
  }
}

/** Asks the system to open invitations here. Where it does not, their text can still be pasted. */
export function registerLinks(): void {
  const [, folder] = process.argv;
  if (app.isPackaged || folder === undefined) app.setAsDefaultProtocolClient(invitationScheme);
  // Not packaged: the program is Electron, which must be told which app to run.
  else app.setAsDefaultProtocolClient(invitationScheme, process.execPath, [resolve(folder)]);
}
