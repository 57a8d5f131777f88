import { RoundscopeError, toErrorReport } from '#shared/base/errors.ts';
import type { ErrorCode, ErrorReport } from '#shared/base/errors.ts';
import type {
  FromRenderer,
  FromService,
  PortAnswers,
  RequestName,
  RequestOf,
  Snapshot,
} from '#shared/contract/app/port-api.ts';
import type { Port } from '#shared/port/port.ts';
import { replayPort } from '../page/replay-port.ts';
import type { Recorded } from '../recorded/recorded-session.ts';

/** What the service answers to a request: a value, a failure, or nothing for now (`ServiceEnd.answer` gives it later). */
export type Answer<N extends RequestName> = PortAnswers[N] | RoundscopeError | 'later';
export type Answers = { readonly [N in RequestName]?: Answer<N> | ((params: RequestOf<N>) => Answer<N>) };

export interface ServiceOptions {
  /** What has happened by now is in the first picture; none: no run yet. */
  readonly items?: readonly Recorded[];
  /** Changes the first picture. */
  readonly snapshot?: Partial<Omit<Snapshot, 'app'>> & { readonly app?: Partial<Snapshot['app']> };
  readonly answers?: Answers;
}

interface Asked {
  readonly id: number;
  readonly name: RequestName;
  readonly params: unknown;
}

/**
 * The service's end of the port, for one rendered test. Answers as the recorded library, seats and runs of `replayPort` have
 * it, unless the test gives its own; what was asked is kept.
 */
export class ServiceEnd {
  readonly port: Port;
  readonly #asked: Asked[] = [];
  readonly #credits: number[] = [];
  #answers: Answers;
  #listener: ((message: unknown) => void) | undefined;
  #first: Snapshot | null = null;
  #onClose: ((reason: string) => void) | undefined;

  constructor({ items = [], snapshot = {}, answers = {} }: ServiceOptions) {
    this.#answers = answers;
    const replay = replayPort({ items, now: Date.now, every: () => () => undefined });
    this.port = {
      post: (message) => this.#take(message as FromRenderer, replay),
      onMessage: (listener) => {
        this.#listener = listener;
        replay.onMessage((message) => {
          const told = message as FromService;
          if (told.type !== 'snapshot') return listener(message);
          this.#first = { ...told, ...snapshot, app: { ...told.app, ...snapshot.app } };
          listener(this.#first);
        });
      },
      onClose: (listener) => void (this.#onClose = listener),
      close: () => undefined,
    };
  }

  /** Parameters of all requests of a name, oldest first. */
  asked<N extends RequestName>(name: N): readonly RequestOf<N>[] {
    return this.#asked.filter((one) => one.name === name).map(({ params }) => params as RequestOf<N>);
  }

  /** Names of all requests, oldest first. */
  get requests(): readonly RequestName[] {
    return this.#asked.map(({ name }) => name);
  }

  /** From now on. */
  willAnswer(answers: Answers): void {
    this.#answers = { ...this.#answers, ...answers };
  }

  /** Answers the newest request of this name, which was to be answered later; call it within `act`. */
  answer<N extends RequestName>(name: N, answer: Exclude<Answer<N>, 'later'>): void {
    const request = this.#asked.findLast((one) => one.name === name);
    if (request === undefined) throw new Error(`nobody asked ${name}`);
    this.#reply(request.id, answer);
  }

  /** Tells the window; call it within `act`. */
  tell(message: FromService): void {
    this.#listener?.(message);
  }

  /** The window is shown another picture, of which only this is different from the first; call it within `act`. */
  show(change: Partial<Snapshot>): void {
    if (this.#first !== null) this.tell({ ...this.#first, ...change });
  }

  /** The port closes; call it within `act`. */
  goAway(reason: string): void {
    this.#onClose?.(reason);
  }

  #take(message: FromRenderer, replay: Port): void {
    if (message.type !== 'request') return void this.#credits.push(message.batch);
    this.#asked.push(message);
    const own = this.#answers[message.name] as
      | Answer<RequestName>
      | ((params: unknown) => Answer<RequestName>)
      | undefined;
    if (own === undefined) return replay.post(message);
    const answer = typeof own === 'function' ? own(message.params) : own;
    if (answer !== 'later') queueMicrotask(() => this.#reply(message.id, answer));
  }

  #reply(id: number, answer: unknown): void {
    this.#listener?.(
      answer instanceof RoundscopeError
        ? { type: 'answer', id, ok: false, error: toErrorReport(answer) }
        : { type: 'answer', id, ok: true, value: answer },
    );
  }
}

/** A failure as the service reports it. */
export function failure(code: ErrorCode, message: string, layer: ErrorReport['layer'] = 'service'): RoundscopeError {
  return new RoundscopeError(code, { layer, message, retryable: false });
}
