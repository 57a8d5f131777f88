import type { Hash } from '#shared/contract/ids.ts';
import type { RoundPhase } from '#shared/contract/messages.ts';
import type { ParameterSet } from '#shared/tensor/parameter-set.ts';
import type { CoordinatorDraft } from './draft.ts';
import type { CoordinatorState, Member, ParticipantRecord } from './state.ts';
import type { Instant, RunOutcome } from '../machine.ts';
import type { JournaledMember, JournaledParticipant, JournaledRun } from './run-journal.ts';

/** What a coordinator starts with that goes on with a run, its own former life's or another's. */
export interface RestoredRun {
  readonly memory: JournaledRun;
  /** The updates that were counted in the round under way, by content hash. One that is missing is asked for again. */
  readonly updates: ReadonlyMap<Hash, ParameterSet>;
}

/** Who took part when the coordinator died is waited for this long before a round starts without: re-dials pause up to 10 s. */
export const returnMs = 25_000;

type RestoredState = Pick<
  CoordinatorState,
  | 'round'
  | 'participants'
  | 'members'
  | 'modelBefore'
  | 'model'
  | 'ends'
  | 'admission'
  | 'roundsCompleted'
  | 'loss'
  | 'accuracy'
  | 'restartedMs'
  | 'roundSinceMs'
  | 'ending'
>;

/** The part of a coordinator's state that memory gives back: nobody has a link yet, nothing was delivered. */
export function restoredState({ memory, updates }: RestoredRun, rounds: number, now: Instant): RestoredState {
  const nowMs = now.monotonicMs;
  const { round, stage, model, modelBefore, roundsCompleted, loss, accuracy } = memory;
  const lost = new Set(
    stage === 'training'
      ? memory.members.flatMap(({ id, contribution }) =>
          contribution !== null && !updates.has(contribution.hash) ? [id] : [],
        )
      : [],
  );
  const participants = memory.participants.map((one) => participantOf(one, lost.has(one.id), memory));
  const members = memory.members.map((member) => memberOf(member, lost.has(member.id), { memory, updates, nowMs }));
  return {
    // Between rounds the machine stands in the one that is due.
    round: stage === 'between' && round > 0 ? Math.min(round + 1, rounds) : round,
    participants: new Map(participants.map((one) => [one.id, one])),
    members: new Map(members.map((member) => [member.id, member])),
    model,
    modelBefore,
    ends: endsOf(memory),
    admission: memory.admission,
    roundsCompleted,
    loss,
    accuracy,
    restartedMs: nowMs,
    // Monotonic time begins again with each machine and often with each process; a clock set back must not shorten a round.
    roundSinceMs: nowMs - Math.max(0, now.wallMs - (memory.roundStartedAt ?? now.wallMs)),
    ending: endingOf(memory, rounds),
  };
}

/** How the run had ended already, or would have in the next moment: all that is left is to tell everybody. */
function endingOf(memory: JournaledRun, rounds: number): RunOutcome | null {
  if (memory.ended !== null) return memory.ended;
  const { stage, roundsCompleted, loss, accuracy } = memory;
  if (stage !== 'between' || roundsCompleted < rounds) return null;
  return { status: 'completed', reason: completedReason(rounds), roundsCompleted, loss, accuracy };
}

export function completedReason(rounds: number): string {
  return rounds === 1 ? 'the round is done' : `all ${rounds} rounds are done`;
}

/** Whether everybody had heard of the last one before the former process died is not known: it is told again. */
function endsOf({ last }: JournaledRun): CoordinatorState['ends'] {
  if (last === null) return [];
  const { round, ...body } = last;
  return [{ round, body, weights: new Map() }];
}

function participantOf(one: JournaledParticipant, lostUpdate: boolean, { last }: JournaledRun): ParticipantRecord {
  const toldRound = last === null ? 0 : last.round - 1;
  const kept = { ...one, link: 0, holds: null, paused: false, toldRound };
  return lostUpdate ? { ...kept, lastCounted: null, counted: Math.max(0, one.counted - 1) } : kept;
}

function memberOf(
  { id, key, awaited, contribution, evaluates, evaluation }: JournaledMember,
  lostUpdate: boolean,
  { memory, updates, nowMs }: RestoredRun & { readonly nowMs: number },
): Member {
  return {
    id,
    key: key ?? memory.participants.find((one) => one.id === id)?.key ?? '',
    awaited,
    startedMs: nowMs,
    awaitsModel: false,
    delivered: false,
    progress: null,
    transfer: null,
    contribution:
      contribution === null || lostUpdate
        ? null
        : {
            ...contribution,
            claimed: contribution.claimed ?? contribution.examples,
            weighed: contribution.weighed ?? null,
            parameters: updates.get(contribution.hash) ?? [],
          },
    refusal: null,
    failure: null,
    evaluation: evaluation === null ? null : { ...evaluation, claimed: evaluation.claimed ?? evaluation.examples },
    evaluates,
  };
}

/** Takes the run up where it was, and says so: reports of the former process may have died with it. */
export function takeUp(draft: CoordinatorDraft, { memory }: RestoredRun): void {
  const { s } = draft;
  const { settings } = s.config;
  const members = [...s.members.values()];
  draft.report('run_resumed', {
    round: s.round,
    roundsCompleted: s.roundsCompleted,
    selected: members.map(({ id }) => id),
    modelHash: s.modelBefore,
    updates: members.flatMap(({ id, contribution }) => {
      if (contribution === null) return [];
      const { hash, parameters: _, order: _order, claimed: _claimed, weighed: _weighed, ...measures } = contribution;
      return [{ participant: id, contribution: hash, ...measures }];
    }),
    last: memory.last,
  });
  const enter = (phase: RoundPhase, lastsMs: number): void =>
    // Over already: who is to hear of it has as long as anybody who was away, and a phase may be shorter.
    draft.enterPhase(phase, s.ending === null ? lastsMs : returnMs);
  if (memory.stage === 'training') enter('training', settings.trainingDeadlineMs);
  else if (memory.stage === 'evaluating') enter('evaluating', settings.evaluationDeadlineMs);
  else enter('registering', settings.registrationDeadlineMs);
}

/**
 * Whether a participant took part when the coordinator died and may still come back by itself. A link alone is not back: only
 * who has registered over it can be told how the last round ended.
 */
export function mayReturn(draft: CoordinatorDraft, participant: ParticipantRecord): boolean {
  const { restartedMs } = draft.s;
  if (restartedMs === null || draft.now.monotonicMs >= restartedMs + returnMs) return false;
  return participant.left === null && !draft.hears(participant);
}

/** Whether a round that started now would start without somebody who is about to come back. */
export function awaitsReturn(draft: CoordinatorDraft): boolean {
  return draft.s.restartedMs !== null && draft.remaining().some((participant) => mayReturn(draft, participant));
}
