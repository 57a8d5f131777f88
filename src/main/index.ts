import { fileURLToPath } from 'node:url';
import { app, dialog, type BrowserWindow } from 'electron';
import { dataFolderPath, ensureDataFolder } from '#engine/host/data-folder.ts';
import { endOnFault, faultWords, onProcessFault } from '#engine/host/process/process-fault.ts';
import { failureWords, onTaskFailure, spawn } from '#shared/base/spawn.ts';
import { appOrigin } from '#shared/contract/main-messages.ts';
import { registerAppScheme, serveAppScheme } from './app-scheme.ts';
import { chooseFolder, KeepAwake } from './desktop.ts';
import { CrashLimit, restartsPerMinuteMax } from './crash-limit.ts';
import { guardEverything } from './guards.ts';
import { InvitationLinks, registerLinks } from './invitation-links.ts';
import { setMenu } from './menu.ts';
import { PageLoad } from './page-load.ts';
import { sealingKey } from './sealing-key.ts';
import { ServiceProcess } from './service-process.ts';
import { createWindow } from './window.ts';

/** Goodbyes to a whole federation take a second or two; then the window is gone whatever happens. */
const stopPatienceMs = 8000;
/** The same after a mistake of ours; less than a process has that ends by one. */
const faultPatienceMs = 2500;

endOnFault((status) => app.exit(status));
// Before anything is started that could say what nobody understands: that is told, and ends nothing.
onTaskFailure((failure) => console.error(failureWords(failure)));

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
  const links = new InvitationLinks();
  links.take(process.argv);
  registerAppScheme();
  await app.whenReady();
  guardEverything();
  setMenu();
  await serveAppScheme();
  registerLinks();
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
    chooseFolder: (title, files) => chooseFolder(window, title, files),
    keepAwake: (on) => awake.set(on),
    onGivenUp: (why) =>
      dialog.showErrorBox(
        'Roundscope’s service keeps ending',
        `It was started again three times within a minute. Start the app again; if that does not help, look at this:\n\n${why}`,
      ),
  });
  endOnFaults(service);
  links.showBy((invitation) => {
    if (!page.isLoaded || window.isDestroyed()) return false;
    window.webContents.postMessage('roundscope-invitation', invitation);
    return true;
  });
  page.onLoaded(() => {
    givePort(window, service);
    links.flush();
  });
  connectWindow(window, service, links);
  await window.loadURL(`${appOrigin}/index.html`);
}

/** What fails in main itself: the run is told and ended with goodbyes, its user is shown why. */
function endOnFaults(service: ServiceProcess): void {
  onProcessFault(async (fault) => {
    const words = faultWords(fault);
    await service.stop(faultPatienceMs, `The app's main process: ${words}`.slice(0, 1000));
    dialog.showErrorBox('Roundscope has ended', `Sorry: ${words}\n\nStart it again; recordings are kept.`);
  });
}

function connectWindow(window: BrowserWindow, service: ServiceProcess, links: InvitationLinks): void {
  const crashes = new CrashLimit();
  let isGivenUp = false;
  window.webContents.on('render-process-gone', (_event, details) => {
    console.error(`the window's page ended: ${details.reason}`);
    if (window.isDestroyed() || details.reason === 'clean-exit') return;
    // The run goes on in the service; the page shows it again from a snapshot.
    if (crashes.mayRestart(Date.now())) return window.webContents.reload();
    isGivenUp = true;
    dialog.showErrorBox(
      'Roundscope’s window keeps ending',
      `It was loaded again ${restartsPerMinuteMax} times within a minute (${details.reason}). The run goes on. Start the app once more to load the window again; closing it ends the run.`,
    );
  });
  app.on('second-instance', (_event, words) => {
    links.take(words);
    if (isGivenUp) window.webContents.reload();
    isGivenUp = false;
    if (window.isMinimized()) window.restore();
    window.focus();
  });
  let stopped = false;
  app.on('before-quit', (event) => {
    if (stopped) return;
    event.preventDefault();
    const quit = (): void => {
      stopped = true;
      app.quit();
    };
    spawn('saying goodbye', service.stop(stopPatienceMs).finally(quit));
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
