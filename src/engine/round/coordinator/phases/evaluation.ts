import { counted } from '#shared/base/text/counted.ts';
import { confusionFault, joinedConfusion, type RoundConfusion } from '#shared/contract/run/confusion.ts';
import type { ParticipantId } from '#shared/contract/ids.ts';
import type { BodyOf, HeaderOf } from '#shared/contract/messages.ts';
import { cappedWeights, countedExamples } from '#engine/round/aggregation/weigh.ts';
import { tellRoundEnd } from './back.ts';
import type { CoordinatorDraft } from '../draft.ts';
import { endRun } from '../end.ts';
import { pauses } from './pause.ts';
import { completedReason, mayReturn } from '../restored.ts';
import type { CoordinatorInput, Member, ParticipantRecord, RoundEnd, Weighed } from '../state.ts';
import { nextRound } from './training.ts';
import { roundWait } from './round-wait.ts';
import { describeWaiting } from './wait-reason.ts';

/** The new model exists: asks the participants that can evaluate it to do so. */
export function beginEvaluation(
  draft: CoordinatorDraft,
  input: Extract<CoordinatorInput, { kind: 'aggregated' }>,
): void {
  const { s } = draft;
  // An aggregation that was abandoned has ended.
  if (s.phase !== 'aggregating' || input.round !== s.round) return;
  s.model = input.model;
  journalAggregate(draft, input);
  const contributions = [...s.members.values()].flatMap(({ id, contribution }) => (contribution === null ? [] : [id]));
  draft.report('aggregated', {
    round: s.round,
    contributions,
    durationMs: input.durationMs,
    modelHash: input.model,
    stepNorm: input.stepNorm,
  });
  const weighed = new Map(input.updates.map((update) => [update.participant, update]));
  const { weightCap, normClip } = s.config.settings;
  const updates = input.updates.flatMap(({ participant, ...measure }) => {
    const { claimed, examples } = s.members.get(participant)?.contribution ?? {};
    return claimed === undefined || examples === undefined ? [] : [{ participant, claimed, examples, ...measure }];
  });
  draft.report('updates_weighed', { round: s.round, weightCap, normClip, updates });
  draft.enterPhase('evaluating', s.config.settings.evaluationDeadlineMs);
  for (const member of s.members.values()) {
    const participant = s.participants.get(member.id);
    // The average is made, so the updates need not be kept in memory.
    const weight = weighed.get(member.id);
    const contribution =
      member.contribution === null
        ? null
        : { ...member.contribution, parameters: [], weighed: weight === undefined ? null : weighedOf(weight) };
    const evaluates = evaluationOf(draft, member);
    draft.patchMember(member.id, { contribution, transfer: null, evaluates });
    if (evaluates !== 'no' && participant !== undefined) askToEvaluate(draft, participant);
  }
}

/** A participant that missed the training deadline is asked as well, but the round does not wait for it a second time. */
function evaluationOf(draft: CoordinatorDraft, { id, contribution, refusal }: Member): Member['evaluates'] {
  const participant = draft.s.participants.get(id);
  if (participant === undefined || participant.data.heldOut === 0 || participant.paused) return 'no';
  if (!draft.isHere(participant) && !mayReturn(draft, participant)) return 'no';
  return contribution !== null || refusal !== null ? 'awaited' : 'asked';
}

function weighedOf({ share, clipped }: Weighed): Weighed {
  return { share, clipped };
}

function journalAggregate(
  draft: CoordinatorDraft,
  { model, updates }: Extract<CoordinatorInput, { kind: 'aggregated' }>,
): void {
  const members = [...draft.s.members.values()];
  draft.journal({
    kind: 'aggregated',
    model,
    weights: updates.map((update) => ({ id: update.participant, ...weighedOf(update) })),
    evaluates: members.map((member) => ({ id: member.id, evaluates: evaluationOf(draft, member) })),
    missing: members.flatMap(({ id, awaited, contribution, refusal, failure }) =>
      awaited && !pauses(draft.s, id) && contribution === null && refusal === null && failure === null ? [id] : [],
    ),
  });
}

