import { assert } from '#shared/base/assert.ts';

/** How an update relates to what came of all of them. */
export interface UpdateMeasure {
  /** Euclidean norm of update minus base. */
  readonly norm: number;
  /** Cosine between this update and the aggregated step, 0 where one of them is zero. */
  readonly cosine: number;
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
  readonly exampleCounts: readonly number[];
}

/**
 * Weighted mean of the counted updates: FedAvg, McMahan et al. 2017, arXiv:1602.05629, algorithm 1. Done in slices, so
 * that links are served in between; however it is sliced, the result is the same to the last bit, since every element has
 * its own sum and the norms are summed element by element in order.
 * @param base float32 [paramCount], the model that all updates started from
 * @param updates float32 [paramCount] each, finite, sorted by participant id (this fixes the order of summation)
 * @param exampleCounts positive integers, one per update; their sum is the divisor
 * @returns by `result()`: float32 [paramCount], accumulated in float64
 * @throws AssertionError on unequal lengths: the codec has checked them, so here it is our bug
 */
export class FedAvg {
  readonly #input: FedAvgInput;
  readonly #parameters: Float32Array;
  readonly #exampleSum: number;
  readonly #dots: Float64Array;
  readonly #squares: Float64Array;
  #stepSquare = 0;
  #done = 0;

  constructor(input: FedAvgInput) {
    const { base, updates, exampleCounts } = input;
    assert(updates.length > 0, 'nothing to average');
    assert(
      updates.length === exampleCounts.length,
      `${exampleCounts.length} example counts for ${updates.length} updates`,
    );
    for (const update of updates)
      assert(update.length === base.length, `an update of ${update.length} parameters, the model has ${base.length}`);
    for (const examples of exampleCounts)
      assert(Number.isSafeInteger(examples) && examples > 0, `${examples} examples`);
    this.#input = input;
    this.#parameters = new Float32Array(base.length);
    this.#exampleSum = exampleCounts.reduce((sum, examples) => sum + examples, 0);
    this.#dots = new Float64Array(updates.length);
    this.#squares = new Float64Array(updates.length);
  }

  /** Averages the next `elements` parameters. @returns whether all are done */
  step(elements: number): boolean {
    const { base, updates, exampleCounts } = this.#input;
    const end = Math.min(base.length, this.#done + elements);
    const start = this.#done;
    const mean = new Float64Array(end - start);
    for (const [k, update] of updates.entries()) {
      const examples = exampleCounts[k] as number;
      for (let i = start; i < end; i++)
        mean[i - start] = (mean[i - start] as number) + (update[i] as number) * examples;
    }
    for (let i = start; i < end; i++) {
      this.#parameters[i] = (mean[i - start] as number) / this.#exampleSum;
      const moved = (this.#parameters[i] as number) - (base[i] as number);
      mean[i - start] = moved;
      this.#stepSquare += moved * moved;
    }
    for (const [k, update] of updates.entries()) {
      let dot = this.#dots[k] as number;
      let square = this.#squares[k] as number;
      for (let i = start; i < end; i++) {
        const moved = (update[i] as number) - (base[i] as number);
        dot += moved * (mean[i - start] as number);
        square += moved * moved;
      }
      this.#dots[k] = dot;
      this.#squares[k] = square;
    }
    this.#done = end;
    return end === base.length;
  }

  result(): FedAvgResult {
    assert(this.#done === this.#input.base.length, 'the average is not finished');
    const stepNorm = Math.sqrt(this.#stepSquare);
    const measures = Array.from(this.#squares, (square, k) => {
      const norm = Math.sqrt(square);
      const cosine = norm === 0 || stepNorm === 0 ? 0 : (this.#dots[k] as number) / (norm * stepNorm);
      // Rounding may carry the cosine of two equal directions past 1.
      return { norm, cosine: Math.min(1, Math.max(-1, cosine)) };
    });
    return { parameters: this.#parameters, stepNorm, measures };
  }
}
