import { memo, useMemo, useRef } from 'react';
import type { JSX } from 'react';
import { hasCounted } from '#renderer/components/words/contribution-facts.ts';
import { formatDuration } from '#renderer/components/words/format.ts';
import { ProtocolMark } from '#renderer/components/protocol-mark.tsx';
import { useMedia, useTokenPx } from '#renderer/components/hooks/use-media.ts';
import { useWidth } from '#renderer/components/hooks/use-width.ts';
import { plural } from '#shared/base/text/counted.ts';
import type { Protocol } from '#shared/contract/protocols.ts';
import type { FaultView, ParticipantView, RoundView } from '#shared/run-view/run-view.ts';
import { FaultBars } from './fault-bars.tsx';
import { updateTicks } from './lane-layout.ts';
import { tickGlyphs } from '../overview/tick-labels.ts';
import { shareOf } from '../time-window.ts';
import type { TimeWindow } from '../time-window.ts';

interface CoordinatorLaneProps {
  readonly rounds: readonly RoundView[];
  readonly participants: readonly ParticipantView[];
  readonly window: TimeWindow;
  readonly evaluationAt: number | null;
  /** Injected into the coordinator. */
  readonly faults?: readonly FaultView[];
  readonly ended?: number | null;
}

/** A tick for each update that came, then the block of the aggregation. */
export const CoordinatorLane = memo(function CoordinatorLane(props: CoordinatorLaneProps): JSX.Element {
  const { rounds, participants, window, evaluationAt } = props;
  const lane = useRef<HTMLDivElement>(null);
  const width = useWidth(lane, 1000);
  const pxShare = useTokenPx('--k') / Math.max(1, width);
  const glyphs = useMedia(tickGlyphs);
  const ticks = useMemo(() => updateTicks(rounds, window, pxShare, glyphs), [rounds, window, pxShare, glyphs]);
  const protocolOf = new Map<string, Protocol>(
    participants.map((participant) => [participant.id, participant.protocol]),
  );
  const visible = rounds.filter(
    (round) =>
      round.aggregatedAt !== null &&
      round.aggregatedAt > window.fromAt &&
      round.aggregatedAt - round.aggregationMs < window.toAt,
  );
  const current = rounds.at(-1);
  const expected =
    current !== undefined && current.endedAt === null && current.aggregatedAt === null && evaluationAt !== null;
  return (
    <div role="row" className="lane-row">
      <div role="rowheader" className="lh coord row-line">
        <div className="n">coordinator</div>
      </div>
      <div ref={lane} role="gridcell" className="lane coord row-line">
        <span className="vh">{coordinatorWords(current)}</span>
        {props.faults !== undefined && <FaultBars faults={props.faults} window={window} ended={props.ended ?? null} />}
        {ticks.map((tick) => (
          <div
            key={`${tick.participant} ${tick.at}`}
            className={tick.counted ? 'tick' : 'tick refused'}
            style={{ left: `${tick.left * 100}%` }}
            title={`update of ${tick.participant}${tick.counted ? `, number ${tick.number}` : ', not counted'}`}
          >
            {tick.labelled && (
              <span>
                {glyphs && <ProtocolMark protocol={protocolOf.get(tick.participant) ?? 'memory'} bare />}
                {tick.number}
              </span>
            )}
          </div>
        ))}
        {visible.map((round) => (
          <Aggregate key={round.round} round={round} window={window} />
        ))}
        {expected && evaluationAt < window.toAt && (
          <div
            className="sg plan"
            style={{ left: `${shareOf(window, evaluationAt) * 100}%`, width: '0.5%' }}
            aria-hidden="true"
          />
        )}
        {current !== undefined && <Results round={current} window={window} />}
      </div>
    </div>
  );
});

function coordinatorWords(round: RoundView | undefined): string {
  if (round === undefined) return 'no round yet';
  const counted = round.updates.filter(hasCounted).length;
  return `round ${round.round}, ${counted} of ${round.selected.length} ${plural(round.selected.length, 'update')} in`;
}

function Aggregate({ round, window }: { readonly round: RoundView; readonly window: TimeWindow }): JSX.Element {
  const endedAt = round.aggregatedAt ?? 0;
  const left = Math.max(0, shareOf(window, endedAt - round.aggregationMs));
  const right = Math.min(1, shareOf(window, endedAt));
  return (
    <div
      className="sg aggregate"
      style={{ left: `${left * 100}%`, width: `${Math.max(0.3, (right - left) * 100)}%` }}
      title={`aggregate ${formatDuration(round.aggregationMs)}, round ${round.round}`}
    >
      <span className="l long">{right - left > 0.08 ? 'aggregate' : ''}</span>
    </div>
  );
}

/** Results count as well, once an evaluation takes its time. */
function Results({ round, window }: { readonly round: RoundView; readonly window: TimeWindow }): JSX.Element | null {
  if (round.aggregatedAt === null || round.endedAt !== null) return null;
  const last = round.evaluations.reduce((at, evaluation) => Math.max(at, evaluation.at), round.aggregatedAt);
  const left = shareOf(window, last);
  if (left >= 0.85 || left < 0) return null;
  return (
    <span className="results" style={{ left: `${left * 100}%` }}>
      {round.evaluations.length} of {round.selected.length} {plural(round.selected.length, 'result')} in
    </span>
  );
}
