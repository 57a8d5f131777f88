import { isOpen, type EventOf, type RunEvent } from '#shared/contract/events.ts';
import { limits } from '#shared/contract/limits.ts';
import { isOver } from './apply-round.ts';
import { append, patch } from '../fold.ts';
import { isParticipantSeat } from '../seat.ts';
import type { ContributionView, RoundView, RunView } from '../run-view.ts';

/**
 * What became of this app's own work, where the coordinator is elsewhere: from what its own participant did, from its
 * link, from the decision of each update and from the end of each round. Silence says nothing: only the coordinator's
 * word makes an update counted, refused or missed.
 */
export function applyOwnWork(view: RunView, event: RunEvent): RunView {
  const { self } = view;
  if (self === null || !isParticipantSeat(view)) return view;
  const contributions = worked(view, event, self);
  if (contributions === view.contributions) return view;
  const counted = countedOf(contributions) - countedOf(view.contributions);
  const kept = contributions.slice(-limits.viewRoundsMax);
  return {
    ...view,
    contributions: kept,
    dropped: view.dropped + contributions.length - kept.length,
    participants:
      counted === 0
        ? view.participants
        : patch(view.participants, self, (own) => ({ counted: (own.counted ?? 0) + counted })),
  };
}

type Works = readonly ContributionView[];

function worked(view: RunView, event: RunEvent, self: string): Works {
  const works = view.contributions;
  if ('participant' in event.data && event.data.participant !== self) return works;
  switch (event.type) {
    case 'participant_phase':
      if (event.data.phase === 'train') return begun(works, event.data.round, event.at);
      if (event.data.phase !== 'wait' && event.data.phase !== 'idle') return works;
      // A pause gives nothing up.
      if (event.data.phase === 'idle' && isPaused(view, self)) return works;
      // Asked for something else, or unable: whether that costs the round anything, the round's end will say.
      return changed(works, event.data.round, ({ outcome }) => (outcome === 'training' ? { outcome: 'unknown' } : {}));
    case 'notice': {
      const round = event.data.error?.context['round'];
      if (typeof round !== 'number') return works;
      return changed(works, round, ({ outcome }) => (outcome === 'training' ? { reason: event.data.text } : {}));
    }
    case 'training_done': {
      const { round, loss, accuracy, examples, norm, durationMs: trainMs, modelHash } = event.data;
      const outcome = isLinkOpen(view, self) ? 'sent' : 'kept';
      const measures = { loss, accuracy, examples, norm, trainMs, modelHash, trainedAt: event.at };
      return changed(withWork(works, round, event.at), round, (work) => ({
        ...measures,
        ...(work.outcome === 'counted' ? {} : { outcome, reason: '' }),
      }));
    }
    case 'transfer_progress': {
      if (event.data.direction !== 'up' || event.data.kind !== 'model_update') return works;
      const sizeBytes = event.data.totalBytes;
      return changed(works, event.data.round, (work) => (work.sizeBytes === sizeBytes ? {} : { sizeBytes }));
    }
    case 'link_state': {
      const [from, to] = isOpen(event.data.state) ? (['kept', 'sent'] as const) : (['sent', 'kept'] as const);
      return each(works, ({ outcome }) => (outcome === from ? { outcome: to } : {}));
    }
    case 'update_acknowledged': {
      const { round, accepted, reason, order, sizeBytes } = event.data;
      return changed(withWork(works, round, event.at), round, (work) => {
        const told = { sizeBytes, acknowledgedAt: event.at };
        if (accepted) return { ...told, outcome: 'counted', reason: '', order: order ?? work.order };
        return work.outcome === 'counted' ? {} : { ...told, outcome: 'refused', reason };
      });
    }
    case 'round_ended': {
      const { round, contributions, missing, examples, own } = event.data;
      if (contributions.includes(self as (typeof contributions)[number]))
        return changed(withWork(works, round, event.at), round, (work) => ({
          outcome: 'counted',
          reason: '',
          weight: own?.share ?? shareOf(work, examples),
          countedExamples: own?.examples ?? work.countedExamples,
          clipped: own?.clipped ?? work.clipped,
        }));
      const missed = missing.includes(self as (typeof missing)[number]);
      return changed(works, round, (work) => {
        if (work.outcome === 'refused') return {};
        return missed ? { outcome: 'missed', weight: 0 } : { outcome: 'unknown' };
      });
    }
    case 'run_ended':
      return each(works, (work) => {
        if (isOpenWork(work, view.round)) return cutOff(work, endOf(event.data));
        const unended = work.outcome === 'counted' && work.round > view.roundsCompleted && !isOver(view, work.round);
        return unended ? { outcome: 'acknowledged', reason: whyUnended(event) } : {};
      });
    default:
      return works;
  }
}