export function askToEvaluate(draft: CoordinatorDraft, participant: ParticipantRecord): void {
  const { s, now } = draft;
  if (participant.holds !== s.model) {
    draft.send(participant.link, {
      kind: 'global_model',
      round: s.round,
      body: { purpose: 'evaluate' },
      model: s.model,
    });
    draft.patchParticipant(participant.id, { holds: s.model });
  }
  const deadlineMs = Math.max(0, Math.round(s.deadlineMs - now.monotonicMs));
  draft.send(participant.link, { kind: 'start_evaluation', round: s.round, body: { deadlineMs, model: s.model } });
}

export function evaluationResult(
  draft: CoordinatorDraft,
  participant: ParticipantRecord,
  header: HeaderOf<'evaluation_result'>,
): void {
  const { s } = draft;
  const member = s.members.get(participant.id);
  // Late or repeated results change nothing and are not answered.
  if (
    s.phase !== 'evaluating' ||
    header.round !== s.round ||
    member === undefined ||
    member.evaluates === 'no' ||
    member.evaluation !== null
  )
    return;
  const { loss, accuracy, examples: claimed } = header.body;
  const unfit = unfitOf(header.body);
  if (unfit !== null) draft.patchMember(member.id, { failure: unfit });
  else {
    const examples = countedExamples(claimed, participant.data.heldOut);
    const evaluation = { loss, accuracy, examples, claimed, ...fittingConfusion(draft, participant, header.body) };
    draft.patchMember(member.id, { evaluation });
    draft.journal({ kind: 'evaluated', participant: participant.id, evaluation });
    draft.report('evaluation_received', { participant: participant.id, round: s.round, ...evaluation });
  }
  draft.waitingSetChanged();
}

/** Its matrix where it is one of this run's classes; the rest of its result counts without. */
function fittingConfusion(
  draft: CoordinatorDraft,
  { id: participant }: ParticipantRecord,
  { confusion }: BodyOf<'evaluation_result'>,
): Pick<BodyOf<'evaluation_result'>, 'confusion'> {
  if (confusion === undefined) return {};
  const fault = confusionFault(confusion, draft.s.config.model.numClasses);
  if (fault === null) return { confusion };
  draft.report('notice', { level: 'warning', text: `${fault}: it is left out`, participant });
  return {};
}

/** More than any classifier's cross-entropy in float32. */
const lossMax = 1e6;

/** Why a result is not valid. */
function unfitOf({ loss, accuracy }: BodyOf<'evaluation_result'>): string | null {
  if (!Number.isFinite(loss) || !Number.isFinite(accuracy)) return 'its evaluation is not a finite number';
  if (accuracy < 0 || accuracy > 1) return `its evaluation says an accuracy of ${accuracy}, which is not from 0 to 1`;
  return loss < 0 || loss > lossMax ? `its evaluation says a loss of ${loss}, which no loss is` : null;
}

/** Closes the round when all have evaluated, or at the deadline with the results that are there. */
export function settleEvaluation(draft: CoordinatorDraft): void {
  const { s, now } = draft;
  const wait = roundWait(s);
  if (wait.waitingFor.length > 0) {
    if (now.monotonicMs < s.deadlineMs) return;
    if (wait.reported.length < wait.quorum) {
      const have = `${wait.reported.length} of the ${counted(wait.quorum, 'evaluation')} that its quorum needs`;
      return endRun(draft, 'stalled', `round ${s.round}: ${have} came by the deadline. ${describeWaiting(draft)}`);
    }
    for (const id of wait.waitingFor) {
      const participant = s.participants.get(id);
      if (participant !== undefined) draft.patchParticipant(id, { misses: participant.misses + 1 });
    }
  }
  closeRound(draft, wait.waitingFor);
}

