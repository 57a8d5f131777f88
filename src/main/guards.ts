import { app, session, type Session, type WebContents } from 'electron';
import { appOrigin } from '#shared/contract/main-messages.ts';

/**
 * What no page may do, whichever window or frame it is in: go elsewhere, open a window, hold a page of its own, use a
 * device. Set before the first window is made, for each that will ever be. Decision 0079.
 */
export function guardEverything(target: Session = session.defaultSession): void {
  app.on('web-contents-created', (_event, contents) => guard(contents));
  limitPermissions(target);
}

function guard(contents: WebContents): void {
  // The page has no link to anywhere; whatever asks for one is not ours, and nothing is opened outside either.
  contents.setWindowOpenHandler(() => ({ action: 'deny' }));
  contents.on('will-attach-webview', (event) => event.preventDefault());
  const stay = (details: { readonly url: string; preventDefault(): void }): void => {
    if (!isOwn(details.url)) details.preventDefault();
  };
  contents.on('will-navigate', stay);
  contents.on('will-redirect', stay);
  contents.on('will-frame-navigate', stay);
}

/** Not by `URL.origin`, which is `null` for a scheme of one's own, nor by the beginning: `app://roundscope@other/`. */
function isOwn(address: string): boolean {
  const url = URL.parse(address);
  return url !== null && `${url.protocol}//${url.host}` === appOrigin && url.username === '' && url.password === '';
}

/** The page copies text when its user says so. It needs no camera, no location, no screen, no anything. */
function limitPermissions(target: Session): void {
  const isAllowed = (permission: string): boolean => permission === 'clipboard-sanitized-write';
  target.setPermissionRequestHandler((_contents, permission, answer) => answer(isAllowed(permission)));
  target.setPermissionCheckHandler((_contents, permission) => isAllowed(permission));
  target.setDevicePermissionHandler(() => false);
  target.setDisplayMediaRequestHandler((_request, answer) => answer(null));
}
