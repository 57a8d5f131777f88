import { medianOf } from '#shared/base/median.ts';
import type { WeightRule } from '#shared/contract/run/weight-rule.ts';

/** What counts of the examples that somebody claims: never more than it registered, one at least. */
export function countedExamples(claimed: number, registered: number): number {
  return Math.max(1, Math.min(claimed, registered));
}

/** Of so many nobody counts for more than all the others together; of two, nobody could say which of them is right. */
const fewestOutvoted = 3;

/**
 * Most that one of `count` may weigh, of 1: `cap` equal shares, and of three or more half of it, since a few equal shares are
 * all of it where few take part. Portnoy et al. 2020, arXiv:2004.04986, section 3: weights cut so that those who may be false
 * weigh less than half. Decision 0085.
 */
export function largestShare(count: number, cap: WeightRule['weightCap']): number {
  if (cap === null) return 1;
  return Math.min(1, cap / count, count < fewestOutvoted ? 1 : 1 / 2);
}

/**
 * Weights of which none is more than `largestShare` of their sum; those that would be more get exactly that, the others
 * keep what they have. Where none is, they are the examples as they came, to the last bit. Decision 0070.
 * @param examples positive, one for each participant
 * @param cap at least 1; null: off
 * @returns positive, in the order of `examples`; their sum is the divisor
 */
export function cappedWeights(examples: readonly number[], cap: WeightRule['weightCap']): readonly number[] {
  const shareMax = largestShare(examples.length, cap);
  if (shareMax >= 1) return examples;
  const capped = new Set<number>();
  for (;;) {
    const free = examples.reduce((sum, own, k) => (capped.has(k) ? sum : sum + own), 0);
    // Of m capped ones each has w = shareMax * (m * w + free).
    const weight = (shareMax * free) / (1 - capped.size * shareMax);
    const before = capped.size;
    for (const [k, own] of examples.entries()) if (own > weight * (1 + roundingShare)) capped.add(k);
    if (capped.size === before) return examples.map((own, k) => (capped.has(k) ? weight : own));
  }
}

/** Sums of float64 are off by less than this. */
const roundingShare = 1e-9;

/**
 * What each update is multiplied with so that none is longer than `clip` times the median of the round: norm bounding, Sun
 * et al. 2019, arXiv:1911.07963, section 3, with a bound that comes from the round. A median of 0 bounds nothing.
 * @param norms Euclidean, of update minus global model
 * @param clip at least 1; null: off
 * @returns 1 for those that stay as they are, else between 0 and 1
 */
export function clipFactors(norms: readonly number[], clip: WeightRule['normClip']): readonly number[] {
  const longest = clip === null ? 0 : clip * medianOf(norms);
  return norms.map((norm) => (longest === 0 || norm <= longest ? 1 : longest / norm));
}

/**
 * The same, so that of three or more none moves the model further than all the others together: a long update of a large weight
 * is within both bounds, and would turn a round of three around. Where the others do not move at all, it bounds nothing.
 * @param weights one for each norm
 */
export function moveFactors(
  norms: readonly number[],
  weights: readonly number[],
  clip: WeightRule['normClip'],
): readonly number[] {
  const factors = clipFactors(norms, clip);
  if (clip === null || norms.length < fewestOutvoted) return factors;
  const moves = factors.map((factor, k) => factor * (norms[k] as number) * (weights[k] as number));
  const furthest = moves.indexOf(Math.max(...moves));
  const own = moves[furthest] as number;
  const others = moves.reduce((sum, move, k) => (k === furthest ? sum : sum + move), 0);
  if (others === 0 || own <= others * (1 + roundingShare)) return factors;
  return factors.map((factor, k) => (k === furthest ? (factor * others) / own : factor));
}
