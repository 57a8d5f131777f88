import { subscribe } from 'node:diagnostics_channel';
import type { ClientHttp2Stream, Http2Session } from 'node:http2';
import type { Clock } from '#shared/base/time/clock.ts';

/** A measurement older than this is repeated when somebody asks. */
const freshMs = 1_000;

/** Round-trip time by HTTP/2's own PING, which no reader of ours can delay; measured when asked for, so it costs no timer. */
export class RoundTrip {
  readonly #clock: Clock;
  #session: Http2Session | null;
  #ms: number | null = null;
  #askedMs = -freshMs;

  constructor(clock: Clock, session: Http2Session | null) {
    this.#clock = clock;
    this.#session = session;
    this.#ask();
  }

  /** What the last answer told; null until there is one. */
  get ms(): number | null {
    this.#ask();
    return this.#ms;
  }

  attach(session: Http2Session): void {
    this.#session = session;
    this.#ask();
  }

  #ask(): void {
    const session = this.#session;
    const nowMs = this.#clock.monotonicMs();
    if (session === null || session.destroyed || nowMs - this.#askedMs < freshMs) return;
    // Refused while too many are under way; the next question comes anyhow.
    const sent = session.ping((error, durationMs) => {
      if (error === null) this.#ms = durationMs;
    });
    if (sent) this.#askedMs = nowMs;
  }
}

const waiting = new Map<string, (session: Http2Session) => void>();
let subscribed = false;

/**
 * The HTTP/2 connection of a call that is about to be made, told by the `roundscope-session` it carries. The library shows
 * its connections to nobody; Node tells of each stream on them.
 */
export function whenConnected(session: string, tell: (connection: Http2Session) => void): Disposable {
  if (!subscribed) subscribe('http2.client.stream.created', onStream);
  subscribed = true;
  waiting.set(session, tell);
  return { [Symbol.dispose]: () => void waiting.delete(session) };
}

function onStream(message: unknown): void {
  const { stream, headers } = message as {
    readonly stream: ClientHttp2Stream;
    readonly headers: Readonly<Record<string, string | undefined>>;
  };
  const tell = waiting.get(headers['roundscope-session'] ?? '');
  if (tell !== undefined && stream.session !== undefined) tell(stream.session);
}
