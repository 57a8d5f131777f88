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
} from '#shared/contract/port-api.ts';
import type { Port } from '#shared/port/port.ts';
import { Feed } from './feed.ts';
import type { RunHost } from './run-host.ts';

/** One function per request; what it takes has been judged. */
export type RequestHandlers = { readonly [N in RequestName]: (params: RequestOf<N>) => Promise<PortAnswers[N]> };

/** Requests under way per renderer; a view never has more than a few. */
const requestsMax = 64;

/** Serves one renderer over its port: the feed of the current run, and requests. Nothing it sends is trusted. */
export class PortServer implements Disposable {
  readonly #port: Port;
  readonly #feed: Feed;
  readonly #handlers: RequestHandlers;
  #pending = 0;

  constructor(port: Port, snapshot: () => Snapshot, handlers: RequestHandlers) {
    this.#port = port;
    this.#handlers = handlers;
    this.#feed = new Feed(port, snapshot);
    port.onMessage((message) => this.#onMessage(message));
  }

  follow(host: RunHost | null): void {
    this.#feed.follow(host);
  }

  tell(message: FromService): void {
    this.#port.post(message);
  }

  [Symbol.dispose](): void {
    this.#feed[Symbol.dispose]();
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
    const judged = requestSchemas[requestName].safeParse(params);
    if (!judged.success) {
      const issue = judged.error.issues[0];
      throw invalid(`${name}: ${issue?.path.join('.') ?? ''} ${issue?.message ?? 'is not valid'}`.trim());
    }
    // Judged by the schema of the same name; the table cannot express that pairing.
    return (this.#handlers[requestName] as (params: unknown) => Promise<unknown>)(judged.data);
  }
}

function creditOf(message: unknown): number | null {
  if (typeof message !== 'object' || message === null || !('type' in message) || message.type !== 'credit') return null;
  return 'batch' in message && typeof message.batch === 'number' && Number.isSafeInteger(message.batch)
    ? message.batch
    : null;
}

function invalid(message: string): RoundscopeError {
  return new RoundscopeError('request_invalid', { layer: 'service', message });
}
