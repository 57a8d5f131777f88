import { exitStatus } from '#shared/contract/run/summary.ts';
import type { AppService } from '#service/app-service.ts';
import type { RunningFederation } from '#service/runs/federation.ts';
import { complain } from '../complain.ts';
import { onEndSignal } from '../end-signals.ts';
import { runningInstance, takeInstance, type RunningInstance } from './instance-lock.ts';
import { visibleText } from '#shared/base/text/visible-text.ts';
import { ConsoleReporter } from '../output/console-reporter.ts';
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
  const reporter = new ConsoleReporter(process.stderr);
  // Before a port is opened: the running one may have the very port that is asked for.
  const running = runningInstance(service.app.dataFolder);
  if (running !== null) return await leadToRunning(running, options, reporter);
  const files = await readStaticFiles(rendererFolder());
  await using server = await WebServer.listen({
    port: options.port,
    files,
    onPort: (port) => service.connect(port),
    onRecording: (path) => service.recordings.showFirst(path),
    now: systemClock.monotonicMs,
  });
  const lock = takeInstance(service.app.dataFolder, { port: server.port, secret: server.secret });
  if (!(Symbol.dispose in lock)) return await leadToRunning(lock, options, reporter);
  using _lock = lock;
  using _telling = service.onRun((host) => {
    host.rows.subscribe((row) => {
      if ('event' in row) reporter.event(row.event, host.view);
    });
  });
  if (options.recording !== undefined) service.recordings.showFirst(options.recording);
  const stopped = untilSignal();
  using _opening = await tellAddress(server, options, reporter);
  if (options.begin !== undefined) {
    // A demo that cannot start is shown in the page; the app stays open so that it can be fixed and started again.
    options
      .begin()
      .catch((error: unknown) => reporter.say(visibleText(error instanceof Error ? error.message : String(error))));
  }
  await stopped;
  reporter.say('Stopping: saying goodbye to everybody.');
  await service[Symbol.asyncDispose]();
  return exitStatus.completed;
}

/** A second start opens what runs: two would record over each other's heads. */
async function leadToRunning(
  running: RunningInstance,
  options: ServeOptions,
  reporter: ConsoleReporter,
): Promise<number> {
  const { pid, note } = running;
  const address = note === null ? null : await askRunning(note, options.recording);
  if (address === null) {
    // Its address alone would open nothing: each has a token that is good for once.
    return complain(
      `Roundscope is already running on this data folder (process ${pid}), and does not answer. Use its window, end it (Ctrl+C, or kill ${pid}), or set ROUNDSCOPE_DATA to another folder.`,
      exitStatus.failed,
    );
  }
  const opened = await open(address, options, reporter);
  reporter.say(
    `Roundscope is already running on this data folder (process ${pid}); ${opened ? 'it is open in your browser (--no-open prints an address instead).' : 'this is a fresh address of it, good once and for two minutes:'}`,
  );
  if (!opened) process.stdout.write(`${address}\n`);
  return exitStatus.completed;
}

/** Returns what clears up behind it when the app ends. */
async function tellAddress(server: WebServer, options: ServeOptions, reporter: ConsoleReporter): Promise<Disposable> {
  const address = server.freshAddress();
  const opened = await open(address, options, reporter);
  if (!opened) {
    reporter.say('Open this address in a browser on this machine, within two minutes; Ctrl+C ends it:');
    // On stdout, so that a script can read it; good for one exchange.
    process.stdout.write(`${address}\n`);
    if (options.open) reporter.say('The rounds are shown below as they go.');
    return { [Symbol.dispose]: () => undefined };
  }
  // No address in the terminal: nobody needs it now, and what stays in a scrollback can be read by others later.
  reporter.say('Roundscope is open in your browser. Ctrl+C ends it.');
  const late = setTimeout(() => {
    removeOpeningFile(options.service.app.dataFolder);
    if (!server.isUnopened(address)) return;
    reporter.say(
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
async function open(address: string, options: ServeOptions, reporter: ConsoleReporter): Promise<boolean> {
  if (!options.open) return false;
  if (!hasDisplay(process.env, process.platform)) {
    reporter.say('There is no display here for a browser.');
    return false;
  }
  try {
    return await openBrowser(address, options.service.app.dataFolder);
  } catch (error) {
    reporter.say(`No browser was opened: ${visibleText(error instanceof Error ? error.message : String(error))}`);
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
