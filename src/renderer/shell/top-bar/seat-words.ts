import { formatDuration, formatNames, formatSeconds, formatSilence } from '#renderer/components/words/format.ts';
import { carriersOf, nextCarrier, seatLink, unsentRound } from '#renderer/session/run/seat-link.ts';
import type { Attempt, SeatLink, Silence } from '#renderer/session/run/seat-link.ts';
import { keyWords } from '#shared/base/text/key-words.ts';
import { counted } from '#shared/base/text/counted.ts';
import { isOpen } from '#shared/contract/link-events.ts';
import { carrierOf } from '#shared/contract/protocols.ts';
import { coordinatorEndReason, goesOnWords, leftWords, processEndWords } from '#shared/run-view/end-words.ts';
import { ownParticipant } from '#shared/run-view/seat.ts';
import type { AskingView, RunView } from '#shared/run-view/run-view.ts';

export interface Words {
  readonly lead: string;
  readonly detail: string;
}

/** Whom a participant waits for where that is not simply what the coordinator said last; null where it is. */
export function seatWaitWords(view: RunView, now: number): Words | null {
  const link = seatLink(view, now);
  if (link === null) return null;
  if (link.kind === 'joining') return joiningWords(view, link, now);
  if (link.kind === 'silent') return silentWords(view, link, now);
  if (link.kind === 'closing') return closingWords;
  if (link.kind === 'still') return stillWords(link.at, now);
  if (link.kind === 'restarting') return restartingWords(link.note);
  const asks = view.asking.find(({ participant }) => participant === view.self);
  if (asks !== undefined) return letInWords(asks);
  const own = ownParticipant(view);
  const { wait } = view;
  if (wait === null) return { lead: 'Waiting for the first round', detail: `joined ${view.name} as ${view.self}` };
  if (own?.paused == null || wait.phase !== 'training' || !wait.waitingFor.some((id) => id === own.id)) return null;
  const closesMs = wait.deadlineAt - now;
  return {
    lead: `Waiting for ${wait.waitingFor.length} of ${counted(wait.selected.length, 'update')}, one is yours`,
    detail: `${waitedNames(view)}, paused${closesMs > 0 ? ` · closes in ${formatSeconds(closesMs)} at most` : ''}`,
  };
}

/** Whoever coordinates decides; what is compared there is the key. */
function letInWords({ participant, key }: AskingView): Words {
  return {
    lead: 'Waiting for the coordinator to let you in',
    detail: `tell it your name, ${participant}, and the words of your key, ${keyWords(key)}`,
  };
}

/** Whatever the round does meanwhile is not heard. */
function stillWords(since: number, now: number): Words {
  return {
    lead: `This node stands still, ${formatSilence(now - since)}`,
    detail: 'where the round is cannot be known until it goes on',
  };
}

/** Its own process died; the run is not over with that. */
export function restartingWords(note: string): Words {
  return { lead: processEndWords(note), detail: 'it is being started again' };
}

/** Between the link's end and the run's, which its process tells next. */
export const closingWords: Words = { lead: 'The link is closed', detail: 'the run is about to end here' };

export function joiningWords(view: RunView, link: Extract<SeatLink, { kind: 'joining' }>, now: number): Words {
  const { attempt, since } = link;
  const host = attempt?.address.replace(/:\d+$/, '') ?? '';
  const lead = `Joining ${view.name}${host === '' ? '' : ` at ${host}`}`;
  const spent = formatSeconds(now - since);
  if (attempt === null) return { lead, detail: `getting ready, ${spent}` };
  const way = carrierOf(attempt.stack);
  const tries = attempt.number > 1 ? `, try ${attempt.number}` : '';
  if (attempt.result === 'trying' || attempt.result === 'connected')
    return { lead, detail: `dialing over ${way}, ${spent}${tries}` };
  const why = attempt.reason === '' ? 'no answer' : attempt.reason;
  const nextMs = attempt.nextAt - now;
  return {
    lead,
    detail: `${why} over ${way}${nextMs > 0 ? `; next try in ${formatSeconds(nextMs)}` : ''}, ${spent}${tries}`,
  };
}

