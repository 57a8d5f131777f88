import { formatCount } from '#shared/base/text/counted.ts';
import { memo, useMemo } from 'react';
import type { JSX } from 'react';
import { formatDuration, formatSeconds } from '#renderer/components/words/format.ts';
import { Icon } from '#renderer/components/icon.tsx';
import { ProtocolMark } from '#renderer/components/protocol-mark.tsx';
import { outcomeCounts, lossWords } from '#renderer/session/run/outcome-counts.ts';
import { useNow } from '#renderer/session/hooks.ts';
import { stepsOf } from '#renderer/session/run/pace.ts';
import type { Attempt } from '#renderer/session/run/seat-link.ts';
import type { ContributionView, ParticipantView, RoundView } from '#shared/run-view/run-view.ts';
import { LaneBody } from '../lanes/lane.tsx';
import { Doing } from '../lanes/lane-head.tsx';
import { pausesOf } from '../lanes/lane-layout.ts';
import type { Stall } from '../lanes/lane-layout.ts';
import { shareOf } from '../time-window.ts';
import type { TimeWindow } from '../time-window.ts';
import { fateLine, isRestarting } from './contribution-outcome.ts';
import type { Standing } from './contribution-outcome.ts';

interface OwnLaneProps {
  readonly participant: ParticipantView;
  readonly rounds: readonly RoundView[];
  readonly contributions: readonly ContributionView[];
  readonly evaluationAt: number | null;
  readonly window: TimeWindow;
  readonly stalls: readonly Stall[];
  readonly heardAt: number | null;
  readonly attempts: readonly Attempt[];
  readonly ended: number | null;
  readonly selectedRound: number | null;
  readonly onOpen: (round: number, participant: string | null) => void;
}

/** This node's own lane: what it did, and under each round what became of its update. */
export const OwnLane = memo(function OwnLane(props: OwnLaneProps): JSX.Element {
  const { participant, rounds, contributions, window, heardAt, ended, attempts } = props;
  const unsent = contributions.some(({ outcome }) => outcome === 'kept' || (heardAt !== null && outcome === 'sent'));
  const silent = heardAt !== null;
  const bad = silent && unsent ? ' bad' : '';
  const restarting = isRestarting(participant, ended);
  const standing = useMemo(
    () => ({
      silent,
      closed: false,
      paused: participant.paused !== null && ended === null,
      restarting,
    }),
    [silent, participant.paused, ended, restarting],
  );
  const stalls = useOwnStalls(props, unsent);
  return (
    <div role="row" className="lane-row" data-lane={participant.id}>
      <div role="rowheader" className={`lh row-line own${bad}`}>
        <div className="n">
          {participant.id}
          <span className="tag w-projx">this node</span>
        </div>
        <div className="m">
          <ProtocolMark protocol={participant.protocol} />
          <OwnDoing participant={participant} unsent={silent && unsent} ended={ended} />
        </div>
        <CountedLine contributions={contributions} />
      </div>
      <LaneBody
        participant={participant}
        own
        round={silent || participant.paused !== null ? undefined : rounds.at(-1)}
        evaluationAt={props.evaluationAt}
        window={window}
        stalls={stalls}
        ended={ended}
        selectedRound={props.selectedRound}
        onOpen={props.onOpen}
        bad={bad}
      >
        {rounds.map((round) => (
          <Outcome
            key={round.round}
            round={round}
            contribution={contributions.find((one) => one.round === round.round)}
            participant={participant}
            standing={standing}
            window={window}
          />
        ))}
        <Tries attempts={attempts} window={window} over={!silent} />
      </LaneBody>
    </div>
  );
});

/** The update that cannot go out is hatched from the last sign of life; a pause is grey. */
function useOwnStalls({ participant, stalls, heardAt, ended }: OwnLaneProps, unsent: boolean): readonly Stall[] {
  const { paused, pauses, phase, phaseSince } = participant;
  return useMemo(() => {
    // While the coordinator is silent that is what the lane shows, not a pause that goes on.
    const own = pausesOf({ pauses, paused: ended === null && heardAt !== null ? null : paused }, ended);
    if (ended !== null) return own.length === 0 ? stalls : [...stalls, ...own];
    if (heardAt !== null && unsent && phase === 'send')
      own.push({ fromAt: Math.max(heardAt, phaseSince), toAt: null, label: 'update kept, not sent for' });
    return [...(heardAt === null ? stalls : stalls.filter(({ toAt }) => toAt !== null)), ...own];
  }, [stalls, paused, pauses, phase, phaseSince, heardAt, unsent, ended]);
}

