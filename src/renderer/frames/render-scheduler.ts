import { Pace } from '#shared/base/time/pace.ts';
import { afterFrame } from './after-frame.ts';

/** When the screen may change, and when a change has been painted; tests work it by hand. */
export interface RenderScheduler {
  /** Calls `change` when the screen may change again, and `shown` once that has been painted. One at a time. */
  take(change: () => void, shown: () => void): void;
}

/**
 * A change costs script, style, layout and paint on the one thread that also makes the frames: a costly one makes its frame
 * late. With a thirtieth of the time for changes, and less for charts (`use-scheduled-value.ts`), at most one frame in twenty is late,
 * on a slow machine and a busy one too.
 */
const pace = { leastMs: 50, mostMs: 500, share: 1 / 30 } as const;
/** Hidden windows get no animation frames; the feed must go on for them too, only slower. */
const hiddenMs = 500;

/** Turns in step with the frames of this window. Decision 0033. */
export class FrameScheduler implements RenderScheduler {
  readonly #pace = new Pace(pace);
  #lastAt = Number.NEGATIVE_INFINITY;

  take(change: () => void, shown: () => void): void {
    const waitMs = this.#lastAt + this.#pace.waitMs - performance.now();
    const begin = (): void => inNextFrame(() => this.#run(change, shown));
    // A wait shorter than a frame ends in the same frame anyway.
    if (waitMs <= 4) begin();
    else setTimeout(begin, waitMs - 4);
  }

  #run(change: () => void, shown: () => void): void {
    const startedAt = performance.now();
    this.#lastAt = startedAt;
    change();
    afterFrame(() => {
      // A hidden window paints nothing, and what it reports of its costs is no measure.
      if (document.visibilityState === 'visible') this.#pace.spent(performance.now() - startedAt);
      shown();
    });
  }
}

function inNextFrame(callback: () => void): void {
  let done = false;
  const once = (): void => {
    if (done) return;
    done = true;
    clearTimeout(timer);
    cancelAnimationFrame(frame);
    callback();
  };
  const timer = setTimeout(once, hiddenMs);
  const frame = requestAnimationFrame(once);
}
