import type { EventOf } from '#shared/contract/events.ts';
import { macroF1 } from '#shared/contract/run/confusion.ts';
import type { RoundPhase } from '#shared/contract/messages.ts';
import { coordinatorId } from '#shared/contract/ids.ts';
import { limits } from '#shared/contract/limits.ts';
import { enterPhase } from './apply-participant.ts';
import { append, patch, type Handlers } from '../fold.ts';
import type { RoundView, RunView, UpdateView } from '../run-view.ts';
import { isParticipantSeat } from '../seat.ts';

/** Events of the coordinator's round machine. */
export const applyRound = {
  round_started: (view, event) => {
    const told = view.rounds.find(({ round, endedAt }) => round === event.data.round && endedAt === null);
    // A participant whose process was started again in the middle of a round is told of it again: it goes on.
    const goesOn = told !== undefined && isParticipantSeat(view) ? told : {};
    const round: RoundView = {
      round: event.data.round,
      state: 'distributing',
      startedAt: event.at,
      endedAt: null,
      deadlineAt: 0,
      selected: event.data.selected,
      updates: [],
      bytesDown: isParticipantSeat(view) ? null : 0,
      arrivals: [],
      evaluations: [],
      missing: [],
      contributors: null,
      loss: null,
      accuracy: null,
      macroF1: null,
      confusion: null,
      modelBefore: event.data.modelHash,
      modelAfter: '',
      aggregatedAt: null,
      aggregationMs: 0,
      stepNorm: null,
      durationMs: null,
      phases: [],
      ...goesOn,
    };
    // Rounds follow one another: one of whose end nobody told, as to a machine that slept, was over by now.
    const known = withoutOldMatrices(view.rounds)
      .filter((other) => other.round !== round.round)
      .map((other) => (other.endedAt === null ? { ...other, endedAt: event.at } : other));
    const rounds = append(known, round, limits.viewRoundsMax);
    const selected = new Set<string>(event.data.selected);
    return {
      ...view,
      rounds: rounds.items,
      dropped: view.dropped + rounds.dropped,
      round: round.round,
      // Rounds follow one another: whoever comes in the middle is told of none before.
      roundsCompleted: Math.max(view.roundsCompleted, round.round - 1),
      participants: view.participants.map((participant) =>
        participant.selected === selected.has(participant.id)
          ? participant
          : { ...participant, selected: selected.has(participant.id) },
      ),
    };
  },
  round_phase: (view, event) => ({
    ...patchRound(view, event.data.round, (round) => ({
      state: event.data.phase,
      deadlineAt: event.data.deadlineAt,
      phases: [...round.phases, { phase: event.data.phase, at: event.at }],
    })),
    round: event.data.round,
    phase: event.data.phase,
  }),
  round_status: (view, event) => {
    const reasons = new Map(event.data.why.map((entry) => [entry.participant as string, entry.reason]));
    return {
      ...patchRound(view, event.data.round, (round) => ({
        // Who was away when the round began may be asked later.
        selected: event.data.selected.length > round.selected.length ? event.data.selected : round.selected,
        deadlineAt: event.data.deadlineAt,
        arrivals: withArrivals(round, event),
      })),
      wait: event.data,
      round: event.data.round,
      phase: event.data.phase,
      participants: view.participants.map((participant) => {
        const waitReason = reasons.get(participant.id) ?? '';
        return waitReason === participant.waitReason ? participant : { ...participant, waitReason };
      }),
    };
  },
  round_ended: (view, event) => ({
    ...patchRound(withTotals(view, event), event.data.round, ({ startedAt }) => ({
      state: 'done' satisfies RoundPhase | 'done',
      endedAt: Math.max(startedAt, event.at),
      loss: event.data.loss,
      accuracy: event.data.accuracy,
      confusion: event.data.confusion ?? null,
      macroF1: event.data.confusion === undefined ? null : macroF1(event.data.confusion.cells),
      missing: event.data.missing,
      contributors: event.data.contributions,
      modelBefore: event.data.modelBefore,
      modelAfter: event.data.modelAfter,
      durationMs: event.data.durationMs,
    })),
  }),
  aggregated: (view, event) =>
    patchRound(view, event.data.round, () => ({
      aggregatedAt: event.at,
      aggregationMs: event.data.durationMs,
      modelAfter: event.data.modelHash,
      stepNorm: event.data.stepNorm,
    })),
  update_received: (view, event) => {
    const next = patchRound(view, event.data.round, (round) => ({
      // A participant counts once a round, so refused and repeated copies stay few; keep the list bounded all the same.
      updates: append(round.updates, updateOf(event), limits.participantsMax * 2).items,
    }));
    if (!event.data.counted) return next;
    return {
      ...next,
      participants: patch(next.participants, event.data.participant, (participant) => ({
        counted: (participant.counted ?? 0) + 1,
        lastProgressAt: event.at,
        // It has arrived: whether its sender ever hears that or not, sending is over.
        ...(participant.phase === 'send' && participant.phaseRound === event.data.round
          ? enterPhase(participant, 'wait', event.data.round, event.at)
          : {}),
      })),
    };
  },
  updates_weighed: (view, event) => {
    const weighed = new Map(event.data.updates.map((update) => [update.participant as string, update]));
    return patchRound(view, event.data.round, (round) => ({
      updates: round.updates.map((update) => {
        const told = update.counted ? weighed.get(update.participant) : undefined;
        if (told === undefined) return update;
        const { share, clipped, norm, cosine, agreement } = told;
        return { ...update, share, clipped, norm, cosine, agreement };
      }),
    }));
  },
  evaluation_received: (view, event) =>
    patchRound(view, event.data.round, (round) => ({
      evaluations: append(
        round.evaluations,
        { ...event.data, claimed: event.data.claimed ?? event.data.examples, share: null, at: event.at },
        limits.participantsMax,
      ).items,
    })),
  evaluations_weighed: (view, event) => {
    const shares = new Map(event.data.evaluations.map(({ participant, share }) => [participant as string, share]));
    return patchRound(view, event.data.round, (round) => ({
      evaluations: round.evaluations.map((one) => ({ ...one, share: shares.get(one.participant) ?? null })),
    }));
  },
} satisfies Handlers;