function OwnDoing({
  participant,
  unsent,
  ended,
}: {
  readonly participant: ParticipantView;
  readonly unsent: boolean;
  readonly ended: number | null;
}): JSX.Element {
  const now = useNow(1000);
  if (ended === null && unsent)
    return (
      <span className="stl">
        <Icon name="stop" as="small" />
        <span className="nw">
          <span className="w-lg">update </span>not sent
        </span>
      </span>
    );
  if (isRestarting(participant, ended)) return <span className="stl">restarting</span>;
  if (ended === null && participant.paused !== null)
    return (
      <span>
        <Icon name="pause" as="small" /> <b>paused {formatSeconds(now - participant.paused.at)}</b>
      </span>
    );
  // What counted stands in the line below.
  if (ended !== null) return <></>;
  return participant.link.connections === 0 ? (
    <span>dialing</span>
  ) : (
    <Doing participant={participant} stalledSince={null} ended={null} />
  );
}

function CountedLine({ contributions }: { readonly contributions: readonly ContributionView[] }): JSX.Element | null {
  const counts = outcomeCounts(contributions);
  if (counts.decided === 0) return null;
  const words = lossWords(counts).replace(/ \([^)]*\)/g, '');
  // There is room for one of them.
  const lost = words.includes(',') ? `${counts.decided - counts.counted} not` : words;
  return (
    <div className="m w-proj t3">
      <span>
        counted {counts.counted} of {counts.decided}
        {lost !== '' && <span className="w-lg">, {lost}</span>}
      </span>
    </div>
  );
}

interface OutcomeProps {
  readonly round: RoundView;
  readonly contribution: ContributionView | undefined;
  readonly participant: ParticipantView;
  readonly standing: Standing;
  readonly window: TimeWindow;
}

/** Narrower than this share of the window, and a round has no room for words. */
const fateShareMin = 0.06;

function Outcome({ round, contribution, participant, standing, window }: OutcomeProps): JSX.Element | null {
  const now = useNow(round.endedAt === null ? 1000 : 60_000);
  const left = Math.max(0, shareOf(window, round.startedAt));
  const right = Math.min(1, shareOf(window, round.endedAt ?? now));
  const open = round.endedAt === null && (contribution === undefined || contribution.outcome === 'training');
  if (right - left < (open ? 0.01 : fateShareMin) || standing.silent) return null;
  const style = { left: `${left * 100}%`, width: `${(open ? 1 - left : right - left) * 100}%` };
  if (open) {
    const words = workingWords(participant, round.round, standing);
    return words === null ? null : (
      <div className="outcome working" style={style}>
        <span>{words.lead}</span>
        {words.more !== '' && <span className="w-lg">· {words.more}</span>}
      </div>
    );
  }
  if (contribution === undefined) return null;
  const { figures, outcome, place } = fateLine(contribution, round, { ...standing, closed: round.endedAt !== null });
  return (
    <div
      className="outcome"
      style={style}
      title={contribution.reason || `${outcome.text}${place}${figures === '' ? '' : `, ${figures}`}`}
    >
      {figures !== '' && <span className="w-lg figures">{figures} ·</span>}
      <span className="word">
        {outcome.icon !== null && (
          <span className={outcome.tone}>
            <Icon name={outcome.icon} as="small" />
          </span>
        )}
        <span className="text">{outcome.text}</span>
        {place !== '' && <span className="place">{place}</span>}
      </span>
    </div>
  );
}

function workingWords(
  { progress, phase, phaseSince }: ParticipantView,
  round: number,
  { paused }: Standing,
): { readonly lead: string; readonly more: string } | null {
  if (progress === null || progress.round !== round || phase !== 'train') return null;
  const { done, total } = stepsOf(progress);
  if (paused) return { lead: `step ${formatCount(done)} of ${formatCount(total)} done, coordinator told`, more: '' };
  const eachMs = done === 0 ? null : (progress.at - phaseSince) / done;
  return {
    lead: `batch loss ${progress.loss.toFixed(3)}`,
    // Of small networks nobody wants to know.
    more: eachMs === null || eachMs < 10 ? '' : `${formatDuration(eachMs)} a batch`,
  };
}

/** Each try to reach the coordinator again, where it began. */
function Tries({
  attempts,
  window,
  over,
}: {
  readonly attempts: readonly Attempt[];
  readonly window: TimeWindow;
  /** The coordinator is heard again: below the work it is said what became of it, and the marks stand above. */
  readonly over: boolean;
}): JSX.Element | null {
  if (attempts.length === 0) return null;
  return (
    <>
      {attempts.map((attempt) => {
        const left = shareOf(window, attempt.at);
        return left < 0 || left > 1 ? null : (
          <i
            key={attempt.number}
            className={over ? 'try-t over' : 'try-t'}
            title={`try ${attempt.number}: ${attempt.reason}`}
            style={{ left: `${left * 100}%` }}
          />
        );
      })}
      <span className="tries-n" aria-hidden="true" hidden={over}>
        {attempts.length} {attempts.length === 1 ? 'try' : 'tries'}
      </span>
    </>
  );
}
