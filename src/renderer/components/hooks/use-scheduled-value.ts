import { useEffect, useRef, useState } from 'react';
import { afterFrame } from '#renderer/frames/after-frame.ts';
import { Pace } from '#shared/base/time/pace.ts';

/** A fiftieth of the time for all charts together; one of them may cost a frame, and late frames should be few. */
const pace = new Pace({ leastMs: 16, mostMs: 500, share: 1 / 50 });
const queue: (() => void)[] = [];
let running = false;

function next(): void {
  const draw = queue.shift();
  if (draw === undefined) {
    running = false;
    return;
  }
  const startedAt = performance.now();
  draw();
  afterFrame(() => {
    pace.spent(performance.now() - startedAt);
    setTimeout(() => requestAnimationFrame(next), Math.max(0, pace.waitMs - 16));
  });
}

function inTurn(draw: () => void): () => void {
  queue.push(draw);
  if (!running) {
    running = true;
    requestAnimationFrame(next);
  }
  return () => {
    const place = queue.indexOf(draw);
    if (place >= 0) queue.splice(place, 1);
  };
}

/**
 * The value that a costly drawing shows: the first at once, later ones in turn, one drawing a frame and at most one in
 * `apartMs`. Drawings that all followed the same data in the same frame would make that frame a long one.
 * @param value the same object for the same content, or every render asks for a turn
 */
export function useScheduledValue<T>(value: T, apartMs: number): T {
  const [shown, setShown] = useState(value);
  const shownAt = useRef(Number.NEGATIVE_INFINITY);
  useEffect(() => {
    if (value === shown) return undefined;
    let leave: (() => void) | undefined;
    const timer = setTimeout(
      () => {
        leave = inTurn(() => {
          shownAt.current = performance.now();
          setShown(value);
        });
      },
      Math.max(0, shownAt.current + apartMs - performance.now()),
    );
    return () => {
      clearTimeout(timer);
      leave?.();
    };
  }, [value, shown, apartMs]);
  return shown;
}
