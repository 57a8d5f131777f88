import { exitStatus } from '#shared/contract/summary.ts';
import type { AppService } from '#service/app-service.ts';
import type { RunningFederation } from '#service/federation.ts';
import { complain } from './complain.ts';
import { onEndSignal } from './end-signals.ts';
import { runningInstance, takeInstance, type RunningInstance } from './instance-lock.ts';
import { visibleText } from '#shared/base/visible-text.ts';
import { Narrator } from './narrator.ts';
import { askRunning } from './second-start.ts';
import { systemClock } from '#engine/host/system-clock.ts';
import { hasDisplay, openBrowser, removeOpeningFile } from './open-browser.ts';
import { readStaticFiles, rendererFolder } from '#engine/host/static-files.ts';
import { WebServer } from './web-server.ts';

/** A browser that has to be started first may take so long to come. */
const openPatienceMs = 15_000;

export interface ServeOptions {
  readonly service: AppService;
  readonly port: number;
  readonly open: boolean;
  /** Started as soon as the page can be opened; absent: the app stays idle. */
  readonly begin?: () => Promise<RunningFederation>;
  /** Absolute path of a recording that its windows show. */
  readonly recording?: string;
}

/** Browser mode: serves until Ctrl+C, which ends the run with a goodbye and leaves nothing running. */
export async function serveInBrowser(options: ServeOptions): Promise<number> {
  const { service } = options;
  const narrator = new Narrator(process.stderr);
  // Before a port is opened: the running one may have the very port that is asked for.
  const running = runningInstance(service.app.dataFolder);
  if (running !== null) return await leadToRunning(running, options, narrator);
  const files = await readStaticFiles(rendererFolder());
  await using server = await WebServer.listen({
    port: options.port,
    files,
    onPort: (port) => service.connect(port),
    onRecording: (path) => service.recordings.showFirst(path),
    now: systemClock.monotonicMs,
  });
  const lock = takeInstance(service.app.dataFolder, { port: server.port, secret: server.secret });
  if (!(Symbol.dispose in lock)) return await leadToRunning(lock, options, narrator);
  using _lock = lock;
  using _telling = service.onRun((host) => {
    host.rows.subscribe((row) => {
      if ('event' in row) narrator.event(row.event, host.view);
    });
  });
  if (options.recording !== undefined) service.recordings.showFirst(options.recording);
  const stopped = untilSignal();
  using _opening = await tellAddress(server, options, narrator);
  if (options.begin !== undefined) {
    // A demo that cannot start is shown in the page; the app stays open so that it can be mended and started again.
    options
      .begin()
      .catch((error: unknown) => narrator.say(visibleText(error instanceof Error ? error.message : String(error))));
  }
  await stopped;
  narrator.say('Stopping: saying goodbye to everybody.');
  await service[Symbol.asyncDispose]();
  return exitStatus.completed;
}

/** A second start opens what runs: two would record over each other's heads. */
async function leadToRunning(running: RunningInstance, options: ServeOptions, narrator: Narrator): Promise<number> {
  const { pid, note } = running;
  const address = note === null ? null : await askRunning(note, options.recording);
  if (address === null) {
    // Its address alone would open nothing: each has a token that is good for once.
    return complain(
      `Roundscope is already running on this data folder (process ${pid}), and does not answer. Use its window, end it (Ctrl+C, or kill ${pid}), or set ROUNDSCOPE_DATA to another folder.`,
      exitStatus.failed,
    );
  }
  const opened = await open(address, options, narrator);
  narrator.say(
    `Roundscope is already running on this data folder (process ${pid}); ${opened ? 'it is open in your browser (--no-open prints an address instead).' : 'this is a fresh address of it, good once and for two minutes:'}`,
  );
  if (!opened) process.stdout.write(`${address}\n`);
  return exitStatus.completed;
}

/** Returns what clears up behind it when the app ends. */
async function tellAddress(server: WebServer, options: ServeOptions, narrator: Narrator): Promise<Disposable> {
  const address = server.freshAddress();
  const opened = await open(address, options, narrator);
  if (!opened) {
    narrator.say('Open this address in a browser on this machine, within two minutes; Ctrl+C ends it:');
    // On stdout, so that a script can read it; good for one exchange.
    process.stdout.write(`${address}\n`);
    if (options.open) narrator.say('The rounds are shown below as they go.');
    return { [Symbol.dispose]: () => undefined };
  }
  // No address in the terminal: nobody needs it now, and what stays in a scrollback can be read by others later.
  narrator.say('Roundscope is open in your browser. Ctrl+C ends it.');
  const late = setTimeout(() => {
    removeOpeningFile(options.service.app.dataFolder);
    if (!server.isUnopened(address)) return;
    narrator.say(
      'No browser has come yet; perhaps it may not read the file that leads it here. This address is good once and for two minutes:',
    );
    process.stdout.write(`${server.freshAddress()}\n`);
  }, openPatienceMs);
  return {
    [Symbol.dispose]: () => {
      clearTimeout(late);
      removeOpeningFile(options.service.app.dataFolder);
    },
  };
}

/** Whether a browser was started on the address. */
async function open(address: string, options: ServeOptions, narrator: Narrator): Promise<boolean> {
  if (!options.open) return false;
  if (!hasDisplay(process.env, process.platform)) {
    narrator.say('There is no display here for a browser.');
    return false;
  }
  try {
    return await openBrowser(address, options.service.app.dataFolder);
  } catch (error) {
    narrator.say(`No browser was opened: ${visibleText(error instanceof Error ? error.message : String(error))}`);
    return false;
  }
}

function untilSignal(): Promise<void> {
  return new Promise((resolve) => {
    const signals = onEndSignal(() => {
      signals[Symbol.dispose]();
      resolve();
    });
  });
}
