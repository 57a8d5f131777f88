import { useEffect, useRef } from 'react';

/** Often enough to look smooth, seldom enough to leave the machine to training. */
const frameMs = 1000 / 30;
const reducedMs = 1000;
const callbacks = new Set<(now: number) => void>();
let running = false;
let last = 0;
let motion: MediaQueryList | undefined;

function loop(time: number): void {
  if (callbacks.size === 0) {
    running = false;
    return;
  }
  motion ??= window.matchMedia('(prefers-reduced-motion: reduce)');
  const pause = motion.matches ? reducedMs : frameMs;
  // A frame may come a little early; without the tolerance every other one would be skipped at 60 Hz.
  if (time - last >= pause - 4) {
    last = time;
    const now = Date.now();
    for (const callback of callbacks) callback(now);
  }
  requestAnimationFrame(loop);
}

/** Calls back up to 30 times a second with the wall time, to move what grows without rendering; stops while hidden. */
export function useFrame(callback: (now: number) => void, active = true): void {
  const latest = useRef(callback);
  useEffect(() => {
    latest.current = callback;
    if (active) callback(Date.now());
  }, [callback, active]);
  useEffect(() => {
    if (!active) return undefined;
    const call = (now: number): void => latest.current(now);
    callbacks.add(call);
    if (!running) {
      running = true;
      requestAnimationFrame(loop);
    }
    return () => void callbacks.delete(call);
  }, [active]);
}
