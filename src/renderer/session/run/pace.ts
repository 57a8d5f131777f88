import type { ParticipantPhase } from '#shared/contract/events.ts';
import { isHere } from '#shared/run-view/apply/apply-process.ts';
import { roundTookMs } from '#shared/run-view/took.ts';
import type { ParticipantView, RoundView, RunView } from '#shared/run-view/run-view.ts';

/** Rounds that a median looks back on: enough to be steady, few enough to follow a change of pace. */
const roundsLookedAt = 5;

export function median(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] as number;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2;
}

/** How long rounds and their parts usually take, from the rounds that are done. */
export interface Pace {
  readonly roundMs: number | null;
  /** From the start of a round to its last update, and to the end of its aggregation. */
  readonly updatesMs: number | null;
  readonly aggregatedMs: number | null;
}

export function paceOf(rounds: readonly RoundView[]): Pace {
  const done = rounds.filter((round) => round.endedAt !== null && round.state === 'done').slice(-roundsLookedAt);
  const lasts = done.flatMap((round) => {
    const counted = round.updates.filter((update) => update.counted);
    return counted.length === 0 ? [] : [Math.max(...counted.map((update) => update.at)) - round.startedAt];
  });
  return {
    roundMs: median(done.map((round) => roundTookMs(round, round.endedAt as number))),
    updatesMs: median(lasts),
    aggregatedMs: median(
      done.flatMap((round) => (round.aggregatedAt === null ? [] : [round.aggregatedAt - round.startedAt])),
    ),
  };
}

/** A step of a participant's round. Receiving happens twice, for training and for evaluation, so it is counted. */
export interface Step {
  readonly phase: ParticipantPhase;
  readonly durationMs: number;
}

/** The steps that a participant usually takes in a round, with the median time of each; empty before the first round is done. */
export function usualSteps(participant: ParticipantView, currentRound: number): readonly Step[] {
  const byRound = new Map<number, Step[]>();
  for (const segment of participant.segments) {
    if (segment.round >= currentRound || segment.round < currentRound - roundsLookedAt || segment.endedAt === null)
      continue;
    const steps = byRound.get(segment.round) ?? [];
    steps.push({ phase: segment.phase, durationMs: segment.endedAt - segment.startedAt });
    byRound.set(segment.round, steps);
  }
  const alike = new Map<string, Step[][]>();
  for (const [, steps] of [...byRound].sort(([a], [b]) => b - a)) {
    const shape = steps.map(({ phase }) => phase).join(' ');
    alike.set(shape, [...(alike.get(shape) ?? []), steps]);
  }
  // The shape that most rounds have, of equals the newest: a round in which a link was down has another, and says nothing.
  const usual = [...alike.values()].reduce((most, rounds) => (rounds.length > most.length ? rounds : most), []);
  const [newest = []] = usual;
  return newest.map(({ phase, durationMs }, i) => ({
    phase,
    durationMs: median(usual.map((steps) => steps[i]?.durationMs ?? 0)) ?? durationMs,
  }));
}

/** What is left of the training of a participant: from its own batches where known, else from its median. */
export function trainingLeftMs(participant: ParticipantView, now: number): number | null {
  if (participant.phase !== 'train') return null;
  const { progress } = participant;
  const spent = now - participant.phaseSince;
  if (progress !== null && progress.round === participant.phaseRound) {
    const { done, total } = stepsOf(progress);
    const share = Math.min(1, done / total);
    if (share > 0.05)
      return Math.max(0, ((progress.at - participant.phaseSince) / share) * (1 - share) - (now - progress.at));
  }
  const usual = usualSteps(participant, participant.phaseRound).find((step) => step.phase === 'train');
  return usual === undefined ? null : Math.max(0, usual.durationMs - spent);
}

/** Batches of a local training over all its epochs; epochs count from 1, batches within an epoch. */
export function stepsOf(progress: NonNullable<ParticipantView['progress']>): {
  readonly done: number;
  readonly total: number;
} {
  const { epoch, epochs, batch, batches } = progress;
  return { done: Math.max(0, epoch - 1) * batches + batch, total: Math.max(1, epochs * batches) };
}

/** The participant whose training will last longest, as far as can be told; nobody trains who is gone. */
export function slowestOf(
  view: RunView,
  now: number,
): { readonly participant: ParticipantView; readonly leftMs: number } | null {
  let slowest: { participant: ParticipantView; leftMs: number } | null = null;
  for (const participant of view.participants.filter(isHere)) {
    const leftMs = trainingLeftMs(participant, now);
    if (leftMs !== null && (slowest === null || leftMs > slowest.leftMs)) slowest = { participant, leftMs };
  }
  return slowest;
}

/**
 * How long until all updates are in: the one estimate that every place of the window shows. From who trains longest and
 * what its sending usually takes; else from earlier rounds; null where neither can tell, it has been overrun, or it
 * lies behind the deadline.
 */
export function updatesLeftMs(view: RunView, now: number): number | null {
  const round = view.rounds.at(-1);
  if (round === undefined || round.endedAt !== null || view.phase !== 'training') return null;
  const slowest = slowestOf(view, now);
  if (slowest !== null) {
    const { participant, leftMs } = slowest;
    const send = usualSteps(participant, round.round).find(({ phase }) => phase === 'send');
    const allMs = leftMs + (send?.durationMs ?? 0);
    // After a sleep the pace so far says more than the round will last.
    return round.deadlineAt > now && now + allMs > round.deadlineAt ? null : allMs;
  }
  const usual = paceOf(view.rounds).updatesMs;
  const leftMs = usual === null ? 0 : round.startedAt + usual - now;
  return leftMs > 0 ? leftMs : null;
}
