import type { Clock } from '#shared/base/clock.ts';
import { fromErrorReport } from '#shared/base/errors.ts';
import type { CoordinatorStart, Launcher, ParticipantStart, ToChild } from '#shared/contract/child-messages.ts';
import { SupervisedChild, type ChildEnd, type SupervisorSink } from '#demo/supervised-child.ts';
import type { Federation } from './federation.ts';

const stopPatienceMs = 4000;

/** A run in which this machine has one part: `coordinate` or `join`. The others are elsewhere. */
export class SingleProcess implements Federation {
  readonly #start: CoordinatorStart | ParticipantStart;
  readonly #launcher: Launcher;
  readonly #clock: Clock;
  readonly #sink: SupervisorSink;
  readonly #ended = Promise.withResolvers<ChildEnd>();
  #child: SupervisedChild | undefined;
  #invitation = '';

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
    const serves = this.#start.type === 'start_coordinator';
    const name = this.#start.type === 'start_coordinator' ? 'coordinator' : this.#start.name;
    const child = await SupervisedChild.launch(
      this.#launcher,
      serves ? 'coordinator' : 'participant',
      name,
      this.#sink,
    );
    this.#child = child;
    child.post(this.#start);
    if (serves) this.#invitation = (await child.listening).invitation;
    void this.#finish(child);
  }

  async stop(reason: string): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    child.expectExit();
    child.post({ type: 'stop', reason });
    using _patience = this.#clock.timer(stopPatienceMs, () => child.end('kill'));
    await this.ended;
  }

  tell(message: ToChild): void {
    this.#child?.post(message);
  }

  observe(): void {
    // Nothing on this machine waits for a cue.
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child?.end('kill');
    await this.#child?.exited;
  }

  async #finish(child: SupervisedChild): Promise<void> {
    const end = await child.ended;
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
