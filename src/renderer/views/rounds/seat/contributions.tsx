import { formatCount } from '#shared/base/text/counted.ts';
import { memo } from 'react';
import type { JSX } from 'react';
import {
  formatBytes,
  formatClock,
  formatDuration,
  formatPercent,
  formatSeconds,
} from '#renderer/components/words/format.ts';
import { Icon } from '#renderer/components/icon.tsx';
import { outcomeCounts } from '#renderer/session/run/outcome-counts.ts';
import { useNow } from '#renderer/session/hooks.ts';
import { stepsOf } from '#renderer/session/run/pace.ts';
import { isCutOffUntrained } from '#shared/run-view/apply/apply-own-work.ts';
import { roundTookMs } from '#shared/run-view/took.ts';
import type { ContributionView, ParticipantView, RoundView, RunView } from '#shared/run-view/run-view.ts';
import { TimeBar } from '../round-list.tsx';
import { roundTimes } from '../round-times.ts';
import { PlannedRow, RoundCell, RoundsTable, rowsMax, tabStop } from '../rounds-table.tsx';
import { arrivedWords, outcomeWords, formatWeight, isRestarting, wasPaused, weightOf } from './contribution-outcome.ts';
import type { Standing } from './contribution-outcome.ts';

interface ContributionsProps {
  readonly view: RunView;
  readonly own: ParticipantView | undefined;
  readonly silent: boolean;
  readonly selected: number | null;
  readonly onOpen: (round: number) => void;
}

/** This node's own work, round by round, and what the coordinator made of it. */
export function Contributions({ view, own, silent, selected, onOpen }: ContributionsProps): JSX.Element {
  const standing = {
    silent,
    closed: false,
    paused: own?.paused != null && view.endedAt === null,
    restarting: isRestarting(own, view.endedAt),
  };
  const shown = view.rounds.slice(-rowsMax);
  const longest = Math.max(1, ...shown.map((round) => (round.endedAt ?? round.startedAt) - round.startedAt));
  const counts = outcomeCounts(view.contributions);
  const stop = tabStop(shown, selected);
  const unlisted = (view.rounds[0]?.round ?? view.round + 1) - 1;
  return (
    <RoundsTable
      title="Your contributions"
      sub={countsWords(counts)}
      region="Contributions, newest first"
      head={<Head />}
      hidden={view.rounds.length - shown.length}
    >
      <PlannedRow
        view={view}
        columns={columns}
        unknown={silent ? 'planned; whether they have begun is not known here' : ''}
      />
      {shown.toReversed().map((round) => (
        <Row
          key={round.round}
          round={round}
          contribution={view.contributions.find((one) => one.round === round.round)}
          own={own}
          open={round.endedAt === null && view.endedAt === null}
          ended={view.endedAt}
          longestMs={longest}
          selected={round.round === selected}
          stop={round.round === stop}
          silent={standing.silent}
          paused={standing.paused}
          restarting={standing.restarting}
          onOpen={onOpen}
        />
      ))}
      {unlisted > 0 && (
        <tr className="next">
          <td className="num">{unlisted === 1 ? 1 : `1–${unlisted}`}</td>
          <td colSpan={columns - 1}>{view.dropped > 0 ? 'no longer listed here' : 'began before you joined'}</td>
        </tr>
      )}
    </RoundsTable>
  );
}

const columns = 12;

function countsWords({
  decided,
  counted,
  acknowledged,
  late,
  refused,
  missed,
}: ReturnType<typeof outcomeCounts>): string {
  if (decided === 0) return 'none decided yet';
  return [
    `${decided} decided`,
    `${counted} counted`,
    ...(acknowledged.length > 0 ? [`${acknowledged.length} only acknowledged`] : []),
    ...(late.length > 0 ? [`${late.length} late`] : []),
    ...(refused.length > 0 ? [`${refused.length} refused`] : []),
    ...(missed.length > 0 ? [`${missed.length} missed`] : []),
  ].join(', ');
}

function Head(): JSX.Element {
  return (
    <thead>
      <tr>
        <th className="num">Round</th>
        <th>Outcome</th>
        <th className="num w-lg c-start">Start</th>
        <th className="num">Duration</th>
        <th className="c-bar">This node’s time</th>
        <th className="c-in">Arrived after</th>
        <th className="num w-g">Sent</th>
        <th className="num w-g">Weight</th>
        <th className="num w-lg w-g">Norm</th>
        <th className="num w-lg w-g">Own loss</th>
        <th className="num w-gl">Loss</th>
        <th className="num">Accuracy</th>
      </tr>
    </thead>
  );
}