function silentWords(view: RunView, silence: Silence, now: number): Words {
  const last = silence.attempts.at(-1);
  const way = nextCarrier(silence.attempts);
  const nextMs = silence.nextAt - now;
  const next =
    last === undefined
      ? `the link is ${quietWords(view)}`
      : last.result === 'trying'
        ? `dialing over ${carrierOf(last.stack)}`
        : nextMs > 500
          ? `next try${way === null ? '' : ` over ${way}`} in ${formatSeconds(nextMs)}`
          : 'next try now';
  const kept = unsentRound(view) === null ? '' : ' · your update is kept';
  return {
    lead: `Waiting for the coordinator, ${formatSilence(now - silence.heardAt)}`,
    detail: `${next}${kept}`,
  };
}

/** `lab-1, lab-3 and this node`. */
export function waitedNames(view: RunView): string {
  const ids = view.wait?.waitingFor ?? [];
  const others = ids.filter((id) => id !== view.self);
  if (others.length === ids.length) return formatNames(ids);
  return others.length === 0 ? 'this node' : `${formatNames(others)} and this node`;
}

/** The state of a link over which nothing comes, before the first try to open another. */
export function quietWords(view: RunView): string {
  const state = ownParticipant(view)?.link.state;
  return state !== undefined && isOpen(state) ? 'open, and nothing comes over it' : 'lost, about to dial again';
}

/** `9 times over UDP and TCP`. */
export function triedWords(attempts: readonly Attempt[]): string {
  return `${attempts.length === 1 ? 'once' : `${attempts.length} times`} over ${carriersOf(attempts)}`;
}

/** Until when going on still counts, and whether anybody is held up. */
export function pauseWords(
  view: RunView,
  until: number | null,
  now: number,
): { readonly until: string; readonly others: string } {
  const round = view.rounds.at(-1);
  const { wait } = view;
  if (round === undefined || round.endedAt !== null)
    return { until: 'Resume to take part in the next round', others: '' };
  const leftMs = until === null ? 0 : until - now;
  const text =
    leftMs > 0
      ? `Resume within ${formatSeconds(leftMs)} and round ${round.round} still counts; later, from round ${round.round + 1}`
      : isAtWork(view, round.round)
        ? `Round ${round.round} does not wait for this node; resumed in time, its update still counts`
        : `Round ${round.round} goes on without this node; a resume counts from round ${round.round + 1}`;
  const missing = wait === null || wait.phase !== 'training' ? 0 : wait.selected.length - 1 - wait.quorum;
  const others =
    wait === null || wait.phase !== 'training' || until === null
      ? ''
      : missing >= 0
        ? `${wait.quorum} of ${wait.selected.length} are enough, nobody is held up`
        : 'the round needs every update: the others may wait for this node';
  return { until: text, others };
}

/** Its training of this round was begun and is not done. */
function isAtWork(view: RunView, round: number): boolean {
  return (
    view.phase === 'training' && view.contributions.some((one) => one.round === round && one.outcome === 'training')
  );
}

/** How a run ended, in words that are true from a participant's chair. */
export function endHead(view: RunView): { readonly text: string; readonly why: string; readonly good: boolean } {
  const why = view.endReason;
  if (view.left) return { text: leftWords(view), why: goesOnWords, good: view.status === 'interrupted' };
  switch (view.status) {
    case 'completed':
      return {
        text: `Run completed, you were in it for ${formatDuration((view.endedAt ?? view.startedAt) - view.startedAt)}`,
        why,
        good: true,
      };
    case 'interrupted':
      return { text: 'The coordinator ended the run', why: coordinatorEndReason(view.endReason), good: false };
    case 'stalled':
      return { text: 'The coordinator ended the run: it stalled', why, good: false };
    case 'unreachable':
      return { text: 'Given up: the coordinator did not answer', why, good: false };
    default:
      return { text: 'The run failed', why, good: false };
  }
}