/** Rounds of which the matrices are kept: thousands of them would be most of a view. */
const matricesKept = 16;

function withoutOldMatrices(rounds: readonly RoundView[]): readonly RoundView[] {
  const old = rounds.at(-matricesKept);
  if (old === undefined) return rounds;
  const evaluations = old.evaluations.map(({ confusion: _confusion, ...one }) => one);
  return rounds.with(rounds.length - matricesKept, { ...old, confusion: null, evaluations });
}

function updateOf({ data, at }: EventOf<'update_received'>): UpdateView {
  return {
    ...data,
    claimed: data.claimed ?? data.examples,
    acknowledged: false,
    share: null,
    clipped: null,
    agreement: null,
    at,
  };
}

/** Reports of the other phases are about something else than updates. */
function withArrivals({ arrivals }: RoundView, { data, at }: EventOf<'round_status'>): RoundView['arrivals'] {
  if (data.phase !== 'training' && data.phase !== 'aggregating') return arrivals;
  const fresh = data.reported.filter((id) => arrivals.every(({ participant }) => participant !== id));
  return fresh.length === 0 ? arrivals : [...arrivals, ...fresh.map((participant) => ({ participant, at }))];
}

/** A round that ended is counted once, however often that is told. */
function withTotals(view: RunView, { data }: EventOf<'round_ended'>): RunView {
  if (isOver(view, data.round)) return view;
  return {
    ...view,
    roundsCompleted: Math.max(view.roundsCompleted, data.round),
    roundsMs: view.roundsMs + data.durationMs,
    roundsTold: view.roundsTold + 1,
  };
}

/** Whether the end of this round has been told. */
export function isOver(view: RunView, number: number): boolean {
  return view.rounds.findLast(({ round }) => round === number)?.state === 'done';
}

/** Both ends tell of a transfer: the sender's word counts, at its end. */
export function applyDown(view: RunView, { source, data }: EventOf<'transfer_progress'>): RunView {
  if (source !== coordinatorId || data.direction !== 'down' || data.sentBytes < data.totalBytes) return view;
  return patchRound(view, data.round, ({ bytesDown }) => ({
    bytesDown: bytesDown === null ? null : bytesDown + data.totalBytes,
  }));
}

function patchRound(view: RunView, number: number, change: (round: RoundView) => Partial<RoundView>): RunView {
  const index = view.rounds.findLastIndex((round) => round.round === number);
  const round = view.rounds[index];
  return round === undefined ? view : { ...view, rounds: view.rounds.with(index, { ...round, ...change(round) }) };
}
