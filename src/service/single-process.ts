import { spawn, taskFailed } from '#shared/base/spawn.ts';
import type { Clock } from '#shared/base/time/clock.ts';
import { fromErrorReport, RoundscopeError, toErrorReport } from '#shared/base/errors.ts';
import type { CoordinatorStart, Launcher, ParticipantStart, ToChild } from '#shared/contract/child-messages.ts';
import { coordinatorId } from '#shared/contract/ids.ts';
import { RestartLimit } from '#demo/restart-limit.ts';
import { SupervisedChild, type ChildEnd, type SupervisorSink } from '#demo/supervised-child.ts';
import type { Federation } from './runs/federation.ts';

const stopPatienceMs = 4000;

/** A run in which this machine has one part: `coordinate` or `join`. The others are elsewhere. */
export class SingleProcess implements Federation {
  readonly #start: CoordinatorStart | ParticipantStart;
  readonly #launcher: Launcher;
  readonly #clock: Clock;
  readonly #sink: SupervisorSink;
  readonly #ended = Promise.withResolvers<ChildEnd>();
  readonly #restarts = new RestartLimit();
  #child: SupervisedChild | undefined;
  #invitation = '';
  #stopping = false;
  #stopReason = 'stopped';

  constructor(
    start: CoordinatorStart | ParticipantStart,
    parts: { readonly launcher: Launcher; readonly clock: Clock; readonly sink: SupervisorSink },
  ) {
    this.#start = start;
    this.#launcher = parts.launcher;
    this.#clock = parts.clock;
    this.#sink = parts.sink;
  }

  get ended(): Promise<ChildEnd> {
    return this.#ended.promise;
  }

  /** What others need to join; empty for a participant. */
  get invitation(): string {
    return this.#invitation;
  }

  async start(): Promise<void> {
    try {
      const child = await this.#launch();
      if (this.#stopping) throw this.#aborted();
      if (this.#start.type === 'start_coordinator') this.#invitation = (await child.listening).invitation;
      spawn('seeing a process to its end', this.#finish(child));
    } catch (cause) {
      const error = this.#stopping ? this.#aborted(cause) : cause;
      // Who has asked it to stop meanwhile waits for this.
      const report = toErrorReport(error);
      const status = this.#stopping ? 'interrupted' : 'failed';
      this.#ended.resolve({ type: 'ended', status, reason: report.message, error: report });
      throw error;
    }
  }

  /** Also while it is starting, which then fails with `aborted` and this reason. */
  async stop(reason: string): Promise<void> {
    this.#stopping = true;
    this.#stopReason = reason;
    this.#child?.expectExit();
    this.#child?.post({ type: 'stop', reason });
    using _patience = this.#clock.timer(stopPatienceMs, () => this.#child?.end('kill'));
    await this.ended;
  }

  tell(message: ToChild): void {
    this.#child?.post(message);
  }

  /** @throws RoundscopeError `process_exited` where there is no process that could answer */
  async ask(message: (ask: number) => ToChild): Promise<string> {
    const child = this.#child;
    if (child === undefined) throw this.#aborted();
    return await child.ask(message);
  }

  observe(): void {
    // Nothing on this machine waits for a cue.
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping = true;
    this.#child?.end('kill');
    await this.#child?.exited;
  }

  #aborted(cause?: unknown): RoundscopeError {
    return new RoundscopeError('aborted', { layer: 'application', message: this.#stopReason, cause });
  }

  async #launch(): Promise<SupervisedChild> {
    const [entry, name] =
      this.#start.type === 'start_coordinator'
        ? (['coordinator', coordinatorId] as const)
        : (['participant', this.#start.name] as const);
    const child = await SupervisedChild.launch(this.#launcher, entry, name, this.#sink, () => this.#mayRestart(name));
    this.#child = child;
    child.post(this.#start);
    return child;
  }

  /** What keeps its state on disk goes on where it was. */
  #mayRestart(name: string): boolean {
    return !this.#stopping && this.#start.stateFolder !== undefined && this.#restarts.allows(name);
  }

  /** The process once more, when it has crashed and may be started again. */
  async #again(dead: SupervisedChild): Promise<SupervisedChild | null> {
    if (!dead.crashed || !this.#mayRestart(dead.name)) return null;
    this.#restarts.count(dead.name);
    try {
      const child = await this.#launch();
      if (this.#stopping) {
        child.expectExit();
        child.end('kill');
      }
      return child;
    } catch (error) {
      // The end of the one before it is told, which is why there had to be another.
      taskFailed('starting a process again', error);
      return null;
    }
  }

  async #finish(first: SupervisedChild): Promise<void> {
    let child = first;
    let end = await child.ended;
    for (let next = await this.#again(child); next !== null; next = await this.#again(child)) {
      child = next;
      end = await child.ended;
    }
    child.expectExit();
    using _patience = this.#clock.timer(stopPatienceMs, () => child.end('kill'));
    await child.exited;
    this.#ended.resolve(end);
  }
}

/** The error with which a child ended, for those who wait for success. */
export function endFailure(end: ChildEnd): Error | null {
  return end.error === undefined ? null : fromErrorReport(end.error);
}
