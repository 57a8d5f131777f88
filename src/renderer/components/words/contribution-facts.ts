import type { ContributionView, RoundView, RunView, UpdateView } from '#shared/run-view/run-view.ts';
import { isOwnSeat, isTold } from '#shared/run-view/seat.ts';

/** What became of one participant's update in one round, as far as it is known from this chair. */
export type Contribution =
  | {
      /** `acknowledged`: it counted, and the run ended before the end of its round was told. */
      readonly kind: 'counted' | 'acknowledged' | 'rejected';
      /** After its round began; null: not told. */
      readonly afterMs: number | null;
      readonly place: number | null;
      readonly reason: string;
    }
  /** `before`: this app's own participant had not joined yet. */
  | { readonly kind: 'missing' | 'not_asked' | 'planned' | 'not_told' | 'before' }
  /** `unsent`: computed, and no link to send it over; `sent`: not checked yet; `in`: as the coordinator told. */
  | { readonly kind: 'running'; readonly how: 'at_work' | 'unsent' | 'sent' | 'in' | 'not_in' };

/** `undefined` round: none of that number is known here. */
export function contributionOf(
  view: RunView,
  { number, round }: { readonly number: number; readonly round: RoundView | undefined },
  participant: string,
): Contribution {
  if (round === undefined)
    return { kind: number > view.round ? 'planned' : isOwnSeat(view, participant) ? 'before' : 'not_told' };
  if (isTold(view, participant)) return toldContribution(view, round, participant);
  if (isOwnSeat(view, participant)) return ownContribution(view, round, participant);
  const own = round.updates.filter((update) => update.participant === participant);
  const update = own.find(hasCounted) ?? own[0];
  if (update !== undefined) {
    const place = round.updates.filter((other) => hasCounted(other) && other.at < update.at).length + 1;
    const afterMs = update.at - round.startedAt;
    return { kind: kindOf(update), afterMs, place, reason: update.reason };
  }
  if (!round.selected.includes(participant)) return { kind: 'not_asked' };
  return isOpen(round) ? { kind: 'running', how: 'at_work' } : { kind: 'missing' };
}

function kindOf({ counted, acknowledged }: UpdateView): 'counted' | 'acknowledged' | 'rejected' {
  return counted ? 'counted' : acknowledged ? 'acknowledged' : 'rejected';
}

/** Whether it was taken into its round, however that ended. */
export function hasCounted({ counted, acknowledged }: UpdateView): boolean {
  return counted || acknowledged;
}

/** A participant's own work: what the coordinator said of it, and nothing made of silence. */
function ownContribution(view: RunView, round: RoundView, participant: string): Contribution {
  const own = view.contributions.find((work) => work.round === round.round);
  if (own === undefined) {
    if (!round.selected.includes(participant)) return { kind: 'not_asked' };
    return isOpen(round) ? { kind: 'running', how: 'at_work' } : outcomeOf(round, participant);
  }
  switch (own.outcome) {
    case 'counted':
    case 'acknowledged':
    case 'refused':
      return {
        kind: own.outcome === 'refused' ? 'rejected' : own.outcome,
        afterMs: own.acknowledgedAt === null ? null : own.acknowledgedAt - round.startedAt,
        place: own.order,
        reason: own.reason,
      };
    case 'missed':
      return { kind: 'missing' };
    case 'unknown':
      return { kind: 'not_told' };
    case 'kept':
      return { kind: 'running', how: 'unsent' };
    case 'sent':
      return { kind: 'running', how: 'sent' };
    case 'training':
      return { kind: 'running', how: 'at_work' };
    default:
      return own.outcome satisfies never;
  }
}

/** Of the others a participant hears who is in, and at the end of a round who is in the model and who is not. */
function toldContribution(view: RunView, round: RoundView, participant: string): Contribution {
  if (!round.selected.includes(participant))
    return isOpen(round) ? { kind: 'not_asked' } : outcomeOf(round, participant);
  const isIn = round.arrivals.some((arrival) => arrival.participant === participant);
  if (isOpen(round)) return { kind: 'running', how: isIn ? 'in' : 'not_in' };
  // The end of the run cut it off: what was told until then is all that there is.
  if (isCutOff(view, round)) return isIn ? { kind: 'running', how: 'in' } : { kind: 'missing' };
  return outcomeOf(round, participant);
}

