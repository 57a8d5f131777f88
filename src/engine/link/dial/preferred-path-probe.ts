import { spawn } from '#shared/base/spawn.ts';
import type { Clock } from '#shared/base/time/clock.ts';
import type { Session } from '#engine/transport/transport.ts';
import { timing } from '#shared/contract/limits.ts';

/** A link in the middle of something is asked again after this. */
const busyPauseMs = 2_000;

export interface ProbeOptions {
  readonly clock: Clock;
  /** Whether something is under way that a change of sessions would hold up. */
  readonly busy: () => boolean;
  /** Opens a session on the way that is tried first, and on no other. */
  readonly dial: (signal: AbortSignal) => Promise<Session>;
  readonly found: (session: Session) => void;
  readonly failed: (error: unknown) => void;
}

/**
 * While a session is on another way than the one that is tried first (over TCP, since UDP did not answer): looks beside it, with
 * growing pauses, whether the first answers again. What blocks UDP may be a coordinator that was asleep, or a network that
 * has been left since.
 */
export class PreferredPathProbe implements Disposable {
  readonly #options: ProbeOptions;
  readonly #over = new AbortController();
  #pauseMs: number = timing.firstWayAgainMs;
  #timer: Disposable;

  constructor(options: ProbeOptions) {
    this.#options = options;
    this.#timer = options.clock.timer(this.#pauseMs, () => spawn('looking for the first way', this.#look()));
  }

  [Symbol.dispose](): void {
    this.#timer[Symbol.dispose]();
    this.#over.abort(new DOMException('the session is over', 'AbortError'));
  }

  async #look(): Promise<void> {
    const { clock, busy, dial, found, failed } = this.#options;
    if (busy()) {
      this.#timer = clock.timer(busyPauseMs, () => spawn('looking for the first way', this.#look()));
      return;
    }
    let session: Session;
    try {
      session = await dial(this.#over.signal);
    } catch (error) {
      if (this.#over.signal.aborted) return;
      failed(error);
      this.#pauseMs = Math.min(this.#pauseMs * 2, timing.firstWayAgainMaxMs);
      this.#timer = clock.timer(this.#pauseMs, () => spawn('looking for the first way', this.#look()));
      return;
    }
    if (this.#over.signal.aborted) await session.close('aborted', 'not needed any more');
    else found(session);
  }
}
