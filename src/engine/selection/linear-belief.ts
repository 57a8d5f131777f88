import type { Random } from '#shared/base/random.ts';

/** What is believed of one weight before anything was seen, and how much of what is learned about it lasts to the next time. */
export interface Weight {
  readonly deviation: number;
  /** 0 to 1; what fades gives way to the belief before. */
  readonly keep: number;
}

/**
 * Belief about the weights of a linear model with known noise, as mean and covariance: a Kalman filter whose weights drift
 * and return to their prior, so that it never becomes too sure to notice a change. Small and dense.
 */
export class LinearBelief {
  readonly #weights: readonly Weight[];
  readonly #mean: Float64Array;
  /** Row by row. */
  readonly #covariance: Float64Array;

  constructor(weights: readonly Weight[]) {
    this.#weights = weights;
    this.#mean = new Float64Array(weights.length);
    this.#covariance = new Float64Array(weights.length ** 2);
    weights.forEach(({ deviation }, i) => (this.#covariance[this.#at(i, i)] = deviation ** 2));
  }

  get state(): { readonly mean: number[]; readonly covariance: number[] } {
    return { mean: [...this.#mean], covariance: [...this.#covariance] };
  }

  /** Takes what was saved; false, and nothing changes, when it is of another shape or no covariance. */
  restore({ mean, covariance }: { readonly mean: readonly number[]; readonly covariance: readonly number[] }): boolean {
    if (mean.length !== this.#mean.length || covariance.length !== this.#covariance.length) return false;
    const given = Float64Array.from(covariance);
    if (lowerTriangle(given, mean.length) === null) return false;
    this.#mean.set(mean);
    this.#covariance.set(given);
    return true;
  }

  /** `times` steps of drift; a fraction or many for time that passed unseen. */
  drift(times = 1): void {
    const size = this.#weights.length;
    const kept = this.#weights.map(({ keep }) => keep ** times);
    for (let i = 0; i < size; i++) {
      const own = kept[i] as number;
      this.#mean[i]! *= own;
      for (let j = 0; j < size; j++) this.#covariance[this.#at(i, j)]! *= own * (kept[j] as number);
      this.#covariance[this.#at(i, i)]! += (1 - own ** 2) * (this.#weights[i] as Weight).deviation ** 2;
    }
  }

  observe(x: readonly number[], y: number, noiseDeviation: number): void {
    const spread = this.#spread(x);
    const scale = 1 / (dot(x, spread) + noiseDeviation ** 2);
    const error = y - dot(x, this.#mean);
    for (let i = 0; i < x.length; i++) {
      this.#mean[i]! += spread[i]! * scale * error;
      for (let j = 0; j < x.length; j++) this.#covariance[this.#at(i, j)]! -= spread[i]! * spread[j]! * scale;
    }
  }

  expected(x: readonly number[]): number {
    return dot(x, this.#mean);
  }

  /** One draw of all weights together: what Thompson sampling ranks by. */
  draw(random: Random): Float64Array {
    const size = this.#weights.length;
    // Rounding may leave a weight that is known exactly a hair below zero.
    const lower = lowerTriangle(this.#covariance, size) ?? new Float64Array(size ** 2);
    const standard = Float64Array.from({ length: size }, () => random.normal());
    return this.#mean.map((mean, i) => {
      let sum = mean;
      for (let k = 0; k <= i; k++) sum += lower[this.#at(i, k)]! * standard[k]!;
      return sum;
    });
  }

  #spread(x: readonly number[]): Float64Array {
    return this.#mean.map((_, i) => {
      let sum = 0;
      for (let j = 0; j < x.length; j++) sum += this.#covariance[this.#at(i, j)]! * x[j]!;
      return sum;
    });
  }

  #at(i: number, j: number): number {
    return i * this.#weights.length + j;
  }
}

export function dot(a: readonly number[], b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

/** Cholesky's lower triangle; null when the matrix is not positive definite. */
function lowerTriangle(matrix: Float64Array, size: number): Float64Array | null {
  const lower = new Float64Array(size ** 2);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * size + j]!;
      for (let k = 0; k < j; k++) sum -= lower[i * size + k]! * lower[j * size + k]!;
      if (i !== j) lower[i * size + j] = sum / lower[j * size + j]!;
      else if (sum > 1e-12) lower[i * size + i] = Math.sqrt(sum);
      else return null;
    }
  }
  return lower;
}
