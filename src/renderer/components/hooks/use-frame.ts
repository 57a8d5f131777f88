import { useEffect, useRef } from 'react';
import { afterFrame } from '#renderer/frames/after-frame.ts';
import { onScreenClock, screenNow } from '#renderer/frames/screen-clock.ts';
import { Pace } from '#shared/base/time/pace.ts';

/** Smooth where the machine has time for it; where a frame is costly, or training needs the processors, in smaller steps. */
const pace = new Pace({ leastMs: 1000 / 30, mostMs: 200, share: 1 / 16 });
const reducedMs = 1000;
/** A frame may come a little early; without the tolerance every other one would be skipped at 60 Hz. */
const toleranceMs = 4;
const callbacks = new Set<(now: number) => void>();
let running = false;
let motion: MediaQueryList | undefined;

// The next frame may be far off: with the last one, what moves would stand at another moment than the words beside it.
onScreenClock(moveAll);

function moveAll(): void {
  const now = screenNow();
  for (const callback of callbacks) callback(now);
}

function step(): void {
  if (callbacks.size === 0) {
    running = false;
    return;
  }
  const startedAt = performance.now();
  moveAll();
  afterFrame(() => {
    pace.spent(performance.now() - startedAt);
    motion ??= window.matchMedia('(prefers-reduced-motion: reduce)');
    const waitMs = motion.matches ? reducedMs : pace.waitMs;
    const leftMs = waitMs - toleranceMs - (performance.now() - startedAt);
    // Asked for only when it is due: a frame in which nothing moves costs the compositor as much as any other.
    setTimeout(() => requestAnimationFrame(step), Math.max(0, leftMs));
  });
}

/** Calls back up to 30 times a second with the wall time, to move what grows without rendering; stops while hidden. */
export function useFrame(callback: (now: number) => void, active = true): void {
  const latest = useRef(callback);
  useEffect(() => {
    latest.current = callback;
    if (active) callback(screenNow());
  }, [callback, active]);
  useEffect(() => {
    if (!active) return undefined;
    const call = (now: number): void => latest.current(now);
    callbacks.add(call);
    if (!running) {
      running = true;
      requestAnimationFrame(step);
    }
    return () => void callbacks.delete(call);
  }, [active]);
}
