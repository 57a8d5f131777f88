import { toWireNames } from '#shared/contract/wire-names.ts';
import { exitStatus } from '#shared/contract/summary.ts';
import type { AppService } from '#service/app-service.ts';
import type { RunningFederation } from '#service/federation.ts';
import { Narrator } from './narrator.ts';
import { exitStatusOf, runSummary } from './summary.ts';

export interface RunToEndOptions {
  readonly json: boolean;
  readonly service: AppService;
  readonly begin: () => Promise<RunningFederation>;
  /** Events on stdout wait until `onStarted` has written what comes before them. */
  readonly eventsAfterStart?: boolean;
  /** Once the run goes: the invitation to print, a browser to open. */
  readonly onStarted?: (running: RunningFederation, narrator: Narrator) => void;
}

/** Runs a federation in the terminal to its end: events as JSON lines or in words, a clean goodbye on Ctrl+C. */
export async function runToEnd(options: RunToEndOptions): Promise<number> {
  const narrator = new Narrator(process.stderr);
  let interrupted = false;
  const interrupt = (): void => {
    if (interrupted) {
      narrator.say('Ended at once, without waiting for goodbyes.');
      process.exit(exitStatus.interrupted);
    }
    interrupted = true;
    narrator.say('Stopping: saying goodbye to everybody. Press Ctrl+C again to end at once.');
    void options.service.stop('interrupted by the user');
  };
  const out = new EventLines(options.eventsAfterStart === true);
  using _watching = watchNextRun(options, narrator, out);
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  try {
    const running = await options.begin();
    options.onStarted?.(running, narrator);
    out.release();
    if (interrupted) await options.service.stop('interrupted by the user');
    const { error, status } = await running.ended;
    // Closes the recording first, so that the summary counts what is really on disk.
    await running.host[Symbol.asyncDispose]();
    const summary = runSummary(running.host.view);
    if (options.json) await writeLine(summary);
    narrator.end(summary, running.host.view);
    if (error !== undefined && !interrupted) narrator.advise(error);
    if (interrupted) return exitStatus.interrupted;
    // The run completed, and what was asked of this end of it did not: its model is not where it should be.
    return status === 'failed' && summary.status === 'completed' ? exitStatus.failed : exitStatusOf(summary);
  } catch (error) {
    // Ended while it was starting: a process that Ctrl+C reached before it could listen is no failure.
    if (!interrupted) throw error;
    return exitStatus.interrupted;
  } finally {
    out.release();
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
  }
}

/** A run says little before it has started; if it says more, what is to come first comes later. */
const heldLinesMax = 1000;

/** Events on stdout, a line each, from `release` on. */
class EventLines {
  #held: unknown[] | null;

  constructor(hold: boolean) {
    this.#held = hold ? [] : null;
  }

  write(event: unknown): void {
    if (this.#held === null) void writeLine(event);
    else if (this.#held.push(event) >= heldLinesMax) this.release();
  }

  release(): void {
    const held = this.#held ?? [];
    this.#held = null;
    for (const event of held) void writeLine(event);
  }
}

/** Follows the run from its very first event, which comes before `begin` resolves. */
function watchNextRun(options: RunToEndOptions, narrator: Narrator, out: EventLines): Disposable {
  return options.service.onRun((host) => {
    host.rows.subscribe((row) => {
      if (!('event' in row)) return;
      if (options.json)
        out.write({
          event: row.event.type,
          id: row.event.id,
          run: row.event.run,
          source: row.event.source,
          at: row.event.at,
          ...row.event.data,
        });
      else narrator.event(row.event, host.view);
    });
  });
}

function writeLine(value: unknown): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(`${JSON.stringify(toWireNames(value))}\n`, (error) => (error ? reject(error) : resolve()));
  });
}
