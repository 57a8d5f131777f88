import assert from 'node:assert/strict';
import { test } from 'node:test';
import { modelCodec } from '#engine/codec/model-codec.ts';
import { requirePlan } from '#engine/trainer/graph-cache.ts';
import { modelFor } from '#engine/trainer/model/default-models.ts';
import type { RunPlanBody } from '#shared/contract/messages.ts';
import { MemoryFederation } from '#test/support/kits/memory-federation.ts';
import { RecordingReporter } from '#test/support/recorded/recording-reporter.ts';
import { runPlan } from '#test/support/kits/run-plan.ts';
import type { RunOutcome } from '../machine.ts';
import { runParticipant } from './driver.ts';
import { tellsAll } from '#engine/round/telling.ts';

const signal = new AbortController().signal;

/** What becomes of a participant whose coordinator tells this plan, and how long it took, ms. */
async function told(plan: unknown): Promise<RunOutcome & { readonly tookMs: number; readonly loads: number }> {
  await using federation = await new MemoryFederation().listen();
  const { participant, coordinator } = await federation.pair('node-1');
  // Before anybody listens, as it comes in life: the coordinator's first word is out as soon as the link is open.
  await coordinator.send({ kind: 'run_plan', round: 0, body: plan as RunPlanBody }, { signal });
  await federation.clock.advance(100);
  const startedMs = federation.clock.monotonicMs();
  let loads = 0;
  const outcome = await federation.within(
    60_000,
    runParticipant({
      link: participant,
      trainer: {
        train: () => Promise.reject(new Error('nothing to train')),
        evaluate: () => Promise.reject(new Error('nothing to check')),
      },
      trainerDescription: 'none',
      telling: tellsAll,
      fitData: () => {
        loads++;
        return Promise.reject(new Error('no data is read for such a plan'));
      },
      key: 'key',
      layoutOf: (model) => requirePlan(model).layout,
      codec: modelCodec,
      clock: federation.clock,
      reporter: new RecordingReporter(),
      coordinatorEvents: 'mirror',
      signal,
    }),
  );
  return { ...outcome, tookMs: federation.clock.monotonicMs() - startedMs, loads };
}

const model = modelFor([1, 8, 8], 2);
const many = Array.from({ length: 1001 }, (_, i) => `class ${i}`);
const huge = {
  ...model,
  layers: [
    { type: 'flatten' },
    ...Array.from({ length: 9 }, () => ({ type: 'dense', units: 65_536, activation: 'relu' })),
  ],
};

const plans: Readonly<Record<string, readonly [plan: unknown, code: string, says: RegExp]>> = {
  'without a model': [{ ...runPlan(), model: undefined }, 'header_invalid', /body of run_plan is not valid at model/],
  'with text for a number': [{ ...runPlan(), rounds: 'many' }, 'header_invalid', /not valid at rounds/],
  'with more classes than can be': [runPlan({ classes: many }), 'header_invalid', /not valid at classes/],
  'with a picture of no size': [
    runPlan({ model: { ...model, inputShape: [1, 0, 8] } }),
    'header_invalid',
    /not valid at model\.inputShape/,
  ],
  'with a picture of any size': [
    runPlan({ model: { ...model, inputShape: [1, 1_000_000, 8] } }),
    'header_invalid',
    /not valid at model\.inputShape/,
  ],
  'with more parameters than fit into a message': [
    runPlan({ model: huge as RunPlanBody['model'] }),
    'model_invalid',
    /parameters are more than a message can carry|last layer must be dense/,
  ],
  'that names other classes than its model has': [
    runPlan({ classes: many.slice(0, 1000), parameters: 0 }),
    'model_invalid',
    /names 1000 classes, and its model tells 2 apart/,
  ],
};

for (const [what, [plan, code, says]] of Object.entries(plans))
  test(`a plan ${what} ends it at once, with what is wrong, before data is read`, async () => {
    const { status, error, reason, tookMs, loads } = await told(plan);
    assert.deepEqual([status, error?.code, loads], ['failed', code, 0]);
    assert.match(reason, says);
    assert.ok(tookMs < 10_000, `not after the patience for a coordinator that says nothing: ${tookMs} ms`);
  });
