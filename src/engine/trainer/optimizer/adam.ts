import type { Optimizer } from './optimizer.ts';

/** Kingma & Ba 2015, arXiv:1412.6980, algorithm 1, with its suggested constants. */
const beta1 = 0.9;
const beta2 = 0.999;
const epsilon = 1e-8;

export class Adam implements Optimizer {
  readonly #rate: number;
  readonly #firstMoments: readonly Float32Array[];
  readonly #secondMoments: readonly Float32Array[];
  #step = 0;

  constructor(sizes: readonly number[], learningRate: number) {
    this.#rate = learningRate;
    this.#firstMoments = sizes.map((size) => new Float32Array(size));
    this.#secondMoments = sizes.map((size) => new Float32Array(size));
  }

  beginStep(): void {
    this.#step++;
  }

  update(index: number, parameter: Float32Array, gradient: Float32Array): void {
    const first = this.#firstMoments[index] as Float32Array;
    const second = this.#secondMoments[index] as Float32Array;
    const correction1 = 1 - beta1 ** this.#step;
    const correction2 = 1 - beta2 ** this.#step;
    const rate = this.#rate;
    for (let i = 0; i < parameter.length; i++) {
      const g = gradient[i] as number;
      const m = beta1 * (first[i] as number) + (1 - beta1) * g;
      const v = beta2 * (second[i] as number) + (1 - beta2) * g * g;
      first[i] = m;
      second[i] = v;
      parameter[i] = (parameter[i] as number) - (rate * (m / correction1)) / (Math.sqrt(v / correction2) + epsilon);
    }
  }
}
