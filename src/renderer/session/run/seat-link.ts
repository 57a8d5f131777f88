import { isOpen } from '#shared/contract/link-events.ts';
import { carrierOf } from '#shared/contract/protocols.ts';
import { isParticipantSeat, ownParticipant } from '#shared/run-view/seat.ts';
import type { LinkView, ParticipantView, RunView } from '#shared/run-view/run-view.ts';
import { openVerdicts } from './verdicts.ts';
import { stepsOf, usualSteps } from './pace.ts';
import type { Step } from './pace.ts';

export type Attempt = LinkView['attempts'][number];

/** How a participant's own link to the coordinator stands, from what its own process has told. */
export type SeatLink =
  /** Nothing was heard yet: it dials for the first time. */
  | { readonly kind: 'joining'; readonly since: number; readonly attempt: Attempt | null }
  | { readonly kind: 'heard'; readonly at: number }
  | Silence
  /** It was silent and is heard again, a moment ago. */
  | { readonly kind: 'back'; readonly at: number; readonly silentMs: number }
  /** This node's own process stands still, and has told nothing since. */
  | { readonly kind: 'still'; readonly at: number }
  /** This node's own process died, and is started again. */
  | { readonly kind: 'restarting'; readonly at: number; readonly note: string }
  /** Closed while the coordinator was there: the end of the run is about to be told. */
  | { readonly kind: 'closing'; readonly at: number };

export interface Silence {
  readonly kind: 'silent';
  readonly heardAt: number;
  /** Oldest first; one that is under way is among them. */
  readonly attempts: readonly Attempt[];
  /** Wall ms, 0: not planned, never. */
  readonly nextAt: number;
  readonly givesUpAt: number;
}

/** Heartbeats come once a second: so many that never came are no accident. */
const silentMs = 3_000;
/** For how long it is said that the coordinator is back. */
const backShownMs = 10_000;

/** Null: this app is not a participant of a run that is open. */
export function seatLink(view: RunView, now: number): SeatLink | null {
  if (!isParticipantSeat(view) || view.endedAt !== null) return null;
  const own = ownParticipant(view);
  const link = own?.link;
  if (own === undefined || link === undefined || (link.connections === 0 && link.heardAt === 0)) {
    return { kind: 'joining', since: view.startedAt, attempt: link?.attempts.at(-1) ?? null };
  }
  const restart = restartOf(own);
  if (restart !== null) return { kind: 'restarting', ...restart };
  const still = openVerdicts(view).find(({ rule, subject }) => rule === 'process-frozen' && subject === own.id);
  if (still !== undefined) return { kind: 'still', at: still.since };
  const heardAt = link.heardAt === 0 ? link.since : link.heardAt;
  // What its process has not told since cannot be held against the coordinator: the figures of the link must be newer.
  const stateAt = link.state === 'closed' || link.state === 'resuming' ? link.since : 0;
  const unheardMs = Math.max(own.statsAt, stateAt) - heardAt;
  if (link.state === 'closed' && unheardMs < silentMs) return { kind: 'closing', at: link.since };
  // A session that another one takes the place of, as when UDP answers again, is not a coordinator that does not answer;
  // one that is opened after a silence ends it once it is ready.
  const there = isOpen(link.state) || link.state === 'resuming';
  if (!there || unheardMs >= silentMs) return silence(heardAt, link);
  const { returned } = link;
  if (returned !== null && returned.silentMs >= silentMs && now - returned.at < backShownMs)
    return { kind: 'back', ...returned };
  return { kind: 'heard', at: heardAt };
}

/** Its process has ended and is started again, or the new one has not had the time to open a link; null: neither. */
export function restartOf({ exited, restarted, link, lastProcessAt }: ParticipantView): Restart | null {
  if (exited !== null) return exited.restarts ? { at: exited.at, note: exited.note } : null;
  if (restarted === null || isOpen(link.state) || link.heardAt > restarted.backAt) return null;
  return lastProcessAt - restarted.backAt < silentMs ? { at: restarted.at, note: restarted.note } : null;
}

interface Restart {
  readonly at: number;
  readonly note: string;
}

/** Since when nothing that the coordinator says can have been heard; null: it is heard, as far as is known. */
export function unheardSince(link: SeatLink | null): number | null {
  if (link?.kind === 'silent') return link.heardAt;
  return link?.kind === 'still' || link?.kind === 'restarting' ? link.at : null;
}

function silence(heardAt: number, link: LinkView): Silence {
  // Those of the silence before this one are history.
  const attempts = link.attempts.filter(({ at, result }) => at >= heardAt && result !== 'connected');
  const last = attempts.at(-1);
  return { kind: 'silent', heardAt, attempts, nextAt: last?.nextAt ?? 0, givesUpAt: last?.givesUpAt ?? 0 };
}

/** `UDP and TCP`: what has been tried, in the order of the first tries. */
export function carriersOf(attempts: readonly Attempt[]): string {
  return [...new Set(attempts.map(({ stack }) => carrierOf(stack)))].join(' and ');
}

/** The way that the next try takes, where the tries so far take turns; null where that cannot be told. */
export function nextCarrier(attempts: readonly Attempt[]): string | null {
  const carriers = attempts.map(({ stack }) => carrierOf(stack));
  const last = carriers.at(-1);
  if (last === undefined) return null;
  const other = carriers.findLast((one) => one !== last);
  if (other === undefined) return last;
  return carriers.at(-2) === other ? other : null;
}

/** The round whose update is computed and not acknowledged; null: nothing would be lost by leaving. */
export function unsentRound(view: RunView): number | null {
  const own = ownParticipant(view);
  if (own === undefined || view.endedAt !== null) return null;
  const told = view.contributions.findLast(({ outcome }) => outcome === 'kept' || outcome === 'sent');
  if (told !== undefined) return told.round;
  return own.phase === 'send' ? own.phaseRound : null;
}

/** The others that take part, in order of id, as far as the coordinator has told. */
export function toldParticipants(view: RunView): readonly string[] {
  const ids = new Set<string>(view.participants.map(({ id }) => id));
  for (const round of view.rounds.slice(-told)) for (const id of round.selected) ids.add(id);
  for (const id of [...(view.wait?.selected ?? []), ...(view.wait?.waitingFor ?? []), ...(view.wait?.reported ?? [])])
    ids.add(id);
  if (view.self !== null) ids.delete(view.self);
  return [...ids].sort((a, b) => collator.compare(a, b));
}

/** Rounds that are looked through for who takes part. */
const told = 20;
const collator = new Intl.Collator('en', { numeric: true });

/**
 * Until when a pause that ends still counts in the round that runs: its deadline, less what is left to do where that is
 * known. Null: there is no such time.
 */
export function resumeUntil(view: RunView, own: ParticipantView): number | null {
  const round = view.rounds.at(-1);
  if (round === undefined || round.endedAt !== null || round.deadlineAt === 0 || view.phase !== 'training') return null;
  const awaited = view.wait?.waitingFor.some((id) => id === own.id) ?? true;
  if (!awaited) return null;
  const steps = usualSteps(own, round.round);
  const usual = (phase: Step['phase']): number => steps.find((step) => step.phase === phase)?.durationMs ?? 0;
  const { progress } = own;
  const begun = progress === null || progress.round !== round.round ? null : stepsOf(progress);
  const share = begun === null ? 0 : Math.min(1, begun.done / begun.total);
  return round.deadlineAt - usual('train') * (1 - share) - usual('send');
}
