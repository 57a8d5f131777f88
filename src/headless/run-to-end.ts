import { spawn } from '#shared/base/spawn.ts';
import { exitStatus } from '#shared/contract/run/summary.ts';
import type { AppService } from '#service/app-service.ts';
import type { RunningFederation } from '#service/runs/federation.ts';
import { onEndSignal } from './end-signals.ts';
import { lineOf, writeOut } from './json-lines.ts';
import { ConsoleReporter } from './output/console-reporter.ts';
import { exitStatusOf, runSummary } from './summary.ts';

export interface RunToEndOptions {
  readonly json: boolean;
  readonly service: AppService;
  readonly begin: () => Promise<RunningFederation>;
  /** Events on stdout wait until `onStarted` has written what comes before them. */
  readonly eventsAfterStart?: boolean;
  /** Once the run goes: the invitation to print, a browser to open. */
  readonly onStarted?: (running: RunningFederation, reporter: ConsoleReporter) => Disposable | undefined;
}

/** Runs a federation in the terminal to its end: events as JSON lines or in words, a clean goodbye on Ctrl+C. */
export async function runToEnd(options: RunToEndOptions): Promise<number> {
  const reporter = new ConsoleReporter(process.stderr);
  /** Why it is to end; null: it is not. */
  let interrupted: string | null = null;
  const out = new EventLines(options.eventsAfterStart === true);
  using _watching = watchNextRun(options, reporter, out);
  using _signals = onEndSignal((reason) => {
    if (interrupted !== null) {
      reporter.say('Ended at once, without waiting for goodbyes.');
      process.exit(exitStatus.interrupted);
    }
    interrupted = reason;
    reporter.say('Stopping: saying goodbye to everybody. Press Ctrl+C again to end at once.');
    spawn('stopping the run', options.service.stop(reason));
  });
  try {
    const running = await options.begin();
    using _while = options.onStarted?.(running, reporter);
    out.release();
    if (interrupted !== null) await options.service.stop(interrupted);
    const { error, status } = await running.ended;
    // Closes the recording first, so that the summary counts what is really on disk.
    await running.host[Symbol.asyncDispose]();
    const summary = runSummary(running.host.view);
    if (options.json) await writeOut(lineOf(summary));
    reporter.end(summary, running.host.view);
    if (error !== undefined && interrupted === null) reporter.advise(error);
    if (interrupted !== null) return exitStatus.interrupted;
    // The run completed, and what was asked of this end of it did not: its model is not where it should be.
    return status === 'failed' && summary.status === 'completed' ? exitStatus.failed : exitStatusOf(summary);
  } catch (error) {
    // Ended while it was starting: a process that Ctrl+C reached before it could listen is no failure.
    if (interrupted === null) throw error;
    return exitStatus.interrupted;
  } finally {
    out.release();
  }
}

/** A run says little before it has started; if it says more, what is to come first comes later. */
const heldLinesMax = 1000;

/** Events on stdout, a line each, from `release` on. That stdout fails is heard where the program begins. */
class EventLines {
  #held: unknown[] | null;

  constructor(hold: boolean) {
    this.#held = hold ? [] : null;
  }

  write(event: unknown): void {
    if (this.#held === null) process.stdout.write(lineOf(event));
    else if (this.#held.push(event) >= heldLinesMax) this.release();
  }

  release(): void {
    const held = this.#held ?? [];
    this.#held = null;
    for (const event of held) process.stdout.write(lineOf(event));
  }
}

/** Follows the run from its very first event, which comes before `begin` resolves. */
function watchNextRun(options: RunToEndOptions, reporter: ConsoleReporter, out: EventLines): Disposable {
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
      else reporter.event(row.event, host.view);
    });
  });
}
