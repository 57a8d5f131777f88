import { BrowserWindow, session, shell, type Session } from 'electron';
import { spawn } from '#shared/base/spawn.ts';
import { appOrigin } from '#shared/contract/main-messages.ts';

/** Makes the one window; its page is sandboxed, has no Node and may go nowhere else. */
export function createWindow(preload: string): BrowserWindow {
  const window = new BrowserWindow({
    width: 1440,
    height: 900,
    minWidth: 800,
    minHeight: 600,
    show: false,
    title: 'Roundscope',
    autoHideMenuBar: true,
    webPreferences: {
      preload,
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      webSecurity: true,
      spellcheck: false,
    },
  });
  window.once('ready-to-show', () => window.show());
  window.webContents.setWindowOpenHandler(({ url }) => {
    // The only links are to documentation; anything else is not ours to open.
    if (url.startsWith('https://')) spawn('opening a page in the browser', shell.openExternal(url));
    return { action: 'deny' };
  });
  window.webContents.on('will-navigate', (event, url) => {
    if (URL.parse(url)?.origin !== appOrigin && !url.startsWith(`${appOrigin}/`)) event.preventDefault();
  });
  return window;
}

/** The page copies text when its user says so. It needs no camera, no location, no anything. */
export function limitPermissions(target: Session = session.defaultSession): void {
  const isAllowed = (permission: string): boolean => permission === 'clipboard-sanitized-write';
  target.setPermissionRequestHandler((_contents, permission, answer) => answer(isAllowed(permission)));
  target.setPermissionCheckHandler((_contents, permission) => isAllowed(permission));
}