function closeRound(draft: CoordinatorDraft, missed: readonly ParticipantId[]): void {
  const { s, now } = draft;
  const members = [...s.members.values()];
  const { loss, accuracy } = globalMeasures(members, s.config.settings.weightCap);
  const confusion = globalConfusion(members, s.config.settings.weightCap);
  tellEvaluations(draft, members);
  s.loss = loss;
  s.accuracy = accuracy;
  s.roundsCompleted += 1;
  draft.enterPhase('closing', 0);
  const summary = {
    loss,
    accuracy,
    contributions: members.flatMap(({ id, contribution }) => (contribution === null ? [] : [id])),
    missing: members.flatMap(({ id, contribution }) => (contribution === null ? [id] : [])),
    durationMs: Math.round(now.monotonicMs - s.roundSinceMs),
    modelBefore: s.modelBefore,
    modelAfter: s.model,
    examples: members.reduce((sum, { contribution }) => sum + (contribution?.examples ?? 0), 0),
    ...(confusion === null ? {} : { confusion }),
  };
  draft.journal({ kind: 'closed', summary: { round: s.round, ...summary }, missing: [...missed] });
  tellRoundEnd(draft, { round: s.round, body: summary, weights: weightsOf(members) });
  draft.report('round_ended', { round: s.round, ...summary });
  const { rounds } = s.config.settings;
  if (s.round >= rounds) return endRun(draft, 'completed', completedReason(rounds));
  nextRound(draft);
}

function weightsOf(members: readonly Member[]): RoundEnd['weights'] {
  return new Map(
    members.flatMap(({ id, contribution }) => {
      if (contribution?.weighed == null) return [];
      const { claimed, examples, weighed } = contribution;
      return [[id, { claimed, examples, ...weighed }] as const];
    }),
  );
}

/** Of those who sent theirs, with the weights of the round's accuracy; null: nobody did. */
export function globalConfusion(members: readonly Member[], weightCap: number | null): RoundConfusion | null {
  const evaluations = members.flatMap(({ evaluation }) => (evaluation === null ? [] : [evaluation]));
  const weights = cappedWeights(
    evaluations.map(({ examples }) => examples),
    weightCap,
  );
  const all = evaluations.flatMap(({ confusion: cells }, k) =>
    cells === undefined ? [] : [{ cells, weight: weights[k] as number }],
  );
  return all.length === 0 ? null : { cells: joinedConfusion(all), from: all.length, of: evaluations.length };
}

function tellEvaluations(draft: CoordinatorDraft, members: readonly Member[]): void {
  const { s } = draft;
  const checked = members.flatMap(({ id, evaluation }) => {
    if (evaluation === null) return [];
    const { confusion: _told, ...measures } = evaluation;
    return [{ id, ...measures }];
  });
  if (checked.length === 0) return;
  const weights = cappedWeights(
    checked.map(({ examples }) => examples),
    s.config.settings.weightCap,
  );
  const sum = weights.reduce((total, weight) => total + weight, 0);
  const evaluations = checked.map(({ id: participant, ...one }, k) => {
    return { participant, ...one, share: (weights[k] as number) / sum };
  });
  draft.report('evaluations_weighed', { round: s.round, evaluations });
}

/**
 * Mean of the evaluations, weighted by the examples that count under the cap, summed in order of participant id. Where nobody has held-out data, or all who
 * have it failed, the means of local training stand in: lower in loss than the truth, but better than no number.
 */
export function globalMeasures(
  members: readonly Member[],
  weightCap: number | null,
): { readonly loss: number; readonly accuracy: number } {
  const evaluations = members.flatMap(({ evaluation }) => (evaluation === null ? [] : [evaluation]));
  const measures =
    evaluations.length > 0
      ? evaluations
      : members.flatMap(({ contribution }) => (contribution === null ? [] : [contribution]));
  const weights = cappedWeights(
    measures.map(({ examples }) => examples),
    weightCap,
  );
  let sum = 0;
  let loss = 0;
  let accuracy = 0;
  for (const [k, measure] of measures.entries()) {
    const weight = weights[k] as number;
    sum += weight;
    loss += measure.loss * weight;
    accuracy += measure.accuracy * weight;
  }
  return sum === 0 ? { loss: 0, accuracy: 0 } : { loss: loss / sum, accuracy: accuracy / sum };
}
