import { z } from 'zod';
import type { Clock } from '#shared/base/time/clock.ts';
import { fromErrorReport, RoundscopeError, type ErrorReport } from '#shared/base/errors.ts';
import { lastWords } from '#shared/base/text/last-words.ts';
import {
  fromChildSchema,
  type ChildEntry,
  type ChildProcess,
  type FromChild,
  type Launcher,
  type ToChild,
} from '#shared/contract/child-messages.ts';

export type ChildBatch = Extract<FromChild, { type: 'batch' }>;
export type ChildEnd = Extract<FromChild, { type: 'ended' }>;

export interface SupervisorSink {
  /** Rows of a child; not yet checked one by one. */
  batch(source: string, batch: ChildBatch): void;
  exited(exit: {
    readonly name: string;
    readonly pid: number;
    readonly expected: boolean;
    /** Its supervisor starts it again. */
    readonly restarts: boolean;
    readonly note: string;
  }): void;
  /** A child sent what its contract does not know. */
  malformed(name: string, what: string): void;
}

/** One process of a federation on this machine: launched, listened to, and always seen to its end. */
export class SupervisedChild {
  readonly name: string;
  readonly #child: ChildProcess;
  readonly #listening = Promise.withResolvers<Extract<FromChild, { type: 'listening' }>>();
  readonly #relaying = Promise.withResolvers<Extract<FromChild, { type: 'relaying' }>['routes']>();
  readonly #ended = Promise.withResolvers<ChildEnd>();
  readonly #exited = Promise.withResolvers<void>();
  readonly #restarts: () => boolean;
  readonly #asked = new Map<number, PromiseWithResolvers<string>>();
  #asks = 0;
  #endedBySelf = false;
  #expected = false;
  #gone = false;

  static async launch(
    launcher: Launcher,
    entry: ChildEntry,
    name: string,
    sink: SupervisorSink,
    restarts: () => boolean = () => false,
  ): Promise<SupervisedChild> {
    return new SupervisedChild(name, await launcher.launch(entry, name), sink, restarts);
  }

  private constructor(name: string, child: ChildProcess, sink: SupervisorSink, restarts: () => boolean) {
    this.name = name;
    this.#child = child;
    this.#restarts = restarts;
    // Both settle on exit at the latest; who does not ask must not be told of it as an unhandled rejection.
    this.#listening.promise.catch(() => undefined);
    this.#relaying.promise.catch(() => undefined);
    child.onMessage((message) => this.#onMessage(message, sink));
    child.onExit((exit) => this.#onExit(exit, sink));
  }

  get pid(): number {
    return this.#child.pid;
  }

  get gone(): boolean {
    return this.#gone;
  }

  /** It is gone without having said that it would be, and nobody wanted it to go. */
  get crashed(): boolean {
    return this.#gone && !this.#expected && !this.#endedBySelf;
  }

  /** Resolves with the invitation when a coordinator listens; rejects with its error when it could not. */
  get listening(): Promise<Extract<FromChild, { type: 'listening' }>> {
    return this.#listening.promise;
  }

  /** The same of a relay: an invitation for each participant. */
  get relaying(): Promise<Extract<FromChild, { type: 'relaying' }>['routes']> {
    return this.#relaying.promise;
  }

  /** Resolves with the child's own last word, or with what its exit tells when it had none. Never rejects. */
  get ended(): Promise<ChildEnd> {
    return this.#ended.promise;
  }

  get exited(): Promise<void> {
    return this.#exited.promise;
  }

  post(message: ToChild): void {
    if (!this.#gone) this.#child.post(message);
  }

  /**
   * Asks a coordinator for an invitation.
   * @throws RoundscopeError `process_exited` when it is gone before it answers
   */
  ask(message: (ask: number) => ToChild): Promise<string> {
    const ask = this.#asks++;
    const answer = Promise.withResolvers<string>();
    if (this.#gone) answer.reject(this.#goneError());
    else this.#asked.set(ask, answer);
    this.post(message(ask));
    return answer.promise;
  }

  /** From here on its exit is no news. */
  expectExit(): void {
    this.#expected = true;
  }

  end(how: 'terminate' | 'kill'): void {
    if (!this.#gone) this.#child.end(how);
  }

  /** Tells it to end, and ends it if it does not; resolves when it is gone. */
  async terminate(clock: Clock, patienceMs: number): Promise<void> {
    this.expectExit();
    this.end('terminate');
    using _patience = clock.timer(patienceMs, () => this.end('kill'));
    await this.exited;
  }

  #onMessage(message: unknown, sink: SupervisorSink): void {
    const checked = fromChildSchema.safeParse(message);
    if (!checked.success) {
      sink.malformed(this.name, checked.error.message.slice(0, 500));
      // What cannot be read was taken all the same: a process must not wait for ever for the answer to a batch.
      const batch = batchOf(message);
      if (batch !== null) this.post({ type: 'ack', batch });
      return;
    }
    if (checked.data.type === 'batch') {
      sink.batch(this.name, checked.data);
      this.post({ type: 'ack', batch: checked.data.batch });
    }
    if (checked.data.type === 'listening') this.#listening.resolve(checked.data);
    if (checked.data.type === 'invitation') {
      this.#asked.get(checked.data.ask)?.resolve(checked.data.invitation);
      this.#asked.delete(checked.data.ask);
    }
    if (checked.data.type === 'relaying') this.#relaying.resolve(checked.data.routes);
    if (checked.data.type === 'ended') {
      this.#endedBySelf = true;
      this.#listening.reject(endError(this.name, checked.data));
      this.#relaying.reject(endError(this.name, checked.data));
      this.#ended.resolve(checked.data);
    }
  }

  #onExit(
    exit: { readonly code: number | null; readonly signal: string | null; readonly stderr: string },
    sink: SupervisorSink,
  ): void {
    this.#gone = true;
    const how = exit.signal === null ? `exit status ${exit.code}` : `ended by ${exit.signal}`;
    const words = lastWords(exit.stderr);
    const expected = this.#expected || this.#endedBySelf;
    sink.exited({
      name: this.name,
      pid: this.pid,
      expected,
      restarts: !expected && this.#restarts(),
      note: words === '' || expected ? how : `${how}: ${words}`,
    });
    const error: ErrorReport = {
      code: 'process_exited',
      layer: 'service',
      message: `The process of ${this.name} ended unexpectedly (${how}).`,
      retryable: false,
      context: { name: this.name, pid: this.pid },
      causes: words === '' ? [] : [words],
    };
    const end: ChildEnd = { type: 'ended', status: 'failed', reason: error.message, error };
    this.#listening.reject(endError(this.name, end));
    this.#relaying.reject(endError(this.name, end));
    this.#ended.resolve(end);
    for (const answer of this.#asked.values()) answer.reject(this.#goneError());
    this.#asked.clear();
    this.#exited.resolve();
  }

  #goneError(): RoundscopeError {
    const message = `The process of ${this.name} ended before it answered.`;
    return new RoundscopeError('process_exited', { layer: 'service', message });
  }
}

/** The number of a batch that may be malformed otherwise. */
function batchOf(message: unknown): number | null {
  const checked = batchNumber.safeParse(message);
  return checked.success ? checked.data.batch : null;
}

const batchNumber = z.object({ type: z.literal('batch'), batch: z.number().int().positive() });

function endError(name: string, end: ChildEnd): RoundscopeError {
  const report = end.error;
  if (report === undefined) {
    return new RoundscopeError('process_exited', {
      layer: 'service',
      message: `${name} ended before it was ready: ${end.reason}`,
    });
  }
  return fromErrorReport(report);
}