/** As the end of the round told it. */
function outcomeOf(round: RoundView, participant: string): Contribution {
  if (round.contributors?.includes(participant) === true) {
    const arrived = round.arrivals.find((arrival) => arrival.participant === participant);
    const afterMs = arrived === undefined ? null : arrived.at - round.startedAt;
    return { kind: 'counted', afterMs, place: null, reason: '' };
  }
  if (round.missing.includes(participant)) return { kind: 'missing' };
  return { kind: round.selected.includes(participant) ? 'not_told' : 'not_asked' };
}

/** The run ended in this round, before anybody closed it or gave it up. */
export function isCutOff(view: RunView, round: RoundView): boolean {
  const open = round.contributors === null && round.state !== 'done' && round.state !== 'stalled';
  return open && view.endedAt !== null && round.round === view.rounds.at(-1)?.round;
}

function isOpen(round: RoundView): boolean {
  return round.endedAt === null && round.state !== 'stalled';
}

/** In how many rounds its update counts, of those in which it was asked and that have an outcome; null: there is none. */
export function countedOf(
  view: RunView,
  participant: { readonly id: string; readonly counted: number | null },
): { readonly counted: number; readonly of: number } | null {
  const { id, counted } = participant;
  if (counted === null) return null;
  if (isOwnSeat(view, id)) {
    const settled = view.contributions.filter(
      ({ outcome }) => outcome !== 'training' && outcome !== 'sent' && outcome !== 'kept',
    );
    return share(counted, settled.length);
  }
  const asked = view.rounds.filter((round) =>
    isTold(view, id)
      ? round.state === 'done' && round.selected.includes(id)
      : round.selected.includes(id) && (round.endedAt !== null || countedUpdate(round, id) !== undefined),
  );
  return share(counted, asked.length);
}

/** Of a very long run the oldest rounds are listed no more, but are counted. */
function share(counted: number, listed: number): { readonly counted: number; readonly of: number } | null {
  const of = Math.max(counted, listed);
  return of === 0 ? null : { counted, of };
}

export function countedUpdate(round: RoundView, participant: string): UpdateView | undefined {
  return round.updates.find((update) => update.participant === participant && update.counted);
}

/** Its newest counted update; the cosine is the newest one known, since it comes with the aggregation. */
export function lastUpdate(
  view: RunView,
  participant: string,
): { readonly norm: number | null; readonly cosine: number | null } {
  if (isOwnSeat(view, participant)) return { norm: ownNorms(view.contributions).at(-1)?.norm ?? null, cosine: null };
  let norm: number | null = null;
  for (let i = view.rounds.length - 1; i >= 0; i--) {
    const update = countedUpdate(view.rounds[i] as RoundView, participant);
    if (update === undefined) continue;
    norm ??= update.norm;
    if (update.cosine !== null) return { norm, cosine: update.cosine };
  }
  return { norm, cosine: null };
}

/** Of the updates that this app's own participant computed, whatever became of them. */
export function ownNorms(
  works: readonly ContributionView[],
): readonly { readonly round: number; readonly at: number; readonly norm: number }[] {
  return works.flatMap(({ round, norm, trainedAt }) =>
    norm === null || trainedAt === null || !Number.isFinite(norm) ? [] : [{ round, at: trainedAt, norm }],
  );
}

/** How much its newest averaged update weighed. */
export interface Weight {
  /** Of the new model, 0 to 1. */
  readonly share: number;
  /** Examples that counted; null: not told. */
  readonly examples: number | null;
  readonly claimed: number | null;
  /** What its update was multiplied with; null: not told. */
  readonly clipped: number | null;
}

/** Null: none was averaged, or that is not told here. */
export function lastWeight(view: RunView, participant: string): Weight | null {
  if (isOwnSeat(view, participant)) {
    const own = view.contributions.findLast(({ weight, outcome }) => weight !== null && outcome === 'counted');
    if (own?.weight == null) return null;
    return { share: own.weight, examples: own.countedExamples, claimed: own.examples, clipped: own.clipped };
  }
  for (const round of view.rounds.toReversed()) {
    const update = countedUpdate(round, participant);
    if (update?.share == null) continue;
    const { share, examples, claimed, clipped } = update;
    return { share, examples, claimed, clipped };
  }
  return null;
}
