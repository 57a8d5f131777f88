import type { CoordinatorDraft } from './draft.ts';
import { statusIntervalMs, whyIntervalMs, type CoordinatorState } from './state.ts';
import { roundWait, type RoundWait } from './phases/round-wait.ts';
import { waitReasons } from './phases/wait-reason.ts';

/**
 * Says who is waited for, until when and what happens then: as event and to everybody whenever that changes, and as event
 * alone when only the reasons do. Changes that follow each other closely are told together, a new phase is told at once.
 */
export function publishStatus(draft: CoordinatorDraft): void {
  const { s, now } = draft;
  if (s.outcome !== null) return;
  const sinceMs = now.monotonicMs - s.status.atMs;
  const newPhase = s.status.phase !== s.phase || s.status.round !== s.round;
  const changed = s.status.stale && (newPhase || sinceMs >= statusIntervalMs);
  const refresh = now.monotonicMs - s.status.whyAtMs >= whyIntervalMs;
  if (!changed && !refresh) return;
  const why = waitReasons(draft);
  const text = JSON.stringify(why);
  const told = changed || text !== s.status.why;
  s.status = {
    stale: changed ? false : s.status.stale,
    phase: changed ? s.phase : s.status.phase,
    round: changed ? s.round : s.status.round,
    atMs: changed ? now.monotonicMs : s.status.atMs,
    whyAtMs: now.monotonicMs,
    why: text,
  };
  if (!told) return;
  const wait = roundWait(s);
  const body = {
    phase: s.phase,
    waitingFor: [...wait.waitingFor],
    reported: [...wait.reported],
    selected: [...wait.selected],
    quorum: wait.quorum,
    deadlineAt: draft.wallOf(s.deadlineMs),
    nextAction: nextAction(s, wait),
  };
  draft.report('round_status', { round: s.round, ...body, why });
  if (changed) draft.sendAll({ kind: 'round_status', round: s.round, body });
}

/** Monotonic ms at which there is something to say even if nothing comes in. */
export function statusWakeAtMs(state: CoordinatorState): number {
  const refreshAtMs = state.status.whyAtMs + whyIntervalMs;
  return state.status.stale ? Math.min(refreshAtMs, state.status.atMs + statusIntervalMs) : refreshAtMs;
}

/** What the coordinator does by itself at the deadline. */
function nextAction(state: CoordinatorState, wait: RoundWait): string {
  const { phase, round, config } = state;
  const enough = wait.reported.length >= wait.quorum;
  const without =
    wait.waitingFor.length === 0
      ? ''
      : ` without ${wait.waitingFor.length === 1 ? wait.waitingFor[0] : `${wait.waitingFor.length} participants`}`;
  const missing = wait.quorum - wait.reported.length;
  if (state.ending !== null) return 'the run ends as soon as everybody is back to hear it';
  if (state.deadlineMs === Infinity) return waitsForPaused(state);
  switch (phase) {
    case 'registering':
      return round === 0
        ? `starts when ${count(wait.quorum, 'participant')} ${wait.quorum === 1 ? 'is' : 'are'} here (${wait.reported.length} so far${waitToEnter(state)})`
        : 'needs a participant to come back, or the run stops';
    case 'distributing':
    case 'training':
      return enough
        ? `averages ${count(wait.reported.length, 'update')}${without}`
        : `needs ${count(missing, 'more update')}, or the run stops`;
    case 'aggregating':
      return 'then the new model is evaluated';
    case 'evaluating': {
      const next = round >= config.settings.rounds ? 'the run completes' : `round ${round + 1} starts`;
      return enough ? `${next}${without}` : `needs ${count(missing, 'more evaluation')}, or the run stops`;
    }
    case 'closing':
      return 'the round ends';
  }
}

function waitsForPaused({ participants }: CoordinatorState): string {
  const names = [...participants.values()].flatMap(({ id, paused, left }) => (paused && left === null ? [id] : []));
  if (names.length === 1) return `the run waits until ${names[0] ?? ''} goes on: it pauses`;
  return `the run waits until one of ${names.length} participants goes on: they pause`;
}

function waitToEnter({ asking }: CoordinatorState): string {
  if (asking.size === 0) return '';
  return `; ${asking.size} ${asking.size === 1 ? 'waits' : 'wait'} to be let in`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
