import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { makeOptimizer } from './make-optimizer.ts';
import type { OptimizerName } from './optimizer.ts';

function steps(name: OptimizerName, gradients: readonly number[], learningRate: number): number[] {
  const optimizer = makeOptimizer(name, { layout: [{ name: 'w', shape: [1] }], learningRate });
  const parameter = Float32Array.of(1);
  return gradients.map((gradient) => {
    optimizer.beginStep();
    optimizer.update(0, parameter, Float32Array.of(gradient));
    return parameter[0] as number;
  });
}

function close(actual: readonly number[], expected: readonly number[]): void {
  assert.equal(actual.length, expected.length);
  actual.forEach((value, i) =>
    assert.ok(Math.abs(value - (expected[i] as number)) < 1e-6, `${actual.join()} but ${expected.join()}`),
  );
}

describe('optimizers', () => {
  test('sgd gathers momentum', () => {
    // v: 1, 1.9, 0.71
    close(steps('sgd', [1, 1, -1], 0.1), [0.9, 0.71, 0.639]);
  });

  test('the first step of adam has the length of the learning rate, whatever the gradient', () => {
    close(steps('adam', [1000], 0.01), [0.99]);
    close(steps('adam', [-0.001], 0.01), [1.01]);
  });

  test('adam as its paper computes it', () => {
    let [m, v, p] = [0, 0, 1];
    const expected = [0.5, -2, 0.25].map((g, i) => {
      m = 0.9 * m + 0.1 * g;
      v = 0.999 * v + 0.001 * g * g;
      p -= (0.02 * (m / (1 - 0.9 ** (i + 1)))) / (Math.sqrt(v / (1 - 0.999 ** (i + 1))) + 1e-8);
      return p;
    });
    close(steps('adam', [0.5, -2, 0.25], 0.02), expected);
  });
});
