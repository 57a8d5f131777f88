import { formatBytes, formatDuration, formatPercent } from '#renderer/components/words/format.ts';
import type { IconName } from '#renderer/components/icon.tsx';
import { isLate } from '#renderer/session/run/outcome-counts.ts';
import { restartOf } from '#renderer/session/run/seat-link.ts';
import { ordinal } from '#shared/base/text/ordinal.ts';
import { cutOffReasons, isCutOffUntrained } from '#shared/run-view/apply/apply-own-work.ts';
import type { ContributionView, ParticipantView, RoundView } from '#shared/run-view/run-view.ts';

/** The outcome of an own contribution, as a table and a lane say it. */
export interface OutcomeWords {
  readonly text: string;
  readonly tone: '' | 'okc' | 'wrn' | 'stl';
  readonly icon: IconName | null;
}

/** What is going on that the coordinator has not answered. */
export interface Standing {
  readonly silent: boolean;
  readonly paused: boolean;
  /** Its process is gone and comes again. */
  readonly restarting?: boolean | undefined;
  /** The round has been closed, whatever this node is still at. */
  readonly closed: boolean;
}

export function outcomeWords(
  contribution: ContributionView,
  { silent, paused, restarting, closed }: Standing,
): OutcomeWords {
  switch (contribution.outcome) {
    case 'training':
      if (closed) return { text: 'closed without it', tone: 'wrn', icon: 'clock' };
      if (restarting) return { text: 'training, interrupted', tone: '', icon: null };
      return { text: paused ? 'paused' : 'training', tone: '', icon: null };
    case 'kept':
      return silent
        ? { text: 'kept, not sent', tone: 'stl', icon: 'stop' }
        : { text: 'ready to send', tone: '', icon: null };
    case 'sent':
      return silent
        ? { text: 'kept, not acknowledged', tone: 'stl', icon: 'stop' }
        : { text: 'sent, no answer yet', tone: '', icon: null };
    case 'counted':
      return { text: 'counted', tone: 'okc', icon: 'check' };
    case 'acknowledged':
      // Why it is no more than that stands in the detail and in the title.
      return { text: 'acknowledged', tone: 'wrn', icon: 'clock' };
    case 'refused':
      return isLate(contribution)
        ? { text: 'late, not counted', tone: 'wrn', icon: 'clock' }
        : { text: 'not counted', tone: 'wrn', icon: 'warn' };
    case 'missed':
      return { text: 'closed without it', tone: 'wrn', icon: 'clock' };
    case 'unknown':
      return { text: unknownWords(contribution), tone: '', icon: null };
    default:
      return contribution.outcome satisfies never;
  }
}

const { byTheEnd, byLeaving, byDying } = cutOffReasons;
const unacknowledged: ReadonlySet<string> = new Set([
  byTheEnd.unacknowledged,
  byLeaving.unacknowledged,
  byDying.unacknowledged,
]);

/** What ended before anybody checked it is called by that; the whole reason is in its title. */
function unknownWords({ reason, trainedAt }: ContributionView): string {
  if (reason === byTheEnd.untrained) return 'run ended';
  if (isCutOffUntrained(reason)) return 'not finished';
  if (unacknowledged.has(reason)) return 'sent, not answered';
  return trainedAt === null && reason !== '' ? 'given up' : 'not told';
}

/** `29.7 s, 3rd of 4`; `1.8 s after the deadline`; empty: not known. */
export function arrivedWords(contribution: ContributionView, round: RoundView | undefined): string {
  const { acknowledgedAt, order, outcome } = contribution;
  if (acknowledgedAt === null || round === undefined) return '';
  const afterMs = acknowledgedAt - round.startedAt;
  const closedAt = round.phases.find(({ phase }) => phase === 'aggregating')?.at ?? round.endedAt;
  if (outcome === 'refused' && closedAt !== null && acknowledgedAt > closedAt)
    return `${formatDuration(acknowledgedAt - closedAt)} after it closed`;
  return `${formatDuration(afterMs)}${placeWords(order, round)}`;
}

function placeWords(order: number | null, round: RoundView): string {
  return order === null ? '' : `, ${ordinal(order)} of ${round.contributors?.length ?? round.selected.length}`;
}

/** The line under a round of the own lane: what it drops first where it is narrow are the figures, then the place. */
export function fateLine(
  contribution: ContributionView,
  round: RoundView,
  standing: Standing,
): { readonly figures: string; readonly outcome: OutcomeWords; readonly place: string } {
  const { sizeBytes, weight, order, outcome } = contribution;
  const words = outcomeWords(contribution, standing);
  const figures = [
    ...(sizeBytes === null ? [] : [formatBytes(sizeBytes)]),
    ...(weight === null || outcome !== 'counted' ? [] : [`weight ${formatWeight(weight)}`]),
  ].join(', ');
  return { figures, outcome: words, place: outcome === 'counted' ? placeWords(order, round) : '' };
}

/** Of a contribution that is in the new model; null: of no other. */
export function weightOf({ outcome, weight }: ContributionView): number | null {
  return outcome === 'counted' ? weight : null;
}

export function formatWeight(weight: number): string {
  return weight >= 0.1 || weight === 0 ? `${Math.round(weight * 100)} %` : formatPercent(weight);
}

/** Its process died while the run went on, and is started again. */
export function isRestarting(own: ParticipantView | undefined, ended: number | null): boolean {
  return ended === null && own !== undefined && restartOf(own) !== null;
}

/** Whoever pauses when a round begins is not asked to train in it. */
export function wasPaused({ paused, pauses }: ParticipantView, at: number): boolean {
  return (paused !== null && paused.at <= at) || pauses.some(({ from, to }) => from <= at && at < to);
}
