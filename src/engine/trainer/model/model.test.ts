import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { seededRandom } from '#shared/base/random.ts';
import { limits } from '#shared/contract/limits.ts';
import { facesModel, digitsModel, modelFor } from './default-models.ts';
import { initialParameters } from './initial-parameters.ts';
import { planModel, type ModelPlan } from './model-plan.ts';

function planned(model: unknown): ModelPlan {
  const plan = planModel(model);
  assert.ok(plan.ok, plan.ok ? '' : plan.error);
  return plan.value;
}

function problem(model: unknown): string {
  const plan = planModel(model);
  assert.ok(!plan.ok, 'the model was accepted');
  return plan.error;
}

describe('planModel', () => {
  test('names and shapes parameters in the order of layers', () => {
    assert.deepEqual(planned(digitsModel).layout, [
      { name: 'conv2d.kernel', shape: [32, 1, 3, 3] },
      { name: 'conv2d.bias', shape: [32] },
      { name: 'conv2d_1.kernel', shape: [64, 32, 3, 3] },
      { name: 'conv2d_1.bias', shape: [64] },
      { name: 'dense.kernel', shape: [128, 256] },
      { name: 'dense.bias', shape: [128] },
      { name: 'dense_1.kernel', shape: [10, 128] },
      { name: 'dense_1.bias', shape: [10] },
    ]);
    assert.equal(planned(digitsModel).parameterCount, 53_002);
    assert.equal(planned(facesModel).parameterCount, 2_345_607);
  });

  test('says which layer does not fit', () => {
    const last = { type: 'dense', units: 2, activation: 'none' };
    const of = (...layers: unknown[]): unknown => ({ inputShape: [1, 4, 4], numClasses: 2, layers });
    assert.match(problem(of(last)), /layer 1 \(dense\): needs a flatten layer/);
    assert.match(
      problem(of({ type: 'conv2d', filters: 1, kernelSize: 5, activation: 'relu' })),
      /5x5 is larger than its 4x4/,
    );
    assert.match(
      problem(of({ type: 'flatten' }, { type: 'max_pool', size: 2 })),
      /layer 2 \(max_pool\): needs an image/,
    );
    assert.match(problem(of({ type: 'flatten' }, { ...last, units: 3 })), /last layer must be dense with 2 units/);
    assert.match(problem(of({ type: 'flatten' }, { type: 'dense', units: 2, activation: 'relu' })), /no activation/);
    assert.match(problem(of({ type: 'attention' })), /layers\.0/);
    assert.match(problem('a model'), /not valid/);
  });

  test('refuses more parameters than a message carries', () => {
    const wide = { type: 'dense', units: 65_536, activation: 'relu' };
    const layers = [{ type: 'flatten' }, wide, wide, { type: 'dense', units: 2, activation: 'none' }];
    assert.match(problem({ inputShape: [1, 4, 4], numClasses: 2, layers }), /more than a message can carry/);
  });
});

test('modelFor makes a sound model of any image', () => {
  const side = fc.integer({ min: 1, max: limits.imageSideMax });
  fc.assert(
    fc.property(
      fc.constantFrom(1, 3),
      side,
      side,
      fc.integer({ min: 2, max: limits.classesMax }),
      (channels, height, width, classes) => {
        const plan = planned(modelFor([channels, height, width], classes));
        assert.equal(plan.config.numClasses, classes);
        assert.ok(plan.parameterCount < 20_000_000, `${plan.parameterCount} parameters`);
      },
    ),
  );
  assert.deepEqual(modelFor([1, 8, 8], 10), digitsModel);
  assert.deepEqual(modelFor([1, 48, 48], 7), facesModel);
});

describe('initialParameters', () => {
  test('repeat for a seed and differ for another', () => {
    const plan = planned(digitsModel);
    assert.deepEqual(initialParameters(plan, seededRandom(1)), initialParameters(plan, seededRandom(1)));
    assert.notDeepEqual(initialParameters(plan, seededRandom(1)), initialParameters(plan, seededRandom(2)));
  });

  test('are spread as He et al. have it, the last layer a tenth of that, biases zero', () => {
    const set = initialParameters(planned(digitsModel), seededRandom(3));
    const deviation = (name: string): number => {
      const data = set.find((tensor) => tensor.name === name)?.data as Float32Array;
      return Math.sqrt(data.reduce((sum, value) => sum + value * value, 0) / data.length);
    };
    assert.ok(Math.abs(deviation('dense.kernel') / Math.sqrt(2 / 256) - 1) < 0.03);
    assert.ok(Math.abs(deviation('dense_1.kernel') / (0.1 * Math.sqrt(2 / 128)) - 1) < 0.1);
    assert.equal(deviation('dense.bias'), 0);
  });
});
