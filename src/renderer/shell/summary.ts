import { openVerdicts } from '#renderer/session/run/verdicts.ts';
import {
  formatDuration,
  formatNames,
  formatPercent,
  formatSeconds,
  formatSigned,
} from '#renderer/components/words/format.ts';
import { updatesLeftMs } from '#renderer/session/run/pace.ts';
import { stalledParticipants } from '#renderer/session/run/verdicts.ts';
import { seatLink } from '#renderer/session/run/seat-link.ts';
import type { SeatLink } from '#renderer/session/run/seat-link.ts';
import { counted, plural } from '#shared/base/text/counted.ts';
import { isOpen } from '#shared/contract/link-events.ts';
import type { Protocol, Stack } from '#shared/contract/protocols.ts';
import { roundsTookMs } from '#shared/run-view/took.ts';
import { isOpening, isParticipantSeat, isTold } from '#shared/run-view/seat.ts';
import { endHead, seatWaitWords, waitedNames } from './top-bar/seat-words.ts';
import type { ParticipantView, RunView } from '#shared/run-view/run-view.ts';

/** One badge of the top bar: all links of one protocol and implementation. */
export interface TransportBadge {
  readonly protocol: Protocol;
  readonly stack: Stack;
  readonly links: number;
  /** Fastest and slowest round trip of its links, ms; null before one was measured. */
  readonly rttRange: { readonly low: number; readonly high: number } | null;
  /** Nothing is heard over it now: its figures are the last there were. */
  readonly last: boolean;
  readonly rateBytesPerS: number;
  /** What is not well, in words; empty when all is. */
  readonly trouble: string;
  /** Why the newest of its links took this protocol, where that was its own choice; else empty. */
  readonly choice: string;
  /** The whole of it, where that is longer. */
  readonly explanation: string;
  readonly severity: 'none' | 'warning' | 'stall';
  /** The run is over, and its links with it. */
  readonly closed: boolean;
}

export function transportBadges(view: RunView): readonly TransportBadge[] {
  const groups = Map.groupBy(
    view.participants.filter(
      (participant) => !isTold(view, participant.id) && (participant.left === null || view.endedAt !== null),
    ),
    (participant) => `${participant.protocol} ${participant.stack}`,
  );
  const stalled = stalledParticipants(view);
  const link = seatLink(view, 0)?.kind ?? null;
  // Nobody is heard, or nobody is there to hear: what was measured before is the last there was.
  const quiet = link === 'silent' || link === 'restarting' || link === 'still';
  return [...groups.values()].map((members) => {
    const first = members[0] as ParticipantView;
    const told = troubleOf(members, stalled, view.endedAt !== null);
    const trouble = isParticipantSeat(view) ? ownTrouble(first, link, told) : told;
    return {
      protocol: first.protocol,
      stack: first.stack,
      links: members.length,
      rttRange: rangeOf(
        members.flatMap(({ link, rtt }) => {
          // A link that is being opened again has none yet; what it was before is shown as the last.
          const ms = link.rttMs ?? (quiet ? rtt.at(-1)?.ms : undefined);
          return ms === undefined ? [] : [ms];
        }),
      ),
      last: quiet,
      rateBytesPerS:
        view.endedAt === null && !quiet ? members.reduce((sum, member) => sum + member.link.rateBytesPerS, 0) : 0,
      closed: view.endedAt !== null,
      choice: choiceOf(members),
      ...trouble,
    };
  });
}

/** Of the one link that a participant has, without counting; a silent one is worse than what its process says of it. */
function ownTrouble(
  { link }: ParticipantView,
  kind: SeatLink['kind'] | null,
  told: ReturnType<typeof troubleOf>,
): ReturnType<typeof troubleOf> {
  if (kind === 'restarting') return { ...told, trouble: 'restarting', severity: 'warning' };
  if (kind === 'silent') return { ...told, trouble: isOpen(link.state) ? 'silent' : 'reconnecting', severity: 'stall' };
  return { ...told, trouble: told.trouble.replace(/^1 (?=[a-z])/, '') };
}

