import { memo } from 'react';
import type { JSX } from 'react';
import { faultEnd, faultTitles } from '#renderer/components/words/fault-words.ts';
import { formatDuration } from '#renderer/components/words/format.ts';
import type { FaultView } from '#shared/run-view/run-view.ts';
import { shareOf } from '../time-window.ts';
import type { TimeWindow } from '../time-window.ts';

interface FaultBarsProps {
  /** Those that were injected into whom this lane is of. */
  readonly faults: readonly FaultView[];
  readonly window: TimeWindow;
  /** When the run ended, or null while it goes on: faults that last end with the window then. */
  readonly ended: number | null;
}

/** What was broken on purpose, and how long: a violet bar under the lane, which stays when the fault is over. */
export const FaultBars = memo(function FaultBars({ faults, window, ended }: FaultBarsProps): JSX.Element {
  return (
    <>
      {faults.map((fault) => {
        const left = shareOf(window, fault.at);
        const right = shareOf(window, faultEnd(fault, ended ?? window.toAt));
        if (left >= 1 || right < 0) return null;
        const from = Math.max(0, left);
        return (
          <i
            key={`${fault.fault} ${fault.at}`}
            className="fb"
            title={faultBarWords(fault)}
            style={{ left: `${from * 100}%`, width: `${Math.max(0, Math.min(1, right) - from) * 100}%` }}
          />
        );
      })}
    </>
  );
});

function faultBarWords(fault: FaultView): string {
  const lasted = fault.clearedAt === null ? '' : `, ${formatDuration(fault.clearedAt - fault.at)}`;
  return `injected: ${faultTitles[fault.fault]}${lasted}`;
}
