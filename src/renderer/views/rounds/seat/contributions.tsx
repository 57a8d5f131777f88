import { memo } from 'react';
import type { JSX } from 'react';
import { formatBytes, formatClock, formatDuration, formatPercent } from '#renderer/components/format.ts';
import { Icon } from '#renderer/components/icon.tsx';
import { fateCounts } from '#renderer/session/fate-counts.ts';
import { useNow } from '#renderer/session/hooks.ts';
import { paceOf, stepsOf } from '#renderer/session/pace.ts';
import { cutOffReasons } from '#shared/run-view/apply-own-work.ts';
import { roundTookMs } from '#shared/run-view/took.ts';
import type { ContributionView, ParticipantView, RoundView, RunView } from '#shared/run-view/run-view.ts';
import { TimeBar } from '../round-list.tsx';
import { roundTimes } from '../round-times.ts';
import { arrivedWords, fateWords, formatWeight, wasPaused, weightOf } from './fate.ts';
import type { Standing } from './fate.ts';

/** Rows that are read; of longer runs the older rounds stand in Metrics. */
const rowsMax = 200;

interface ContributionsProps {
  readonly view: RunView;
  readonly own: ParticipantView | undefined;
  readonly silent: boolean;
  readonly selected: number | null;
  readonly onOpen: (round: number) => void;
}

/** This node's own work, round by round, and what the coordinator made of it. */
export function Contributions({ view, own, silent, selected, onOpen }: ContributionsProps): JSX.Element {
  const standing = { silent, closed: false, paused: own?.paused != null && view.endedAt === null };
  const shown = view.rounds.slice(-rowsMax);
  const longest = Math.max(1, ...shown.map((round) => (round.endedAt ?? round.startedAt) - round.startedAt));
  const counts = fateCounts(view.contributions);
  const first = view.rounds[0]?.round ?? null;
  return (
    <section className="panel p-list" aria-label="Your contributions">
      <div className="ph">
        <h2>Your contributions</h2>
        <span className="sub">{countsWords(counts)}</span>
        <div className="end">
          <TimeLegend />
        </div>
      </div>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a region that scrolls must be reachable by key */}
      <div className="scroll" tabIndex={0} role="region" aria-label="Contributions, newest first">
        <table>
          <Head />
          <tbody>
            <PlannedRow view={view} silent={silent} />
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
                silent={standing.silent}
                paused={standing.paused}
                onOpen={onOpen}
              />
            ))}
            {first !== null && first > 1 && (
              <tr className="next">
                <td className="num">{first === 2 ? 1 : `1–${first - 1}`}</td>
                <td colSpan={11}>{view.dropped > 0 ? 'no longer listed here' : 'before you joined'}</td>
              </tr>
            )}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function countsWords({ decided, counted, late, refused, missed }: ReturnType<typeof fateCounts>): string {
  if (decided === 0) return 'none judged yet';
  return [
    `${decided} judged`,
    `${counted} counted`,
    ...(late.length > 0 ? [`${late.length} late`] : []),
    ...(refused.length > 0 ? [`${refused.length} refused`] : []),
    ...(missed.length > 0 ? [`${missed.length} missed`] : []),
  ].join(', ');
}

function TimeLegend(): JSX.Element {
  return (
    <span className="legend w-lg w-g" aria-hidden="true">
      <span>
        <i className="sw c" />
        compute
      </span>
      <span>
        <i className="sw m" />
        communicate
      </span>
      <span>
        <i className="sw wait" />
        wait
      </span>
    </span>
  );
}

function Head(): JSX.Element {
  return (
    <thead>
      <tr>
        <th className="num">Round</th>
        <th>Fate</th>
        <th className="num w-lg">Start</th>
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

function PlannedRow({ view, silent }: { readonly view: RunView; readonly silent: boolean }): JSX.Element | null {
  const now = useNow(5000);
  const first = (view.rounds.at(-1)?.round ?? 0) + 1;
  if (view.endedAt !== null || first > view.roundsPlanned) return null;
  const { roundMs } = paceOf(view.rounds);
  const started = view.rounds.at(-1)?.startedAt ?? now;
  const usual = roundMs !== null && now < started + roundMs * 1.5;
  const endsAt = usual ? Math.max(now, started + roundMs) + (view.roundsPlanned - first + 1) * roundMs : null;
  const words = silent
    ? 'planned; whether they have begun is not known here'
    : `planned${endsAt === null ? '' : `, the run ends about ${formatClock(endsAt)} at this pace`}`;
  return (
    <tr className="next">
      <td className="num">{first === view.roundsPlanned ? first : `${first}–${view.roundsPlanned}`}</td>
      <td colSpan={11}>{words}</td>
    </tr>
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
  readonly onOpen: (round: number) => void;
}

const Row = memo(
  function Row(props: RowProps): JSX.Element {
    const { round, contribution, own, open, ended, longestMs, selected, silent, onOpen } = props;
    const now = useNow(open ? 1000 : 60_000);
    const endAt = round.endedAt ?? ended ?? now;
    const tookMs = roundTookMs(round, endAt);
    const times = own === undefined ? null : roundTimes(own, round.round, endAt);
    const hatched = silent && open && contribution !== undefined && contribution.fate !== 'training';
    return (
      <tr className={selected ? 'sel' : ''} onClick={() => onOpen(round.round)}>
        <td className="num">
          <button type="button" className="row-open" aria-label={`Open round ${round.round}`} aria-pressed={selected}>
            {round.round}
          </button>
        </td>
        <td>
          <FateCell {...props} />
        </td>
        <td className="num w-lg">{formatClock(round.startedAt)}</td>
        <td className="num">{formatDuration(tookMs)}</td>
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
    a.silent === b.silent &&
    a.longestMs === b.longestMs &&
    a.onOpen === b.onOpen,
);

function FateCell({ round, contribution, own, open, silent, paused }: RowProps): JSX.Element {
  if (contribution === undefined) {
    if (own !== undefined && wasPaused(own, round.startedAt)) return <span className="t2">paused</span>;
    if (own !== undefined && !round.selected.some((id) => id === own.id))
      return <span className="t2">not selected</span>;
    return open ? <b>{round.state}</b> : <span className="t2">no work of this node</span>;
  }
  const words = fateWords(contribution, { silent: silent && open, paused: paused && open, closed: !open });
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

/** What its fate says already. */
function standsInFate(reason: string): boolean {
  return reason === cutOffReasons.byTheEnd.untrained || reason === cutOffReasons.byLeaving.untrained;
}

function arrivalCell({ round, contribution, own, open, silent }: RowProps): string {
  if (contribution === undefined) return '';
  const arrived = arrivedWords(contribution, round);
  if (arrived !== '') return arrived;
  if (!open) return standsInFate(contribution.reason) ? '' : contribution.reason;
  if (contribution.fate === 'training' && own?.progress?.round === round.round) {
    const { done, total } = stepsOf(own.progress);
    return `batch ${done} / ${total}`;
  }
  return contribution.fate === 'kept' || silent ? 'ready to send' : '';
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
