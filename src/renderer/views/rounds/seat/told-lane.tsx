import { memo, useCallback, useMemo } from 'react';
import type { JSX } from 'react';
import { formatClock } from '#renderer/components/words/format.ts';
import type { RoundView } from '#shared/run-view/run-view.ts';
import { SegmentBox } from '../lanes/segment-box.tsx';
import type { TimeWindow } from '../time-window.ts';
import { toldBoxes, toldWords } from './told-layout.ts';
import type { RunOver } from './told-layout.ts';

interface ToldLaneProps {
  readonly participant: string;
  readonly rounds: readonly RoundView[];
  readonly window: TimeWindow;
  readonly silentSince: number | null;
  readonly ended: number | null;
  readonly over: RunOver;
  readonly selectedRound: number | null;
  readonly onOpen: (round: number, participant: string | null) => void;
}

/** Another participant: what the coordinator said of its updates, as outlines; nothing of it was seen from here. */
export const ToldLane = memo(function ToldLane(props: ToldLaneProps): JSX.Element {
  const { participant, rounds, window, silentSince, ended, over, selectedRound, onOpen } = props;
  const boxes = useMemo(
    () => toldBoxes(rounds, participant, window, silentSince, ended, over),
    [rounds, participant, window, silentSince, ended, over],
  );
  const open = useCallback((round: number) => onOpen(round, participant), [onOpen, participant]);
  const words = toldWords(rounds.at(-1), participant, over);
  const at = silentSince === null || over !== null ? '' : ` by ${formatClock(silentSince)}`;
  return (
    <div role="row" className="lane-row" data-lane={participant}>
      <div role="rowheader" className="lh row-line" title="as told by the coordinator">
        <div className="n">{participant}</div>
        <div className="m">
          <span>{at === '' ? words : `${words.replace(/^update in, .*/, 'update in').replace(/ yet$/, '')}${at}`}</span>
        </div>
      </div>
      <div className="lane row-line" role="none">
        {boxes.map((box) => (
          <SegmentBox
            key={box.key}
            box={box}
            window={window}
            progress=""
            selected={box.round === selectedRound && box.kind === 'told'}
            edge={box.arrived}
            onOpen={open}
          />
        ))}
      </div>
    </div>
  );
});
