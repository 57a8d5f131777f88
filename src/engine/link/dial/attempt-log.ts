import { RoundscopeError, type ErrorCode } from '#shared/base/errors.ts';
import type { Clock } from '#shared/base/time/clock.ts';
import type { EventData } from '#shared/contract/events.ts';
import type { ParticipantId } from '#shared/contract/ids.ts';
import { protocolOf } from '#shared/contract/protocols.ts';
import type { Reporter } from '#shared/contract/reporter.ts';
import type { BrokerNews, DialAttempt, SessionObserver } from '#engine/transport/transport.ts';
import { RateBucket } from '#shared/base/rate-bucket.ts';
import { messageOf } from '../wire.ts';

type Told = EventData<'link_attempt'>;

/** A coordinator with many addresses, or one that takes sessions and drops them, must not fill the recording. */
const eventsPerSecondMax = 5;
const eventsBurstMax = 50;
const reasonCharsMax = 500;

export interface AttemptLogOptions {
  readonly participant: ParticipantId;
  readonly clock: Clock;
  readonly reporter: Reporter;
  /** Monotonic ms at which something last came from the coordinator; null: never. */
  readonly lastHeardMs: () => number | null;
  /** Ms until the dialing is given up; null: never. */
  readonly givesUpInMs: () => number | null;
}

interface Entry {
  readonly number: number;
  readonly attempt: DialAttempt;
  /** How it ended; an open session has, once the coordinator has answered hello over it. */
  end: { readonly result: Told['result']; readonly reason: string } | null;
}

/**
 * Tells every attempt to reach the coordinator: when it begins, and when it has ended, then with when the next one begins.
 * Times are told in wall time as it is now, so that a clock that jumps meanwhile spoils none of them.
 */
export class AttemptLog implements SessionObserver {
  readonly #options: AttemptLogOptions;
  readonly #bucket: RateBucket;
  #entries: Entry[] = [];
  #last: Entry | null = null;
  #number = 0;

  constructor(options: AttemptLogOptions) {
    this.#options = options;
    const nowMs = options.clock.monotonicMs();
    this.#bucket = new RateBucket({ perSecond: eventsPerSecondMax, burst: eventsBurstMax, nowMs });
  }

  /** Attempts since the link was last ready. */
  get count(): number {
    return this.#number;
  }

  onAttempt(attempt: DialAttempt): void {
    this.#tellEnded(0);
    const entry: Entry = { number: ++this.#number, attempt, end: null };
    this.#entries.push(entry);
    this.#tell(entry, 'trying', 'dialing', 0);
  }

  onAttemptEnd(attempt: DialAttempt, error: unknown): void {
    const entry = this.#entries.find((candidate) => candidate.attempt === attempt);
    if (entry !== undefined && error !== null) entry.end = endOf(error);
  }

  /** What goes between, in trouble or well again. */
  onBroker(news: BrokerNews): void {
    const { participant, reporter } = this.#options;
    const { address, reason } = news;
    reporter.event('broker_state', {
      ...news,
      participant,
      address: address.slice(0, 500),
      reason: reason.slice(0, reasonCharsMax),
    });
  }

  /** What was opened is of no use after all: the hello over it failed. */
  failed(error: unknown): void {
    for (const entry of this.#entries) entry.end ??= endOf(error);
  }

  /** Nothing is dialed for so long. */
  pauses(ms: number): void {
    this.#tellEnded(ms);
  }

  /** The link is ready: counting begins again. */
  connected(): void {
    for (const entry of this.#entries) entry.end ??= { result: 'connected', reason: 'connected' };
    this.#tellEnded(null);
    this.#number = 0;
  }

  /** The same attempt once more: when it is given up has changed. */
  tellAgain(nextMs: number): void {
    const last = this.#last;
    if (last !== null && this.#number > 0)
      this.#tell(last, last.end?.result ?? 'trying', last.end?.reason ?? 'dialing', nextMs);
  }

  /** `nextMs` null: no next one is needed. */
  #tellEnded(nextMs: number | null): void {
    const ended = this.#entries.filter(({ end }) => end !== null);
    this.#entries = this.#entries.filter(({ end }) => end === null);
    for (const entry of ended) if (entry.end !== null) this.#tell(entry, entry.end.result, entry.end.reason, nextMs);
  }

  #tell(entry: Entry, result: Told['result'], reason: string, nextMs: number | null): void {
    const { clock, participant, reporter, lastHeardMs, givesUpInMs } = this.#options;
    this.#last = entry;
    const nowMs = clock.monotonicMs();
    if (!this.#bucket.take(nowMs)) return;
    const wallMs = clock.wallMs();
    const heardMs = lastHeardMs();
    const givesUpMs = givesUpInMs();
    const { stack, endpoint } = entry.attempt;
    reporter.event('link_attempt', {
      participant,
      number: entry.number,
      protocol: protocolOf[stack],
      stack,
      address: endpoint.slice(0, 300),
      result,
      reason: reason.slice(0, reasonCharsMax),
      lastHeardAt: heardMs === null ? 0 : wallMs - (nowMs - heardMs),
      nextAt: nextMs === null || result === 'trying' ? 0 : wallMs + nextMs,
      givesUpAt: givesUpMs === null || result === 'connected' ? 0 : wallMs + givesUpMs,
    });
  }
}

/** Somebody is there, and says no. */
const refusals: ReadonlySet<ErrorCode> = new Set([
  'connect_refused',
  'broker_refused',
  'broker_blocked',
  'link_rejected',
  'run_over',
  'run_mismatch',
  'participant_name_taken',
  'participant_limit',
  'version_unsupported',
]);

function endOf(error: unknown): NonNullable<Entry['end']> {
  const reason = messageOf(error);
  if (!(error instanceof RoundscopeError)) {
    const isLate = error instanceof DOMException && error.name === 'TimeoutError';
    return { result: isLate ? 'no_answer' : 'failed', reason: isLate ? 'no answer in time' : reason };
  }
  if (error.code === 'connect_timeout' || error.code === 'timeout') return { result: 'no_answer', reason };
  return { result: refusals.has(error.code) ? 'refused' : 'failed', reason };
}
