import type { Optimizer } from './optimizer.ts';

/** Usual since Sutskever et al. 2013, "On the importance of initialization and momentum". */
export const sgdMomentum = 0.9;

/** Stochastic gradient descent with momentum, in PyTorch's form: v = m v + g; p = p - rate v. */
export class Sgd implements Optimizer {
  readonly #rate: number;
  readonly #velocities: readonly Float32Array[];

  constructor(sizes: readonly number[], learningRate: number) {
    this.#rate = learningRate;
    this.#velocities = sizes.map((size) => new Float32Array(size));
  }

  beginStep(): void {}

  update(index: number, parameter: Float32Array, gradient: Float32Array): void {
    const velocity = this.#velocities[index] as Float32Array;
    const rate = this.#rate;
    for (let i = 0; i < parameter.length; i++) {
      const v = sgdMomentum * (velocity[i] as number) + (gradient[i] as number);
      velocity[i] = v;
      parameter[i] = (parameter[i] as number) - rate * v;
    }
  }
}