/** Where the coordinator told the sum alone. */
function shareOf({ examples }: ContributionView, sum: number | undefined): number | null {
  return examples === null || sum === undefined || sum === 0 ? null : examples / sum;
}

/** A round that is trained in; what was trained before and never finished was given up for it. */
function begun(works: Works, round: number, at: number): Works {
  const others = each(works, (work) =>
    work.outcome === 'training' && work.round !== round
      ? { outcome: 'unknown', reason: `given up for round ${round}` }
      : {},
  );
  return changed(withWork(others, round, at), round, ({ outcome }) =>
    outcome === 'counted' || outcome === 'training' ? {} : { outcome: 'training', reason: '' },
  );
}

/** In order of round; one that is heard of only when it is checked was computed by a former process. */
function withWork(works: Works, round: number, at: number): Works {
  if (works.some((work) => work.round === round)) return works;
  const work: ContributionView = {
    round,
    outcome: 'training',
    reason: '',
    startedAt: at,
    trainedAt: null,
    acknowledgedAt: null,
    sizeBytes: null,
    examples: null,
    loss: null,
    accuracy: null,
    norm: null,
    trainMs: null,
    order: null,
    weight: null,
    countedExamples: null,
    clipped: null,
    modelHash: '',
  };
  const after = works.findIndex((other) => other.round > round);
  return after < 0 ? append(works, work, works.length + 1).items : works.toSpliced(after, 0, work);
}

function changed(works: Works, round: number, change: (work: ContributionView) => Partial<ContributionView>): Works {
  return each(works, (work) => (work.round === round ? change(work) : {}));
}

/** The same list where nothing changes, so that what shows it stays as it is. */
function each(works: Works, change: (work: ContributionView) => Partial<ContributionView>): Works {
  let next: ContributionView[] | null = null;
  for (const [index, work] of works.entries()) {
    const news = change(work);
    if (Object.keys(news).length > 0) (next ??= [...works])[index] = { ...work, ...news };
  }
  return next ?? works;
}

/** Nobody has checked it, and nothing but the end of the run has kept it from that. */
function isOpenWork({ outcome, trainedAt, reason, round }: ContributionView, running: number): boolean {
  if (outcome === 'training' || outcome === 'sent') return true;
  // Its process has laid down its work, a moment before the end was told.
  return outcome === 'unknown' && trainedAt === null && reason === '' && round === running;
}

function endOf({ left, status }: EventOf<'run_ended'>['data']): keyof typeof cutOffReasons {
  if (left !== true) return 'byTheEnd';
  return status === 'failed' ? 'byDying' : 'byLeaving';
}

function cutOff({ trainedAt, reason }: ContributionView, end: keyof typeof cutOffReasons): Partial<ContributionView> {
  const by = cutOffReasons[end];
  return { outcome: 'unknown', reason: reason || (trainedAt === null ? by.untrained : by.unacknowledged) };
}

/** Why nobody has said what became of the work that was under way when the run ended, here or everywhere. */
export const cutOffReasons = {
  byTheEnd: { untrained: 'ended with the run', unacknowledged: 'the run ended before anybody said what became of it' },
  byLeaving: { untrained: 'not finished: you left', unacknowledged: 'you left before anybody said what became of it' },
  byDying: {
    untrained: "not finished: this node's process ended",
    unacknowledged: "this node's process ended before anybody said what became of it",
  },
} as const;

/** Why the end of the round is not known in which an update was acknowledged. */
function whyUnended({ data, source }: EventOf<'run_ended'>): string {
  if (data.left === true) return unendedReasons[endOf(data) === 'byDying' ? 'byDying' : 'byLeaving'];
  // What the app itself saw end says nothing of rounds that it was not told of.
  return source === 'service' ? unendedReasons.untold : unendedReasons.byTheEnd;
}

export const unendedReasons = {
  byTheEnd: 'the run ended before its round did',
  untold: 'how its round ended was not told',
  byLeaving: 'you left before its round ended',
  byDying: "this node's process ended before its round did",
} as const;

/** Whether such a reason says that it was never trained to its end. */
export function isCutOffUntrained(reason: string): boolean {
  return Object.values(cutOffReasons).some(({ untrained }) => untrained === reason);
}

function isPaused(view: RunView, self: string): boolean {
  return view.participants.find(({ id }) => id === self)?.paused != null;
}

function isLinkOpen(view: RunView, self: string): boolean {
  const link = view.participants.find(({ id }) => id === self)?.link;
  return link !== undefined && isOpen(link.state);
}

function countedOf(works: Works): number {
  return works.filter(({ outcome }) => outcome === 'counted').length;
}

/** Rounds that this app saw end and that asked for `participant`; from a participant's chair, all that can be said of others. */
export function roundsSeenToAsk(rounds: readonly RoundView[], participant: string): number {
  return rounds.filter(({ state, selected }) => state === 'done' && selected.includes(participant)).length;
}
