import { exitStatus } from '#shared/contract/summary.ts';
import type { AppService } from '#service/app-service.ts';
import type { RunningFederation } from '#service/federation.ts';
import { complain } from './complain.ts';
import { onEndSignal } from './end-signals.ts';
import { runningInstance, takeInstance, type RunningInstance } from './instance-lock.ts';
import { visibleText } from '#shared/base/visible-text.ts';
import { Narrator } from './narrator.ts';
import { askRunning } from './second-start.ts';
import { hasDisplay, openBrowser } from './open-browser.ts';
import { readStaticFiles, rendererFolder } from '#engine/host/static-files.ts';
import { WebServer } from './web-server.ts';

export interface ServeOptions {
  readonly service: AppService;
  readonly port: number;
  readonly open: boolean;
  /** Started as soon as the page can be opened; absent: the app stays idle. */
  readonly begin?: () => Promise<RunningFederation>;
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
  });
  const lock = takeInstance(service.app.dataFolder, { port: server.port, secret: server.secret });
  if (!(Symbol.dispose in lock)) return await leadToRunning(lock, options, narrator);
  using _lock = lock;
  using _telling = service.onRun((host) => {
    host.rows.subscribe((row) => {
      if ('event' in row) narrator.event(row.event, host.view);
    });
  });
  const stopped = untilSignal();
  await tellAddress(server, options, narrator);
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
  const address = note === null ? null : await askRunning(note);
  if (address === null) {
    // Its address alone would open nothing: each has a token that is good for once.
    return complain(
      `Roundscope is already running on this data folder (process ${pid}), and does not answer. Use its window, end it (Ctrl+C, or kill ${pid}), or set ROUNDSCOPE_DATA to another folder.`,
      exitStatus.failed,
    );
  }
  const canOpen = options.open && hasDisplay(process.env, process.platform);
  const opened = canOpen && (await openBrowser(address));
  narrator.say(
    `Roundscope is already running on this data folder (process ${pid}); ${opened ? 'it is open in your browser.' : 'this is a fresh address of it:'}`,
  );
  if (!opened) process.stdout.write(`${address}\n`);
  return exitStatus.completed;
}

async function tellAddress(server: WebServer, options: ServeOptions, narrator: Narrator): Promise<void> {
  const address = server.freshAddress();
  const canOpen = options.open && hasDisplay(process.env, process.platform);
  const opened = canOpen && (await openBrowser(address));
  narrator.say(
    opened
      ? 'Roundscope is open in your browser. Ctrl+C ends it.'
      : 'Open this address in a browser on this machine; Ctrl+C ends it:',
  );
  // On stdout, so that a script can read it; good for one exchange.
  process.stdout.write(`${opened ? server.freshAddress() : address}\n`);
  if (options.open && !canOpen) narrator.say('There is no display here, so the rounds are shown below as they go.');
}

function untilSignal(): Promise<void> {
  return new Promise((resolve) => {
    const signals = onEndSignal(() => {
      signals[Symbol.dispose]();
      resolve();
    });
  });
}
