import { outliersOf } from '#shared/contract/run/evaluation-outlier.ts';
import { medianOf } from '#shared/base/median.ts';
import { asSentence, evidence, type Finding } from '../finding.ts';
import type { EvidenceRef, ParticipantObservation, RunObservation } from '../observation.ts';

/**
 * Who does more to the model, or to what is reported of it, than its part: from what the coordinator has measured of the
 * newest round. Nobody waits for such a participant; its verdict stands until a round shows otherwise.
 */
export function weightFinding({ id }: ParticipantObservation, run: RunObservation): Finding | null {
  const { updates, evaluations } = run.weighed;
  return refused(id, run) ?? ofUpdate(id, updates) ?? ofEvaluation(id, evaluations);
}

/** Honest updates that are clipped a little are told in the tables; this long is another matter. */
const clippedMost = 0.5;
/** As far from the others' direction as no uneven data leads while the model learns, ... */
const opposedMost = -0.5;
/**
 * ... which is while the others agree. Near its end the updates of a run add up to nothing, so that each points against the
 * sum of the others: of eight honest participants with uneven data all were below 0 from round 30 on.
 */
const othersAgree = 0.2;
/** Of three it can't be told who is right. */
const opposedFewest = 4;
/** Half of a model that three or more have made, and what rounding makes of that: the weight cap allows it. */
const shareMost = 0.5 + 1e-9;
const fewest = 3;

const percent = (share: number): string => `${Math.round(share * 100)} %`;
const figures = new Intl.NumberFormat('en-US', { maximumSignificantDigits: 16 });

function refused(id: string, { weighed: { refusals } }: RunObservation): Finding | null {
  const refusal = refusals.get(id);
  if (refusal === undefined) return null;
  const { round, reason, told } = refusal;
  return finding('update-refused', id, told, {
    sentence: asSentence(`${id}'s update of round ${round} was refused: ${reason}`),
    explanation: 'It does not count, so the global model stays as the others made it.',
  });
}

function ofUpdate(id: string, weighed: RunObservation['weighed']['updates']): Finding | null {
  const own = weighed?.data.updates.find(({ participant }) => participant === id);
  if (weighed === null || own === undefined) return null;
  const { round, updates, weightCap, normClip } = weighed.data;
  const { claimed, examples, clipped, agreement, share, norm } = own;
  const make = (rule: string, sentence: string, explanation: string): Finding =>
    finding(rule, id, weighed.told, { sentence, explanation });
  if (claimed > examples) {
    const sentence = `${id} says ${figures.format(claimed)} examples and has registered ${figures.format(examples)}: those count.`;
    return make('claims-more', sentence, `In round ${round} its update weighs ${percent(share)}.`);
  }
  const median = medianOf(updates.map((one) => one.norm));
  // One that is no longer than others of its weight are was held to what all the others do together, and did nothing odd.
  if (clipped < clippedMost && norm * clippedMost > (normClip ?? 0) * median) {
    const sentence = `${id}'s update of round ${round} is ${figures.format(Number((norm / median).toPrecision(2)))} times as long as the median.`;
    return make('update-too-long', sentence, `It was scaled down to ${percent(clipped)} of its length.`);
  }
  if (updates.length < fewest) return null;
  const others = updates.filter((one) => one !== own).map((one) => one.agreement);
  if (agreement < opposedMost && updates.length >= opposedFewest && medianOf(others) >= othersAgree) {
    const sentence = `${id}'s update of round ${round} points against those of the others.`;
    return make('update-opposes', sentence, `The cosine with their common direction is ${agreement.toFixed(2)}.`);
  }
  if (share <= shareMost) return null;
  const cap = weightCap === null ? 'The weight cap is off.' : `The weight cap is ${weightCap} equal shares.`;
  return make('weighs-most', `${id} alone carries ${percent(share)} of round ${round}.`, cap);
}

function ofEvaluation(id: string, weighed: RunObservation['weighed']['evaluations']): Finding | null {
  const own = weighed?.data.evaluations.find(({ participant }) => participant === id);
  if (weighed === null || own === undefined) return null;
  const { round, evaluations } = weighed.data;
  const make = (rule: string, sentence: string): Finding =>
    finding(rule, id, weighed.told, {
      sentence,
      explanation: `Its result weighs ${percent(own.share)} of the reported accuracy.`,
    });
  if (own.claimed > own.examples)
    return make(
      'claims-more',
      `${id} says it checked with ${figures.format(own.claimed)} examples and has registered ${figures.format(own.examples)}: those count.`,
    );
  const median = outliersOf(evaluations).get(own);
  if (median === undefined) return null;
  return make(
    'evaluation-outlier',
    `${id} reports an accuracy of ${percent(own.accuracy)} in round ${round}, the others' median is ${percent(median)}.`,
  );
}

function finding(
  rule: string,
  subject: string,
  told: EvidenceRef,
  words: Pick<Finding, 'sentence' | 'explanation'>,
): Finding {
  const next = { action: 'the run goes on within its limits', at: 0 };
  return { rule, layer: 'round', subject, ...words, since: told.at, evidence: evidence(told), next };
}
