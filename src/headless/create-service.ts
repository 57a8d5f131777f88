import { dataFolderPath, ensureDataFolder, openFolderWords } from '#engine/host/data-folder.ts';
import { forkLauncher } from '#engine/host/process/fork-launcher.ts';
import { ownName } from '#engine/host/own-name.ts';
import { processFault } from '#engine/host/process/process-fault.ts';
import { programVersion } from '#engine/host/program-version.ts';
import { entryPath } from '#engine/host/entries.ts';
import { openRecording } from '#engine/recorder/reading/open-recording.ts';
import { systemClock } from '#engine/host/system-clock.ts';
import { randomId, systemEntropy } from '#engine/host/system-entropy.ts';
import { homeFolder } from '#engine/host/user-path.ts';
import { visibleText } from '#shared/base/text/visible-text.ts';
import { AppService } from '#service/app-service.ts';
import { tellFaults } from '#service/runs/faults.ts';
import { recordingKey } from '#service/recording-key.ts';
import { recordingOpener } from '#service/replay/open-recording.ts';
import { requestHandlers } from '#service/windows/request-handlers.ts';

/** The service in this process, with its children as forked Node processes. */
export function createService(
  mode: 'browser',
  environment: Readonly<Record<string, string | undefined>> = process.env,
): AppService {
  const dataFolder = ensureDataFolder(dataFolderPath(environment, process.platform));
  const version = programVersion();
  const stateKey = recordingKey(dataFolder, systemEntropy);
  const service = new AppService({
    clock: systemClock,
    launcher: forkLauncher,
    app: {
      version,
      mode,
      platform: process.platform,
      dataFolder,
      homeFolder: homeFolder(),
      ownName: ownName(dataFolder, systemEntropy),
      canChooseFolder: false,
    },
    openRecording: recordingOpener(dataFolder, systemClock, version, stateKey),
    openToRead: (path) => openRecording(path, { entry: entryPath('recorder-worker'), stateKey }),
    requests: requestHandlers,
    freshId: () => randomId(4),
    onInternalError: processFault,
  });
  const say = (text: string): void => void process.stderr.write(`${visibleText(text)}\n`);
  const open = openFolderWords(dataFolder);
  if (open !== null) say(open);
  tellFaults(service, systemClock, say);
  return service;
}
