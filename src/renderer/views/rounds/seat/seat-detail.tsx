import type { JSX } from 'react';
import { formatBytes, formatClock, formatPercent, shortHash } from '#renderer/components/words/format.ts';
import { Icon } from '#renderer/components/icon.tsx';
import { useNow } from '#renderer/session/hooks.ts';
import { counted, formatCount } from '#shared/base/text/counted.ts';
import { unendedReasons } from '#shared/run-view/apply/apply-own-work.ts';
import type { ContributionView, ParticipantView, RoundView, RunView } from '#shared/run-view/run-view.ts';
import { Fig, ItsPackets } from '../detail-pane.tsx';
import { roundTimes } from '../round-times.ts';
import { arrivedWords, outcomeWords, formatWeight, isRestarting, wasPaused } from './contribution-outcome.ts';
import { runOver, toldWords } from './told-layout.ts';

interface SeatDetailProps {
  readonly view: RunView;
  readonly own: ParticipantView | undefined;
  readonly round: RoundView;
  readonly silent: boolean;
  readonly onClose: () => void;
}

/** A round opened beside the lanes: this node's own work in it, what the coordinator told of it, and its packets. */
export function SeatDetail({ view, own, round, silent, onClose }: SeatDetailProps): JSX.Element {
  const contribution = view.contributions.find((one) => one.round === round.round);
  const title = `Round ${round.round}`;
  return (
    <section className="panel p-detail" aria-label={title}>
      <div className="ph">
        <h2>{title}</h2>
        <span className="sub">{formatClock(round.startedAt)}</span>
        <div className="end">
          <button type="button" className="btn ghost sm" aria-label="Close" title="Close (Esc)" onClick={onClose}>
            <Icon name="close" />
          </button>
        </div>
      </div>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a region that scrolls must be reachable by key */}
      <div className="scroll in" tabIndex={0} role="region" aria-label={`${title}, details`}>
        <OwnTimes view={view} own={own} round={round} />
        <OwnWork
          round={round}
          contribution={contribution}
          silent={silent && round.endedAt === null}
          paused={own !== undefined && wasPaused(own, round.startedAt)}
          restarting={isRestarting(own, view.endedAt)}
        />
        <GlobalModel view={view} round={round} />
        <Others view={view} round={round} />
        <ItsPackets round={round.round} participant={null} />
      </div>
    </section>
  );
}

function OwnTimes({ view, own, round }: Pick<SeatDetailProps, 'view' | 'own' | 'round'>): JSX.Element | null {
  const now = useNow(1000);
  const times = own === undefined ? null : roundTimes(own, round.round, round.endedAt ?? view.endedAt ?? now);
  if (times === null) return null;
  return (
    <div className="sec">
      <div className="figs">
        <Fig name="compute" ms={times.computeMs} kind="c" />
        <Fig name="communicate" ms={times.communicateMs} kind="m" />
        <Fig name="wait" ms={times.waitMs} kind="w" />
      </div>
    </div>
  );
}

function OwnWork({
  round,
  contribution,
  silent,
  paused,
  restarting,
}: {
  readonly round: RoundView;
  readonly contribution: ContributionView | undefined;
  readonly silent: boolean;
  readonly paused: boolean;
  readonly restarting: boolean;
}): JSX.Element {
  return (
    <div className="sec">
      <h3>This node</h3>
      {contribution === undefined ? (
        <p className="t2">{paused ? 'It was paused when this round began.' : 'It has done no work in this round.'}</p>
      ) : (
        <OwnFacts round={round} contribution={contribution} silent={silent} restarting={restarting} />
      )}
    </div>
  );
}

function OwnFacts({
  round,
  contribution: one,
  silent,
  restarting,
}: {
  readonly round: RoundView;
  readonly contribution: ContributionView;
  readonly silent: boolean;
  readonly restarting: boolean;
}): JSX.Element {
  const outcome = outcomeWords(one, { silent, paused: false, restarting, closed: round.endedAt !== null });
  const arrived = arrivedWords(one, round);
  const facts: readonly (readonly [string, string, string?])[] = [
    ['Outcome', `${outcome.text}${one.reason === '' ? '' : `: ${one.reason}`}`],
    ['Arrived after', arrived === '' ? 'not acknowledged' : arrived],
    ['Sent', one.sizeBytes === null ? '–' : formatBytes(one.sizeBytes)],
    ['Weight', weightWords(one)],
    ['Own model', measures(one.loss, one.accuracy, one.examples)],
    ['Norm', one.norm === null ? '–' : one.norm.toFixed(3)],
  ];
  return (
    <dl className="kvl">
      {facts.map(([name, value]) => (
        <Fact key={name} name={name} value={value} />
      ))}
      {one.modelHash !== '' && (
        <>
          <dt>Its hash</dt>
          <dd className="data" title={one.modelHash}>
            {shortHash(one.modelHash)}
          </dd>
        </>
      )}
    </dl>
  );
}

function Fact({ name, value }: { readonly name: string; readonly value: string }): JSX.Element {
  return (
    <>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </>
  );
}

function weightWords({ weight, outcome, reason, countedExamples, examples, clipped }: ContributionView): string {
  if (outcome === 'refused' || outcome === 'missed') return 'none, it does not count';
  if (outcome === 'acknowledged') return reason === unendedReasons.byTheEnd ? 'none' : 'none known';
  if (weight === null) return 'not told';
  const less =
    countedExamples !== null && examples !== null && countedExamples < examples
      ? `; ${formatCount(countedExamples)} of ${formatCount(examples)} examples counted`
      : '';
  const short = clipped !== null && clipped < 1 ? `; scaled down to ${formatWeight(clipped)} of its length` : '';
  return `${formatWeight(weight)} of the new model${less}${short}`;
}

function measures(loss: number | null, accuracy: number | null, examples: number | null): string {
  if (loss === null || accuracy === null) return '–';
  return `loss ${loss.toFixed(3)}, accuracy ${formatPercent(accuracy)}${examples === null ? '' : `, ${counted(examples, 'example')}`}`;
}

function GlobalModel({ view, round }: { readonly view: RunView; readonly round: RoundView }): JSX.Element {
  const { baselineAccuracy } = view;
  const untold = view.endedAt === null ? 'not told yet' : 'not told';
  return (
    <div className="sec">
      <h3>Global model, as told</h3>
      <dl className="kvl">
        <Fact name="After it" value={round.loss === null ? untold : measures(round.loss, round.accuracy, null)} />
        {baselineAccuracy !== null && <Fact name="Baseline" value={formatPercent(baselineAccuracy)} />}
        <Fact name="In it" value={round.contributors === null ? untold : round.contributors.join(', ')} />
        {round.modelAfter !== '' && (
          <>
            <dt>Its hash</dt>
            <dd className="data" title={round.modelAfter}>
              {shortHash(round.modelAfter)}
            </dd>
          </>
        )}
      </dl>
    </div>
  );
}

function Others({ view, round }: { readonly view: RunView; readonly round: RoundView }): JSX.Element | null {
  const others = round.selected.filter((id) => id !== view.self);
  if (others.length === 0) return null;
  return (
    <div className="sec">
      <h3>Others, as told</h3>
      <dl className="kvl">
        {others.map((id) => (
          <Fact key={id} name={id} value={toldWords(round, id, round === view.rounds.at(-1) ? runOver(view) : null)} />
        ))}
      </dl>
    </div>
  );
}
