import { memo } from 'react';
import type { JSX } from 'react';
import { faultEnd, faultTitles } from '#renderer/components/words/fault-words.ts';
import type { FaultView, VerdictView } from '#shared/run-view/run-view.ts';
import { shareOf } from '../time-window.ts';
import type { TimeWindow } from '../time-window.ts';

interface OverviewMarksProps {
  readonly verdicts: readonly VerdictView[];
  readonly faults: readonly FaultView[];
  readonly whole: TimeWindow;
  /** Until when what is not over yet is drawn. */
  readonly until: number;
}

/** Where the run stalled, hatched, and where faults were injected, violet: also long after both are over. */
export const OverviewMarks = memo(function OverviewMarks(props: OverviewMarksProps): JSX.Element {
  const { verdicts, faults, whole, until } = props;
  return (
    <>
      {verdicts.flatMap((verdict) =>
        verdict.spans.map(({ from, to }) => (
          <i
            key={`${verdict.verdict} ${from}`}
            className="ovs"
            title={verdict.sentence}
            style={placed(whole, from, to ?? until)}
          />
        )),
      )}
      {faults
        .filter((fault) => fault.state !== 'armed')
        .map((fault) => (
          <i
            key={`${fault.fault} ${fault.participant} ${fault.at}`}
            className="ovf"
            title={`injected: ${faultTitles[fault.fault]} on ${fault.participant}`}
            style={placed(whole, fault.at, faultEnd(fault, until))}
          />
        ))}
    </>
  );
});

function placed(whole: TimeWindow, from: number, to: number): { readonly left: string; readonly width: string } {
  const left = Math.min(1, Math.max(0, shareOf(whole, from)));
  const right = Math.min(1, Math.max(left, shareOf(whole, to)));
  return { left: `${left * 100}%`, width: `${(right - left) * 100}%` };
}
