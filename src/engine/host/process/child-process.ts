import { toErrorReport, type ErrorReport } from '#shared/base/errors.ts';
import { visibleText } from '#shared/base/text/visible-text.ts';
import { toChildSchema, type FromChild, type ToChild } from '#shared/contract/child-messages.ts';
import { failureWords, onTaskFailure, taskFailed } from '#shared/base/spawn.ts';
import { exitWhenIdle } from './exit-when-idle.ts';
import { openParentChannel, type ParentChannel } from './parent-channel.ts';
import { endOnFault, onProcessFault, processFault } from './process-fault.ts';

type Start = Extract<ToChild, { type: 'start_coordinator' | 'start_participant' | 'start_relay' | 'start_look' }>;
export type Ended = Omit<Extract<FromChild, { type: 'ended' }>, 'type'>;

/** What a process of a federation does with its parent's words; it is started once and ends once. */
export interface ChildWork<S extends Start> {
  readonly startType: S['type'];
  /** Runs to the end; `signal` aborts when the parent says stop or is gone. */
  readonly run: (start: S, channel: ParentChannel, signal: AbortSignal) => Promise<Ended>;
  /** Whether it dies at once when its parent has, and not with goodbyes: what it keeps is to be gone on with. */
  readonly survivesByState?: (start: S) => boolean;
  readonly onFault: (message: Extract<ToChild, { type: 'fault' }>) => void;
  /** What only some processes are told. */
  readonly onOther?: (message: ToChild) => void;
}

/** What the parent is told of an outcome. */
export function endedOf(end: {
  readonly status: Ended['status'];
  readonly reason: string;
  readonly error?: ErrorReport | undefined;
}): Ended {
  const { status, reason, error } = end;
  return { status, reason, ...(error === undefined ? {} : { error: { ...error, causes: [...error.causes] } }) };
}

/** How long a process may still hold something open after its end before that counts as a leak and it is ended. */
const lingerMs = 2000;
/** Longest reason that the contract takes. */
const reasonMax = 1000;

/** The life of a child process: waits for its start, runs, says how it ended, and leaves nothing open. */
export function serveParent<S extends Start>(work: ChildWork<S>): void {
  exitWhenIdle();
  endOnFault();
  const channel = openParentChannel();
  onProcessFault(() => channel.flushed());
  // Also while there is no run yet to be told; the last of these lines explain an end.
  onTaskFailure((failure) => process.stderr.write(`${visibleText(failureWords(failure))}\n`));
  const stop = new AbortController();
  let started = false;
  let survives = false;
  channel.onGone(() => {
    if (survives) process.exit(1);
    stop.abort(new DOMException('the app that ran it is gone', 'AbortError'));
  });
  process.once('SIGTERM', () => stop.abort(new DOMException('the process was told to end', 'AbortError')));
  // Ctrl+C in a terminal reaches every process of its group; the parent has the say.
  process.on('SIGINT', () => undefined);
  const take = (message: ToChild): void => {
    if (message.type === 'stop') stop.abort(new DOMException(message.reason, 'AbortError'));
    else if (message.type === 'fault') work.onFault(message);
    else if (message.type === work.startType && !started) {
      started = true;
      survives = work.survivesByState?.(message as S) === true;
      live(work, message as S, channel, stop.signal).catch(processFault);
    } else work.onOther?.(message);
  };
  channel.onMessage((input) => {
    const checked = toChildSchema.safeParse(input);
    if (!checked.success) return taskFailed('reading what the app said', checked.error);
    try {
      take(checked.data);
    } catch (error) {
      taskFailed('doing what the app said', error);
    }
  });
}

async function live<S extends Start>(
  work: ChildWork<S>,
  start: S,
  channel: ParentChannel,
  signal: AbortSignal,
): Promise<void> {
  let ended: Ended;
  try {
    ended = await work.run(start, channel, signal);
  } catch (error) {
    const report = toErrorReport(error);
    const reason = report.message.slice(0, reasonMax);
    ended = { status: signal.aborted ? 'interrupted' : 'failed', reason, error: report };
    if (report.code === 'internal')
      process.stderr.write(`${error instanceof Error ? (error.stack ?? '') : String(error)}\n`);
  }
  channel.post({ type: 'ended', ...ended });
  await channel.close();
  setTimeout(() => {
    process.stderr.write(`still open after the end: ${process.getActiveResourcesInfo().join(', ')}\n`);
    process.exit(1);
  }, lingerMs).unref();
}
