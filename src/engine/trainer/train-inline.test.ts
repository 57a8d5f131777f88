import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import { systemClock } from '#engine/host/system-clock.ts';
import { seededRandom } from '#shared/base/random.ts';
import { flattenParameters, type ParameterSet } from '#shared/tensor/parameter-set.ts';
import { loadDigits } from './data/bundled/digits.ts';
import { takeShare, type Share } from './data/partition.ts';
import { digitsDefaults } from './defaults.ts';
import { GraphCache, requirePlan } from './graph-cache.ts';
import { JobRunner } from './worker/job-runner.ts';
import { digitsModel, modelFor } from './model/default-models.ts';
import { initialParameters } from './model/initial-parameters.ts';
import { evaluateInline, trainInline, type TrainOptions } from './train-inline.ts';
import type { TrainJob, TrainProgress } from './training-jobs.ts';

const { signal } = new AbortController();
const plan = requirePlan(digitsModel);

async function share(index = 0): Promise<Share> {
  return takeShare(await loadDigits({ signal }), { participants: 4, index, split: { kind: 'iid' }, seed: 1 });
}

function job(changes: Partial<TrainJob> = {}): TrainJob {
  const parameters = initialParameters(plan, seededRandom(1));
  return { round: 1, model: digitsModel, parameters, localEpochs: 1, ...digitsDefaults, seed: 1, ...changes };
}

function hash(parameters: ParameterSet): string {
  return createHash('sha256').update(flattenParameters(parameters)).digest('hex');
}

describe('trainInline', () => {
  test('learns, counts and reports', async () => {
    await using graphs = new GraphCache();
    const own = await share();
    const progress: TrainProgress[] = [];
    const given = job({ localEpochs: 3, batchSize: 32, learningRate: 0.03 });
    const before = hash(given.parameters);
    const options: TrainOptions = { clock: systemClock, graphs, signal, onProgress: (report) => progress.push(report) };
    const result = await trainInline(own, given, options);
    assert.equal(result.examples, own.training.labels.length);
    assert.equal(result.steps, 3 * Math.ceil(result.examples / 32));
    assert.ok(result.loss < 1.5 && result.accuracy > 0.5, `loss ${result.loss}, accuracy ${result.accuracy}`);
    assert.ok(result.updateNorm > 0.1 && result.durationMs > 0);
    assert.equal(hash(given.parameters), before, 'the global model is not changed');
    const last = progress.at(-1);
    assert.deepEqual([last?.epoch, last?.epochs, last?.batch], [3, 3, last?.batches]);
    assert.ok(Math.abs((last?.loss ?? 0) - result.loss) < 1e-9);
    assert.ok(progress.length <= 2 + result.durationMs / 100, 'at most ten reports a second');
    const evaluation = await evaluateInline(
      own,
      { round: 1, model: digitsModel, parameters: result.parameters },
      { graphs, signal },
    );
    assert.equal(evaluation.examples, own.heldOut.labels.length);
    assert.ok(evaluation.accuracy > 0.5);
  });

  test('the same seed gives the same bits, another seed or round does not', async () => {
    const own = await share();
    const run = async (changes: Partial<TrainJob>): Promise<string> => {
      await using graphs = new GraphCache();
      return hash((await trainInline(own, job(changes), { clock: systemClock, graphs, signal })).parameters);
    };
    const first = await run({});
    assert.equal(await run({}), first);
    assert.notEqual(await run({ seed: 2 }), first);
    assert.notEqual(await run({ round: 2 }), first);
    assert.equal(
      await run({ optimizer: 'adam', learningRate: 0.001 }),
      await run({ optimizer: 'adam', learningRate: 0.001 }),
    );
  });

  test('aborted before it starts, it does nothing; aborted on the way, it stops before the next step', async () => {
    await using graphs = new GraphCache();
    const own = await share();
    const reason = new Error('the round is over');
    await assert.rejects(
      trainInline(own, job(), { clock: systemClock, graphs, signal: AbortSignal.abort(reason) }),
      reason,
    );
    const controller = new AbortController();
    let steps = 0;
    const beforeStep = async (): Promise<void> => {
      if (++steps === 3) controller.abort(reason);
    };
    await assert.rejects(
      trainInline(own, job(), { clock: systemClock, graphs, signal: controller.signal, beforeStep }),
      reason,
    );
    assert.equal(steps, 3);
  });

  test('a model of other images, wrong parameters and divergence are typed errors', async () => {
    await using graphs = new GraphCache();
    const own = await share();
    const options: TrainOptions = { clock: systemClock, graphs, signal };
    const other = modelFor([1, 12, 12], 10);
    const foreign = job({ model: other, parameters: initialParameters(requirePlan(other), seededRandom(1)) });
    await assert.rejects(trainInline(own, foreign, options), {
      code: 'model_invalid',
      message: /uses 12 × 12 grey images.* 8 × 8 grey images/,
    });
    await assert.rejects(trainInline(own, job({ parameters: job().parameters.slice(1) }), options), {
      code: 'model_invalid',
      message: /tensor conv2d.kernel is missing/,
    });
    const huge = job().parameters.map((tensor) => ({ ...tensor, data: tensor.data.map((value) => value * 1e20) }));
    await assert.rejects(trainInline(own, job({ parameters: huge }), options), {
      code: 'training_failed',
      message: /diverged in epoch/,
    });
    await assert.rejects(trainInline(own, job({ model: { ...digitsModel, layers: [] } }), options), {
      code: 'model_invalid',
    });
    const heavy = modelFor([1, 8, 8], 10);
    await assert.rejects(trainInline(own, job({ model: heavy, batchSize: 65_536 }), options), {
      code: 'model_invalid',
      message: /would need about \d+ MiB/,
    });
  });
});

test('a frozen runner takes no step until it thaws, and can be cancelled meanwhile', async () => {
  await using runner = new JobRunner(systemClock);
  const setup = { data: 'digits', share: { index: 0, participants: 4, split: 'iid', seed: 1 } } as const;
  const { data: summary } = await runner.prepare(setup, { signal });
  assert.equal(
    summary.examples,
    summary.classCounts.reduce((a, b) => a + b, 0),
  );
  let steps = 0;
  runner.freeze();
  const onProgress = (): void => void steps++;
  const training = runner.train(job(), { signal, onProgress });
  await using other = new JobRunner(systemClock);
  await other.prepare(setup, { signal });
  await other.train(job(), { signal });
  assert.equal(steps, 0, 'another one has done all of its steps meanwhile');
  const controller = new AbortController();
  const cancelled = assert.rejects(runner.train(job(), { signal: controller.signal }), /stop/);
  controller.abort(new Error('stop'));
  await cancelled;
  runner.thaw();
  assert.ok((await training).steps > 0);
  assert.ok(steps > 0);
});
