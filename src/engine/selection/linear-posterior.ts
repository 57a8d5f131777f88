import type { Random } from '#shared/base/random.ts';

/**
 * Bayesian linear regression with known noise, by its precision matrix A and moment b: weights are N(A⁻¹b, A⁻¹). The prior
 * has mean zero and a standard deviation per weight. Small and dense: a handful of features.
 */
export class LinearPosterior {
  readonly #size: number;
  readonly #prior: Float64Array;
  readonly #precision: Float64Array;
  readonly #moment: Float64Array;

  constructor(priorDeviations: readonly number[]) {
    this.#size = priorDeviations.length;
    this.#prior = Float64Array.from(priorDeviations, (deviation) => 1 / deviation ** 2);
    this.#precision = new Float64Array(this.#size ** 2);
    this.#moment = new Float64Array(this.#size);
    this.#prior.forEach((precision, i) => (this.#precision[i * this.#size + i] = precision));
  }

  get state(): { readonly precision: number[]; readonly moment: number[] } {
    return { precision: [...this.#precision], moment: [...this.#moment] };
  }

  /** Takes what was saved; false, and nothing changes, when it is of another shape or no precision matrix. */
  restore({
    precision,
    moment,
  }: {
    readonly precision: readonly number[];
    readonly moment: readonly number[];
  }): boolean {
    if (precision.length !== this.#precision.length || moment.length !== this.#size) return false;
    if (factor(Float64Array.from(precision), this.#size) === null) return false;
    this.#precision.set(precision);
    this.#moment.set(moment);
    return true;
  }

  observe(x: readonly number[], y: number, noiseDeviation: number): void {
    const weight = 1 / noiseDeviation ** 2;
    for (let i = 0; i < this.#size; i++) {
      for (let j = 0; j < this.#size; j++) this.#precision[this.#at(i, j)]! += weight * x[i]! * x[j]!;
      this.#moment[i]! += weight * x[i]! * y;
    }
  }

  /** Lets knowledge fade towards the prior: `keep` of it stays. */
  fade(keep: number): void {
    for (let i = 0; i < this.#precision.length; i++) this.#precision[i]! *= keep;
    for (let i = 0; i < this.#size; i++) {
      this.#precision[this.#at(i, i)]! += (1 - keep) * this.#prior[i]!;
      this.#moment[i]! *= keep;
    }
  }

  /** Mean and standard deviation of x·w. */
  predict(x: readonly number[]): { readonly mean: number; readonly deviation: number } {
    const lower = this.#factor();
    const half = forward(lower, Float64Array.from(x), this.#size);
    const halfMoment = forward(lower, this.#moment, this.#size);
    let mean = 0;
    let variance = 0;
    for (let i = 0; i < this.#size; i++) {
      mean += half[i]! * halfMoment[i]!;
      variance += half[i]! ** 2;
    }
    return { mean, deviation: Math.sqrt(variance) };
  }

  /** x·w for one draw of w: what Thompson sampling ranks by. */
  sample(x: readonly number[], random: Random): number {
    const { mean, deviation } = this.predict(x);
    return mean + deviation * random.normal();
  }

  #factor(): Float64Array {
    const lower = factor(this.#precision, this.#size);
    if (lower === null) throw new Error('a sum of a positive prior and squares is positive definite');
    return lower;
  }

  #at(i: number, j: number): number {
    return i * this.#size + j;
  }
}

/** Cholesky's lower triangle; null when the matrix is not positive definite. */
function factor(matrix: Float64Array, size: number): Float64Array | null {
  const lower = new Float64Array(size ** 2);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * size + j]!;
      for (let k = 0; k < j; k++) sum -= lower[i * size + k]! * lower[j * size + k]!;
      if (i !== j) lower[i * size + j] = sum / lower[j * size + j]!;
      else if (sum > 0) lower[i * size + i] = Math.sqrt(sum);
      else return null;
    }
  }
  return lower;
}

/** Solves L z = v. */
function forward(lower: Float64Array, v: Float64Array, size: number): Float64Array {
  const z = new Float64Array(size);
  for (let i = 0; i < size; i++) {
    let sum = v[i]!;
    for (let k = 0; k < i; k++) sum -= lower[i * size + k]! * z[k]!;
    z[i] = sum / lower[i * size + i]!;
  }
  return z;
}
