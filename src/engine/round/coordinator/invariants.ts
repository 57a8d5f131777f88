import { violated } from '#shared/base/invariant.ts';
import type { CoordinatorEffect, CoordinatorState, Member } from './state.ts';
import type { Instant, Step } from '../machine.ts';
import { roundWait } from './phases/round-wait.ts';

type CoordinatorStep = Step<CoordinatorState, CoordinatorEffect>;

/**
 * What holds after every step of the coordinator, whatever came in. Tables are looked through only where the step has made
 * new ones, so that most steps cost some comparisons.
 * @param before null: the first step
 * @throws InvariantError
 */
export function checkCoordinator(before: CoordinatorState | null, step: CoordinatorStep, now: Instant): void {
  const { state, wakeAtMs, effects } = step;
  checkRounds(before, state);
  checkTime(state, wakeAtMs, now);
  checkEnd(before, step);
  const sameRound = before?.round === state.round && before.phase === state.phase;
  if (before !== null && sameRound && before.members === state.members && before.participants === state.participants)
    return;
  checkTables(state);
  if (before !== null && before.round === state.round) checkContributions(before, state);
  checkQuorum(state);
  for (const effect of effects) if (effect.kind === 'aggregate') checkAggregate(effect);
}

function checkRounds(before: CoordinatorState | null, state: CoordinatorState): void {
  const { round, roundsCompleted, config } = state;
  if (round > config.settings.rounds) violated(`round ${round} of ${config.settings.rounds}`);
  if (roundsCompleted > round) violated(`${roundsCompleted} rounds completed in round ${round}`);
  if (before === null) return;
  if (round < before.round) violated(`round ${round} after round ${before.round}`);
  if (round > before.round + 1) violated(`round ${round} follows round ${before.round}`);
  if (roundsCompleted < before.roundsCompleted) violated('a completed round is not completed any more');
}

function checkTime({ phase, deadlineMs, outcome }: CoordinatorState, wakeAtMs: number, now: Instant): void {
  if (outcome !== null) return;
  if (phase === 'closing') violated('a round is closing between two steps');
  if (Number.isNaN(deadlineMs) || deadlineMs <= now.monotonicMs) violated(`${phase} goes on after its deadline`);
  if (wakeAtMs > deadlineMs) violated(`nobody wakes the coordinator at the deadline of ${phase}`);
}

function checkEnd(before: CoordinatorState | null, { state, effects }: CoordinatorStep): void {
  const ends = effects.reduce((sum, { kind }) => sum + (kind === 'end' ? 1 : 0), 0);
  if (before !== null && before.outcome !== null) {
    if (state.outcome !== before.outcome || ends > 0) violated('the run ends twice');
  } else if ((state.outcome === null ? 0 : 1) !== ends) violated('the run is over and nobody is told');
}

function checkTables(state: CoordinatorState): void {
  const { participants, members, phase, config } = state;
  // Who has left stays until its round is over, and its name may be taken by another.
  if (participants.size > 2 * config.participantsMax) violated(`${participants.size} participants`);
  let last = '';
  for (const id of members.keys()) {
    if (id <= last) violated(`${id} stands after ${last} in its round`);
    last = id;
    if (!participants.has(id)) violated(`${id} takes part in round ${state.round} and is not registered`);
  }
  if (phase === 'aggregating' && ![...members.values()].some(counts)) violated('an average of nothing');
}

/** One update of a participant counts in a round, and what counts stays, unless its sender was sent away. */
function checkContributions(before: CoordinatorState, { members, round, admission }: CoordinatorState): void {
  if (before.members === members) return;
  for (const { id, key, contribution } of before.members.values()) {
    if (contribution === null) continue;
    const now = members.get(id)?.contribution ?? null;
    if (now === null && admission.expelled.some((one) => one.key === key)) continue;
    if (now === null) violated(`the update of ${id} in round ${round} does not count any more`);
    if (now.hash !== contribution.hash) violated(`two updates of ${id} count in round ${round}`);
  }
}

function checkQuorum(state: CoordinatorState): void {
  const { phase } = state;
  if (phase !== 'distributing' && phase !== 'training' && phase !== 'evaluating') return;
  const { waitingFor, reported, quorum } = roundWait(state);
  const canCount = waitingFor.length + reported.length;
  if (quorum < 1 || (canCount > 0 && quorum > canCount)) violated(`a quorum of ${quorum} of ${canCount}`);
  const waited = new Set(waitingFor);
  for (const id of reported) if (waited.has(id)) violated(`${id} has reported and is waited for`);
}

/** The order of contributions fixes the order of the sum. */
function checkAggregate({ contributions, round }: Extract<CoordinatorEffect, { kind: 'aggregate' }>): void {
  if (contributions.length === 0) violated(`round ${round} averages nothing`);
  let last = '';
  for (const { participant, examples } of contributions) {
    if (participant <= last) violated(`the update of ${participant} is averaged after that of ${last}`);
    if (!Number.isSafeInteger(examples) || examples < 1) violated(`an update of ${examples} examples`);
    last = participant;
  }
}

function counts({ contribution }: Member): boolean {
  return contribution !== null;
}
