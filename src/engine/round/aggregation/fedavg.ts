import { assert } from '#shared/base/assert.ts';
import { clipFactors, moveFactors } from './weigh.ts';

/** How an update relates to the others and to what came of all of them. */
export interface UpdateMeasure {
  /** Euclidean norm of update minus base, as it came. */
  readonly norm: number;
  /** Cosine between this update and the aggregated step, 0 where one of them is zero. */
  readonly cosine: number;
  /** Cosine between this update and the direction of the others, each of them one vote whatever its size; 0: there are none. */
  readonly agreement: number;
  /** What it was multiplied with: 1, or less where it was too long. */
  readonly clipped: number;
  /** Its part of the sum of weights, 0 to 1. */
  readonly share: number;
}

export interface FedAvgResult {
  readonly parameters: Float32Array;
  /** Euclidean norm of the aggregated step: new model minus base. */
  readonly stepNorm: number;
  /** In the order of the updates. */
  readonly measures: readonly UpdateMeasure[];
}

export interface FedAvgInput {
  readonly base: Float32Array;
  readonly updates: readonly Float32Array[];
  readonly weights: readonly number[];
  /** Longest update in medians of their norms; null: off. */
  readonly clip: number | null;
  /** Of three or more none moves the model further than all the others together. */
  readonly outvoted?: boolean;
}

/**
 * Weighted mean of the counted updates: FedAvg, McMahan et al. 2017, arXiv:1602.05629, algorithm 1, of updates that are no
 * longer than the bounds (`clipFactors`, `moveFactors`). Two passes, for norms and for the mean, done in slices, so that links are served in
 * between; however it is sliced, the result is the same to the last bit, since every element has its own sum and the norms
 * are summed element by element in order.
 * @param base float32 [paramCount], the model that all updates started from
 * @param updates float32 [paramCount] each, finite, sorted by participant id (this fixes the order of summation)
 * @param weights positive, one per update; their sum is the divisor
 * @returns by `result()`: float32 [paramCount], accumulated in float64
 * @throws AssertionError on unequal lengths: the codec has checked them, so here it is our bug
 */
export class FedAvg {
  readonly #input: FedAvgInput;
  readonly #parameters: Float32Array;
  readonly #weightSum: number;
  readonly #dots: Float64Array;
  readonly #squares: Float64Array;
  /** Products of each update with the sum of all as unit vectors. */
  readonly #votes: Float64Array;
  #norms: readonly number[] = [];
  #clipped: readonly number[] = [];
  #voteSquare = 0;
  #stepSquare = 0;
  #measured = 0;
  #done = 0;

  constructor(input: FedAvgInput) {
    const { base, updates, weights } = input;
    assert(updates.length > 0, 'nothing to average');
    assert(updates.length === weights.length, `${weights.length} weights for ${updates.length} updates`);
    for (const update of updates)
      assert(update.length === base.length, `an update of ${update.length} parameters, the model has ${base.length}`);
    for (const weight of weights) assert(Number.isFinite(weight) && weight > 0, `a weight of ${weight}`);
    this.#input = input;
    this.#parameters = new Float32Array(base.length);
    this.#weightSum = weights.reduce((sum, weight) => sum + weight, 0);
    this.#dots = new Float64Array(updates.length);
    this.#squares = new Float64Array(updates.length);
    this.#votes = new Float64Array(updates.length);
  }

  /** Works on the next `elements` parameters, of norms or of the mean. @returns whether all are done */
  step(elements: number): boolean {
    const { base } = this.#input;
    if (this.#measured < base.length) this.#measure(Math.min(base.length, this.#measured + elements));
    else this.#average(Math.min(base.length, this.#done + elements));
    return this.#done === base.length && this.#measured === base.length;
  }

  #measure(end: number): void {
    const { base, updates, clip, weights, outvoted = false } = this.#input;
    for (const [k, update] of updates.entries()) {
      let square = this.#squares[k] as number;
      for (let i = this.#measured; i < end; i++) {
        const moved = (update[i] as number) - (base[i] as number);
        square += moved * moved;
      }
      this.#squares[k] = square;
    }
    this.#measured = end;
    if (end < base.length) return;
    this.#norms = Array.from(this.#squares, Math.sqrt);
    this.#clipped = outvoted ? moveFactors(this.#norms, weights, clip) : clipFactors(this.#norms, clip);
  }

  #average(end: number): void {
    const { base, updates, weights } = this.#input;
    const start = this.#done;
    const mean = new Float64Array(end - start);
    const vote = new Float64Array(end - start);
    for (const [k, update] of updates.entries()) {
      const weight = weights[k] as number;
      const clipped = this.#clipped[k] as number;
      const norm = this.#norms[k] as number;
      const perNorm = norm === 0 ? 0 : 1 / norm;
      for (let i = start; i < end; i++) {
        const moved = (update[i] as number) - (base[i] as number);
        const value = clipped === 1 ? (update[i] as number) : (base[i] as number) + moved * clipped;
        mean[i - start] = (mean[i - start] as number) + value * weight;
        vote[i - start] = (vote[i - start] as number) + moved * perNorm;
      }
    }
    for (let i = start; i < end; i++) {
      this.#parameters[i] = (mean[i - start] as number) / this.#weightSum;
      const moved = (this.#parameters[i] as number) - (base[i] as number);
      mean[i - start] = moved;
      this.#stepSquare += moved * moved;
      this.#voteSquare += (vote[i - start] as number) ** 2;
    }
    for (const [k, update] of updates.entries()) {
      let dot = this.#dots[k] as number;
      let votes = this.#votes[k] as number;
      for (let i = start; i < end; i++) {
        const moved = (update[i] as number) - (base[i] as number);
        dot += moved * (mean[i - start] as number);
        votes += moved * (vote[i - start] as number);
      }
      this.#dots[k] = dot;
      this.#votes[k] = votes;
    }
    this.#done = end;
  }

  result(): FedAvgResult {
    assert(this.#done === this.#input.base.length, 'the average is not finished');
    const stepNorm = Math.sqrt(this.#stepSquare);
    const measures = this.#norms.map((norm, k) => ({
      norm,
      cosine: norm === 0 || stepNorm === 0 ? 0 : cosine((this.#dots[k] as number) / (norm * stepNorm)),
      agreement: norm === 0 ? 0 : this.#agreement((this.#votes[k] as number) / norm),
      clipped: this.#clipped[k] as number,
      share: (this.#input.weights[k] as number) / this.#weightSum,
    }));
    return { parameters: this.#parameters, stepNorm, measures };
  }

  /** @param along product of this update's unit vector with the sum of all of them, its own included */
  #agreement(along: number): number {
    const others = Math.sqrt(Math.max(0, this.#voteSquare - 2 * along + 1));
    // What is left of others that cancel each other is rounding.
    return others < 1e-6 ? 0 : cosine((along - 1) / others);
  }
}

/** Rounding may carry the cosine of two equal directions past 1. */
function cosine(value: number): number {
  return Math.min(1, Math.max(-1, value));
}
