import { useMemo } from 'react';
import { useCommands } from '#renderer/session/commands.ts';
import type { Command } from '#renderer/session/commands.ts';
import { crossAt } from './metric-series.ts';
import type { XAxis } from './metric-series.ts';

/** Moments that keys stop at, over a run by time; rounds are read one by one. */
const moments = 50;

/** Where a step to the left (-1) or right (1) leads, from the newest figures (null) or from where figures are read. */
export function stepCross(cross: number | null, step: -1 | 1, axis: XAxis, reached: number): number {
  const by = axis === 'round' ? 1 : Math.max(1, reached / moments);
  return crossAt((cross ?? reached) + step * by, axis, reached);
}

/** The crosshair of all charts by keyboard. */
export function useCrossKeys(
  at: { readonly cross: number | null; readonly axis: XAxis; readonly reached: number },
  onCross: (cross: number | null) => void,
): void {
  const { cross, axis, reached } = at;
  useCommands(
    useMemo(() => {
      const key = (id: string, name: string, title: string, run: () => void): Command => ({
        id: `metrics.${id}`,
        group: 'do',
        section: 'Metrics',
        title,
        key: name,
        hidden: true,
        run,
      });
      return [
        key('earlier', ',', 'Figures of the moment before', () => onCross(stepCross(cross, -1, axis, reached))),
        key('later', '.', 'Figures of the moment after', () => onCross(stepCross(cross, 1, axis, reached))),
        key('latest', 'Escape', 'The latest figures', () => onCross(null)),
      ];
    }, [cross, axis, reached, onCross]),
  );
}