function rangeOf(values: readonly number[]): TransportBadge['rttRange'] {
  return values.length === 0 ? null : { low: Math.min(...values), high: Math.max(...values) };
}

function choiceOf(members: readonly ParticipantView[]): string {
  const made = members.flatMap((member) => {
    const choice = member.choices.at(-1);
    return choice?.protocol === member.protocol ? [{ id: member.id, ...choice }] : [];
  });
  const newest = made.toSorted((a, b) => b.at - a.at)[0];
  return newest === undefined ? '' : `Chosen by ${newest.id}: ${newest.reason}`;
}

function troubleOf(
  members: readonly ParticipantView[],
  stalled: ReadonlySet<string>,
  ended: boolean,
): Pick<TransportBadge, 'trouble' | 'severity' | 'explanation'> {
  const { trouble, severity } = linkTrouble(members, stalled, ended);
  const fallbacks = ended ? [] : members.map(({ link }) => link.fallback).filter((fallback) => fallback !== '');
  const explanation = [...new Set(fallbacks)].join('. ');
  // "UDP blocked: no answer in 2.5 s; over TCP now" has its short form before the colon.
  if (severity === 'none' && fallbacks.length > 0)
    return { trouble: (fallbacks[0] as string).split(/[:(]/, 1)[0]?.trim() ?? '', severity: 'warning', explanation };
  return { trouble, severity, explanation };
}

function linkTrouble(
  members: readonly ParticipantView[],
  stalled: ReadonlySet<string>,
  ended: boolean,
): Pick<TransportBadge, 'trouble' | 'severity'> {
  const stalls = members.filter((member) => stalled.has(member.id)).length;
  if (stalls > 0) return { trouble: `${stalls} stalled`, severity: 'stall' };
  if (ended) return { trouble: '', severity: 'none' };
  const count = (state: string): number => members.filter((member) => member.link.state === state).length;
  const lost = count('lost') + count('closed');
  if (lost > 0) return { trouble: `${lost} lost`, severity: 'warning' };
  const resuming = count('resuming');
  if (resuming > 0) return { trouble: `${resuming} reconnecting`, severity: 'warning' };
  const slow = count('degraded');
  if (slow > 0) return { trouble: `${slow} degraded`, severity: 'warning' };
  const connecting = count('connecting');
  return connecting > 0
    ? { trouble: `${connecting} connecting`, severity: 'warning' }
    : { trouble: '', severity: 'none' };
}

export interface WaitWords {
  readonly lead: string;
  readonly detail: string;
}

/** Before the service has said anything, nothing is known of a run. */
export const connectingWords: WaitWords = { lead: 'Connecting', detail: 'what runs is not known yet' };

/** The answer to "who or what is it waiting for?", in words. */
export function waitWords(view: RunView | null, now: number): WaitWords {
  if (view === null) return { lead: 'Nothing to wait for', detail: 'no run is open' };
  if (view.endedAt !== null) return endWords(view);
  if (isOpening(view)) return { lead: 'Starting', detail: 'getting ready' };
  const seat = seatWaitWords(view, now);
  if (seat !== null) return seat;
  const asking = askingWords(view);
  if (asking !== null) return asking;
  const { wait } = view;
  if (wait === null) {
    const here = view.participants.filter((participant) => participant.left === null).length;
    const detail = here === 0 ? 'nobody is here yet' : `${formatNames(view.participants.map((one) => one.id))} here`;
    return { lead: 'Waiting for participants', detail };
  }
  const waiting = wait.waitingFor.length;
  const of = wait.selected.length;
  const names = isParticipantSeat(view) ? waitedNames(view) : formatNames(wait.waitingFor);
  const next = nextWords(view);
  const then = next === '' ? '' : ` · ${next}`;
  if (waiting === 0 || wait.phase === 'aggregating' || wait.phase === 'closing')
    return workWords(wait.phase, wait.phase === 'aggregating' ? wait.reported.length : of, then);
  const left = timeLeft(view, now);
  const what = wait.phase === 'training' ? 'update' : wait.phase === 'evaluating' ? 'result' : 'participant';
  const total = wait.phase === 'registering' ? Math.max(of, waiting + wait.reported.length) : of;
  return { lead: `Waiting for ${waiting} of ${total} ${plural(total, what)}${left}`, detail: `${names}${then}` };
}

/** Somebody waits for a word of this window's user, and for nothing else. */
function askingWords(view: RunView): WaitWords | null {
  const [first, ...more] = view.asking;
  if (first === undefined || isParticipantSeat(view)) return null;
  const others = more.length === 0 ? 'asks' : `and ${more.length} more ask`;
  return { lead: `${first.participant} ${others} to be let in`, detail: 'Coordinate has the question' };
}

/** While all goes well: what happens when the last one is in. What the deadline would do is news once something is wrong. */
function nextWords(view: RunView): string {
  const { wait } = view;
  if (wait === null) return '';
  if (openVerdicts(view).length > 0) return wait.nextAction;
  if (wait.phase === 'distributing') return 'then they train';
  if (wait.phase === 'training') return 'then they are averaged';
  if (wait.phase === 'evaluating')
    return view.round < view.roundsPlanned ? `then round ${view.round + 1}` : 'then the run is complete';
  return wait.nextAction;
}

function workWords(phase: RunView['phase'], participants: number, then: string): WaitWords {
  const leads: Readonly<Record<RunView['phase'], string>> = {
    registering: 'Waiting for participants',
    distributing: `Sending the model to ${participants}`,
    training: 'All updates are in',
    aggregating: `Averaging ${counted(participants, 'update')}`,
    evaluating: 'All results are in',
    closing: 'Closing the round',
  };
  return { lead: leads[phase], detail: then.replace(/^ · /, '') };
}

/** An estimate where earlier rounds allow one and it has not been overrun; else the deadline, which always holds. */
function timeLeft(view: RunView, now: number): string {
  const deadlineAt = view.wait?.deadlineAt ?? 0;
  const leftMs = updatesLeftMs(view, now);
  if (leftMs !== null && leftMs > 500) return `, about ${formatSeconds(leftMs)}`;
  return deadlineAt > now ? `, ${formatSeconds(deadlineAt - now)} at most` : '';
}

function endWords(view: RunView): WaitWords {
  const took = formatDuration(roundsTookMs(view));
  const done = view.rounds.filter((round) => round.state === 'done').length;
  const accuracy = view.rounds.findLast((round) => round.accuracy !== null)?.accuracy ?? null;
  const figures = `${counted(done, 'round')} in ${took}${accuracy === null ? '' : `, accuracy ${formatPercent(accuracy)}`}`;
  if (isParticipantSeat(view) && view.left) {
    const { text, why } = endHead(view);
    // What is known of a run that goes on takes the whole line; its figures are of rounds up to here alone.
    return { lead: text, detail: why };
  }
  switch (view.status) {
    case 'completed':
      return { lead: 'Run completed', detail: figures };
    case 'stalled': {
      const missing = formatNames(view.wait?.waitingFor ?? []);
      return {
        lead: missing === '' ? 'Run ended, stalled' : `Run ended, stalled: ${missing}`,
        detail: view.endReason || figures,
      };
    }
    case 'failed':
      return { lead: 'Run failed', detail: view.endReason || figures };
    default:
      if (isParticipantSeat(view)) {
        const { text, why } = endHead(view);
        return { lead: text, detail: [why, figures].filter((words) => words !== '').join(' · ') };
      }
      return { lead: 'Run stopped', detail: `${figures}${view.endReason === '' ? '' : ` · ${view.endReason}`}` };
  }
}

/** `up 0.8 points`; what is not seen at this precision is no change. */
export function changeWords(points: number): string {
  const [sign, ...figure] = formatSigned(points, 1);
  return sign === '±' ? 'unchanged' : `${sign === '+' ? 'up' : 'down'} ${figure.join('')} points`;
}
