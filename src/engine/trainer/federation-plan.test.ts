import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limits } from '#shared/contract/limits.ts';
import { deepDefaults, digitsDefaults, evaluationBatchSize, stepBytes, trainingDefaultsFor } from './defaults.ts';
import { planFederation } from './federation-plan.ts';
import { requireMemory, requirePlan } from './graph-cache.ts';
import { digitsModel, facesModel, modelFor } from './model/default-models.ts';

const { signal } = new AbortController();

test('the plan for the bundled digits, the same for the same seed', async () => {
  const plan = await planFederation('digits', { signal, seed: 1 });
  assert.deepEqual([plan.model, plan.defaults, plan.source], [digitsModel, digitsDefaults, 'digits']);
  assert.ok(Math.abs(plan.baselineAccuracy - 183 / 1797) < 1e-12);
  assert.deepEqual((await planFederation('digits', { signal, seed: 1 })).parameters, plan.parameters);
  assert.notDeepEqual((await planFederation('digits', { signal, seed: 2 })).parameters, plan.parameters);
  await assert.rejects(planFederation('/nowhere', { signal, seed: 1 }), { code: 'data_missing' });
});

test('our own models fit into memory with our own defaults, whatever the image', () => {
  assert.deepEqual(trainingDefaultsFor(requirePlan(facesModel)), deepDefaults);
  const batches = [1, 700, 1100, 2047, 2048, 28_709].map(
    (examples) => trainingDefaultsFor(requirePlan(facesModel), examples).batchSize,
  );
  assert.deepEqual(batches, [8, 8, 16, 16, 32, 32], 'few examples make steps enough');
  for (const side of [1, 5, 28, 64, 96, 224, limits.imageSideMax]) {
    const plan = requirePlan(modelFor([3, side, side], 1000));
    const { batchSize } = trainingDefaultsFor(plan);
    assert.ok(batchSize >= 1 && stepBytes(plan, batchSize) < limits.trainingStepBytesMax / 2, `${side}: ${batchSize}`);
    assert.ok(stepBytes(plan, evaluationBatchSize(plan)) < limits.trainingStepBytesMax);
  }
});

test('a model whose step would need more memory than a machine should give is refused, with how much and what helps', () => {
  const plan = requirePlan(modelFor([3, 512, 512], 1000));
  requireMemory(plan, 1);
  assert.throws(() => requireMemory(plan, 65_536), {
    code: 'model_invalid',
    message: /batches of 65536 would need about \d+ MiB\. Use smaller batches/,
  });
});
