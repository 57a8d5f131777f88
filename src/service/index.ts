import { spawn } from '#shared/base/spawn.ts';
import { RoundscopeError } from '#shared/base/errors.ts';
import type { ToService } from '#shared/contract/main-messages.ts';
import { demoDefaults } from '#shared/contract/run/settings.ts';
import type { Port } from '#shared/port/port.ts';
import { ensureDataFolder, openFolderWords } from '#engine/host/data-folder.ts';
import { ownName } from '#engine/host/own-name.ts';
import { endOnFault, processFault } from '#engine/host/process/process-fault.ts';
import { entryPath } from '#engine/host/entries.ts';
import { openRecording } from '#engine/recorder/reading/open-recording.ts';
import { systemClock } from '#engine/host/system-clock.ts';
import { randomId, systemEntropy } from '#engine/host/system-entropy.ts';
import { homeFolder } from '#engine/host/user-path.ts';
import { AppService } from './app-service.ts';
import { tellFaults } from './runs/faults.ts';
import { MainLink, type ElectronPort } from './windows/main-link.ts';
import { recordingKey } from './recording-key.ts';
import { recordingOpener } from './replay/open-recording.ts';
import { requestHandlers } from './windows/request-handlers.ts';

/** The service as Electron's utility process: started by main, serves every window over a port that main hands over. */
function main(): void {
  // Main shows that the service ended, and starts it again.
  endOnFault();
  const parent = (process as unknown as { readonly parentPort?: ElectronPort }).parentPort;
  if (parent === undefined) {
    throw new RoundscopeError('internal', {
      layer: 'application',
      message: 'The service is started by the app, not by hand. Try: npm start',
    });
  }
  // Ctrl+C in a terminal reaches every process of its group; main has the say, and asks for a clean goodbye.
  process.on('SIGINT', () => undefined);
  let service: AppService | undefined;
  const early: Port[] = [];
  const link = new MainLink(parent, {
    onStart: (start) => {
      service = createService(start, link);
      for (const port of early.splice(0)) service.connect(port);
      link.post({ type: 'ready' });
      if (start.idle || start.restarted) return;
      // Why it could not start is a notice in the window.
      service.startDemo(demoDefaults).catch((error: unknown) => console.error(error));
    },
    onRenderer: (port) => {
      if (service === undefined) early.push(port);
      else service.connect(port);
    },
    onStop: (fault) => {
      if (fault !== undefined) service?.host?.report('notice', { level: 'error', text: fault });
      // However its end goes, main is not to wait for more.
      const stopped = (async () => service?.[Symbol.asyncDispose]())();
      spawn(
        'saying goodbye',
        stopped.finally(() => link.post({ type: 'stopped' })),
      );
    },
  });
}

function createService(start: Extract<ToService, { type: 'start' }>, link: MainLink): AppService {
  const dataFolder = ensureDataFolder(start.dataFolder);
  const stateKey = recordingKey(dataFolder, systemEntropy);
  const service = new AppService({
    clock: systemClock,
    launcher: link.launcher,
    desktop: link.desktop,
    app: {
      version: start.version,
      mode: 'electron',
      platform: process.platform,
      dataFolder,
      homeFolder: homeFolder(),
      ownName: ownName(dataFolder, systemEntropy),
      canChooseFolder: true,
    },
    openRecording: recordingOpener(dataFolder, systemClock, start.version, stateKey),
    openToRead: (path) => openRecording(path, { entry: entryPath('recorder-worker'), stateKey }),
    requests: requestHandlers,
    ...(start.sealingKey === undefined ? {} : { sealingKey: start.sealingKey }),
    freshId: () => randomId(4),
    onInternalError: processFault,
  });
  const open = openFolderWords(dataFolder);
  if (open !== null) console.error(open);
  tellFaults(service, systemClock, (text) => console.error(text));
  return service;
}

main();