interface RowProps extends Omit<Standing, 'closed'> {
  readonly round: RoundView;
  readonly contribution: ContributionView | undefined;
  readonly own: ParticipantView | undefined;
  readonly open: boolean;
  readonly ended: number | null;
  readonly longestMs: number;
  readonly selected: boolean;
  /** Whether Tab comes to it. */
  readonly stop: boolean;
  readonly onOpen: (round: number) => void;
}

const Row = memo(
  function Row(props: RowProps): JSX.Element {
    const { round, contribution, own, open, ended, longestMs, selected, stop, silent, onOpen } = props;
    const now = useNow(open ? 1000 : 60_000);
    const endAt = round.endedAt ?? ended ?? now;
    const tookMs = roundTookMs(round, endAt);
    const times = own === undefined ? null : roundTimes(own, round.round, endAt);
    const hatched = silent && open && contribution !== undefined && contribution.outcome !== 'training';
    return (
      <tr className={selected ? 'sel' : ''} onClick={() => onOpen(round.round)}>
        <RoundCell round={round.round} selected={selected} stop={stop} />
        <td>
          <FateCell {...props} />
        </td>
        <td className="num w-lg c-start">{formatClock(round.startedAt)}</td>
        <td className="num">{open ? formatSeconds(tookMs) : formatDuration(tookMs)}</td>
        <td className="c-bar">
          {times !== null && (
            <TimeBar
              times={hatched ? { ...times, waitMs: times.waitMs + times.communicateMs, communicateMs: 0 } : times}
              share={(endAt - round.startedAt) / Math.max(longestMs, endAt - round.startedAt)}
              stalled={hatched}
            />
          )}
        </td>
        <td className="c-in t2" title={arrivalCell(props)}>
          {arrivalCell(props)}
        </td>
        <Num value={contribution?.sizeBytes ?? null} words={formatBytes} className="w-g" />
        <Num value={contribution === undefined ? null : weightOf(contribution)} words={formatWeight} className="w-g" />
        <Num value={contribution?.norm ?? null} words={(value) => value.toFixed(2)} className="w-lg w-g" />
        <Num value={contribution?.loss ?? null} words={(value) => value.toFixed(3)} className="w-lg w-g" />
        <Num value={round.loss} words={(value) => value.toFixed(3)} className="w-gl" />
        <Num value={round.accuracy} words={formatPercent} className="" />
      </tr>
    );
  },
  (a, b) =>
    !a.open &&
    !b.open &&
    a.round === b.round &&
    a.contribution === b.contribution &&
    a.selected === b.selected &&
    a.stop === b.stop &&
    a.silent === b.silent &&
    a.longestMs === b.longestMs &&
    a.onOpen === b.onOpen,
);

function FateCell({ round, contribution, own, open, silent, paused, restarting }: RowProps): JSX.Element {
  if (contribution === undefined) {
    if (own !== undefined && wasPaused(own, round.startedAt)) return <span className="t2">paused</span>;
    if (own !== undefined && !round.selected.some((id) => id === own.id))
      return <span className="t2">not selected</span>;
    return open ? <b>{round.state}</b> : <span className="t2">no work of this node</span>;
  }
  const words = outcomeWords(contribution, {
    silent: silent && open,
    paused: paused && open,
    restarting,
    closed: !open,
  });
  const text = open ? <b>{words.text}</b> : words.text;
  if (words.icon === null) return <span title={contribution.reason}>{text}</span>;
  const mark = <Icon name={words.icon} as="small" />;
  return words.tone === 'stl' ? (
    <span className="stl" title={contribution.reason}>
      {mark} {text}
    </span>
  ) : (
    <span title={contribution.reason}>
      <span className={words.tone}>{mark}</span> {text}
    </span>
  );
}

/** What its outcome says already. */
function isToldByOutcome(reason: string): boolean {
  return isCutOffUntrained(reason);
}

function arrivalCell({ round, contribution, own, open, silent }: RowProps): string {
  if (contribution === undefined) return '';
  const arrived = arrivedWords(contribution, round);
  if (arrived !== '') return arrived;
  if (!open) return isToldByOutcome(contribution.reason) ? '' : contribution.reason;
  if (contribution.outcome === 'training' && own?.progress?.round === round.round) {
    const { done, total } = stepsOf(own.progress);
    return `batch ${formatCount(done)} / ${formatCount(total)}`;
  }
  return contribution.outcome === 'kept' || silent ? 'ready to send' : '';
}

function Num({
  value,
  words,
  className,
}: {
  readonly value: number | null;
  readonly words: (value: number) => string;
  readonly className: string;
}): JSX.Element {
  return value === null ? (
    <td className={`num t3 ${className}`}>–</td>
  ) : (
    <td className={`num ${className}`}>{words(value)}</td>
  );
}
