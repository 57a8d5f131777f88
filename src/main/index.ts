import { fileURLToPath } from 'node:url';
import { app, dialog, type BrowserWindow } from 'electron';
import { dataFolderPath, ensureDataFolder } from '#engine/host/data-folder.ts';
import { appOrigin } from '#shared/contract/main-messages.ts';
import { registerAppScheme, serveAppScheme } from './app-scheme.ts';
import { chooseFolder, KeepAwake } from './desktop.ts';
import { setMenu } from './menu.ts';
import { PageLoad } from './page-load.ts';
import { sealingKey } from './sealing-key.ts';
import { ServiceProcess } from './service-process.ts';
import { createWindow, limitPermissions } from './window.ts';

/** Goodbyes to a whole federation take a second or two; then the window is gone whatever happens. */
const stopPatienceMs = 8000;

async function main(): Promise<void> {
  // The data folder holds the single-instance lock, so it is settled first.
  const dataFolder = ensureDataFolder(dataFolderPath(process.env, process.platform));
  app.setPath('userData', dataFolder);
  if (!app.requestSingleInstanceLock()) {
    console.error('Roundscope is already running; its window is in front now.');
    app.quit();
    return;
  }
  app.enableSandbox();
  registerAppScheme();
  await app.whenReady();
  limitPermissions();
  setMenu();
  await serveAppScheme();
  const window = createWindow(fileURLToPath(new URL('../preload/index.cjs', import.meta.url)));
  const page = new PageLoad(window.webContents);
  const awake = new KeepAwake();
  const service = new ServiceProcess({
    version: app.getVersion(),
    dataFolder,
    sealingKey: sealingKey(dataFolder),
    idle: process.argv.includes('--idle') || app.isPackaged,
    // While the page still loads, it gets its port at the end of that.
    onRestarted: () => page.isLoaded && givePort(window, service),
    chooseFolder: (title) => chooseFolder(window, title),
    keepAwake: (on) => awake.set(on),
    onGivenUp: (why) =>
      dialog.showErrorBox(
        'Roundscope’s service keeps ending',
        `It was started again three times within a minute. Start the app again; if that does not help, look at this:\n\n${why}`,
      ),
  });
  page.onLoaded(() => givePort(window, service));
  connectWindow(window, service);
  await window.loadURL(`${appOrigin}/index.html`);
}

function connectWindow(window: BrowserWindow, service: ServiceProcess): void {
  window.webContents.on('render-process-gone', (_event, details) => {
    console.error(`the window's page ended: ${details.reason}`);
    // The run goes on in the service; the page shows it again from a snapshot.
    if (!window.isDestroyed() && details.reason !== 'clean-exit') window.webContents.reload();
  });
  app.on('second-instance', () => {
    if (window.isMinimized()) window.restore();
    window.focus();
  });
  let stopped = false;
  app.on('before-quit', (event) => {
    if (stopped) return;
    event.preventDefault();
    void service.stop(stopPatienceMs).then(() => {
      stopped = true;
      app.quit();
    });
  });
  app.on('window-all-closed', () => app.quit());
}

function givePort(window: BrowserWindow, service: ServiceProcess): void {
  if (window.isDestroyed()) return;
  const port = service.connect();
  if (port !== undefined) window.webContents.postMessage('roundscope-port', null, [port]);
}

// Not awaited here: Electron is ready only after this module has been evaluated, so that waiting for it would never end.
main().catch((error: unknown) => {
  console.error(error);
  dialog.showErrorBox('Roundscope could not start', error instanceof Error ? error.message : String(error));
  app.exit(1);
});
