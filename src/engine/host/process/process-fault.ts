import { toErrorReport, type ErrorReport } from '#shared/base/errors.ts';
import { spawn } from '#shared/base/spawn.ts';
import { visibleText } from '#shared/base/text/visible-text.ts';
import { exitStatus } from '#shared/contract/run/summary.ts';

/** Longest that what has to be said at the end may take. */
const patienceMs = 3000;

type Mark = (fault: ErrorReport) => void | Promise<void>;

const marks = new Set<Mark>();
let ending = false;
let exit: (status: number) => void = (status) => process.exit(status);

/**
 * What is to be said or put on disk when a fault ends this process: the newest first, each after the one before. All of
 * them together have three seconds. Returns what takes it back. Decision 0062.
 */
export function onProcessFault(mark: Mark): Disposable {
  marks.add(mark);
  return { [Symbol.dispose]: () => void marks.delete(mark) };
}

/**
 * The last handler of a process: what is thrown where nobody catches it, and what is rejected where nobody waits, is a
 * mistake of ours. State may be half changed then, so the process marks what it records, says what happened and ends with
 * `exitStatus.fault`; who supervises it starts it again.
 *
 * @param end how it ends, where that is not `process.exit`
 */
export function endOnFault(end?: (status: number) => void): void {
  if (end !== undefined) exit = end;
  // Nobody reads what it says any more: no reason to end before the goodbyes.
  process.stderr.on('error', () => undefined);
  process.on('uncaughtException', processFault);
  process.on('unhandledRejection', processFault);
}

/** The same for a mistake that was caught. */
export function processFault(error: unknown): void {
  // What fails while it ends can only be a consequence; the time limit stands.
  if (ending) return;
  ending = true;
  const late = setTimeout(() => exit(exitStatus.fault), patienceMs);
  say(error);
  spawn(
    'ending the process',
    markAll(toErrorReport(error)).then(() => {
      clearTimeout(late);
      exit(exitStatus.fault);
    }),
  );
}

/** One sentence for people. */
export function faultWords({ message }: ErrorReport): string {
  return `a mistake in the program ended it: ${message}`;
}

/** One that fails keeps the others from nothing. Never rejects. */
async function markAll(fault: ErrorReport): Promise<void> {
  for (const mark of [...marks].toReversed()) {
    try {
      await mark(fault);
    } catch (error) {
      say(error);
    }
  }
}

/** The words last: they are what a supervisor keeps of it, and what stands above the prompt. */
function say(error: unknown): void {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  const lines = [...stack.split('\n'), `Roundscope: ${faultWords(toErrorReport(error))}`];
  process.stderr.write(`${lines.map(visibleText).join('\n')}\n`);
}
