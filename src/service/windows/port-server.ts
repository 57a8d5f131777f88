import type { Clock } from '#shared/base/time/clock.ts';
import { spawn } from '#shared/base/spawn.ts';
import { RoundscopeError, toErrorReport } from '#shared/base/errors.ts';
import {
  requestEnvelopeSchema,
  requestSchemas,
  type FromService,
  type PortAnswers,
  type RequestName,
  type RequestOf,
  type Snapshot,
} from '#shared/contract/app/port-api.ts';
import type { Port } from '#shared/port/port.ts';
import { Feed } from './feed.ts';
import type { RecordedSource } from '../replay/recorded-source.ts';
import type { RunSource } from './run-source.ts';

/** The window that asks: what it is shown, and how that is changed. */
export interface Viewer {
  readonly source: RunSource;
  show(recording: RecordedSource): Promise<void>;
  showLive(): Promise<void>;
}

/** One function per request; what it takes has been checked. */
export type RequestHandlers = {
  readonly [N in RequestName]: (params: RequestOf<N>, viewer: Viewer) => Promise<PortAnswers[N]>;
};

/** Commands to the run that goes on: a window that shows a recording has none to give. */
const acting: ReadonlySet<RequestName> = new Set([
  'stop_run',
  'inject_fault',
  'clear_fault',
  'set_network',
  'start_now',
  'decide_admission',
  'expel_participant',
  'renew_invitation',
  'invite_participant',
  'set_paused',
  'keep_trying',
  'try_now',
  'save_recording',
  'start_demo',
  'start_comparison',
  'join_run',
  'coordinate_run',
]);

interface PortServerOptions {
  readonly snapshot: (source: RunSource) => Snapshot;
  readonly handlers: RequestHandlers;
  readonly clock: Clock;
}

/** Requests under way per renderer; a view never has more than a few. */
const requestsMax = 64;

/** Serves one renderer over its port: the feed of what it is shown, and requests. Nothing it sends is trusted. */
export class PortServer implements Disposable, Viewer {
  readonly #port: Port;
  readonly #feed: Feed;
  readonly #handlers: RequestHandlers;
  #pending = 0;
  #live: RunSource;
  #recording: RecordedSource | null = null;
  #closed = false;

  constructor(port: Port, live: RunSource, { snapshot, handlers, clock }: PortServerOptions) {
    this.#live = live;
    this.#port = port;
    this.#handlers = handlers;
    this.#feed = new Feed(port, { snapshot, clock });
    port.onMessage((message) => this.#onMessage(message));
  }

  get source(): RunSource {
    return this.#recording ?? this.#live;
  }

  /** Another run goes on; a window that shows a recording goes on showing it. */
  follow(live: RunSource): void {
    this.#live = live;
    if (this.#recording === null) this.#feed.follow(live);
    else this.sourceChanged();
  }

  /** Tells of what goes on behind a recording. */
  sourceChanged(): void {
    if (this.#recording !== null) this.tell({ type: 'source', source: this.#recording.state() });
  }

  async show(recording: RecordedSource): Promise<void> {
    const before = this.#recording;
    if (this.#closed) return await recording[Symbol.asyncDispose]();
    this.#recording = recording;
    this.#feed.follow(recording);
    await before?.[Symbol.asyncDispose]();
  }

  async showLive(): Promise<void> {
    const before = this.#recording;
    this.#recording = null;
    if (before === null) return;
    this.#feed.follow(this.#live);
    await before[Symbol.asyncDispose]();
  }

  tell(message: FromService): void {
    this.#port.post(message);
  }

  [Symbol.dispose](): void {
    this.#closed = true;
    this.#feed[Symbol.dispose]();
    if (this.#recording !== null) spawn('closing a recording', this.#recording[Symbol.asyncDispose]());
    this.#recording = null;
  }

  #onMessage(message: unknown): void {
    const credit = creditOf(message);
    if (credit !== null) {
      this.#feed.credit(credit);
      return;
    }
    const envelope = requestEnvelopeSchema.safeParse(message);
    // Without an id there is nobody to answer: an unknown message is dropped as any web server drops noise.
    if (!envelope.success) return;
    spawn('answering a window', this.#answer(envelope.data.id, envelope.data.name, envelope.data.params));
  }

  async #answer(id: number, name: string, params: unknown): Promise<void> {
    let answer: FromService;
    this.#pending++;
    try {
      answer = { type: 'answer', id, ok: true, value: await this.#dispatch(name, params) };
    } catch (error) {
      answer = { type: 'answer', id, ok: false, error: toErrorReport(error) };
    } finally {
      this.#pending--;
    }
    this.#port.post(answer);
  }

  #dispatch(name: string, params: unknown): Promise<unknown> {
    if (this.#pending > requestsMax) throw invalid(`More than ${requestsMax} requests are under way.`);
    if (!Object.hasOwn(requestSchemas, name)) throw invalid(`There is no request named ${name.slice(0, 40)}.`);
    const requestName = name as RequestName;
    if (acting.has(requestName) && !this.source.capabilities.acts) throw showsRecording();
    const checked = requestSchemas[requestName].safeParse(params);
    if (!checked.success) {
      const issue = checked.error.issues[0];
      throw invalid(`${name}: ${issue?.path.join('.') ?? ''} ${issue?.message ?? 'is not valid'}`.trim());
    }
    // Checked by the schema of the same name; the table cannot express that pairing.
    return (this.#handlers[requestName] as (params: unknown, viewer: Viewer) => Promise<unknown>)(checked.data, this);
  }
}

function creditOf(message: unknown): number | null {
  if (typeof message !== 'object' || message === null || !('type' in message) || message.type !== 'credit') return null;
  return 'batch' in message && typeof message.batch === 'number' && Number.isSafeInteger(message.batch)
    ? message.batch
    : null;
}

function showsRecording(): RoundscopeError {
  return new RoundscopeError('not_now', {
    layer: 'service',
    message: 'This window shows a recording, which takes no commands. Close the recording first.',
  });
}

function invalid(message: string): RoundscopeError {
  return new RoundscopeError('request_invalid', { layer: 'service', message });
}
