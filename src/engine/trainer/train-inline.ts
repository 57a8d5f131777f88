import type { Clock } from '#shared/base/time/clock.ts';
import { seededRandom } from '#shared/base/random.ts';
import { shapeWords } from '#shared/contract/run/shape-words.ts';
import { copyParameters, matchLayout, updateNorm, type ParameterSet } from '#shared/tensor/parameter-set.ts';
import { BatchReader, scoreBatch, shuffledOrder, type Batch } from './batches.ts';
import { exampleCount, type Dataset } from './data/dataset.ts';
import type { Share } from './data/partition.ts';
import { evaluationBatchSize, progressPerSecondMax } from './defaults.ts';
import { trainerError } from './errors.ts';
import { requirePlan, type GraphCache } from './graph-cache.ts';
import { edges, gradientName } from './graph/model-graph.ts';
import type { ModelPlan } from './model/model-plan.ts';
import { makeOptimizer } from './optimizer/make-optimizer.ts';
import type { Optimizer } from './optimizer/optimizer.ts';
import type { GraphInput, GraphSession } from './runtime.ts';
import type { EvalResult, EvaluateJob, TrainJob, TrainProgress, TrainResult } from './training-jobs.ts';

export interface TrainOptions {
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly graphs: GraphCache;
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: TrainProgress) => void;
  /** Awaited before each step; a frozen trainer stops here. */
  readonly beforeStep?: () => Promise<void>;
}

/**
 * Local training of one round, in the calling thread: the loop that the trainer's worker runs, and tests that need no
 * thread. Returns to the event loop before each step, so that `signal` takes effect between any two steps.
 * @throws RoundscopeError `model_invalid`, `data_invalid`, `training_failed`; the signal's reason when aborted
 */
export async function trainInline(share: Share, job: TrainJob, options: TrainOptions): Promise<TrainResult> {
  const { clock, graphs, signal } = options;
  signal.throwIfAborted();
  const startedMs = clock.monotonicMs();
  const plan = requirePlan(job.model);
  const before = requireParameters(plan, job.parameters);
  requireFit(plan, share.training);
  const { batchSize, localEpochs } = job;
  const reader = new BatchReader(share.training, { batchSize, numClasses: plan.config.numClasses });
  const session = await graphs.training(plan, batchSize);
  const parameters = copyParameters(before);
  const optimizer = makeOptimizer(job.optimizer, { layout: plan.layout, learningRate: job.learningRate });
  const step = { session, plan, parameters, optimizer, reader };
  const random = seededRandom(job.seed).fork(`round-${job.round}`);
  const report = throttled(clock, options.onProgress);
  let [lossSum, correct] = [0, 0];
  for (let epoch = 1; epoch <= localEpochs; epoch++) {
    const order = shuffledOrder(exampleCount(share.training), random.fork(`epoch-${epoch}`));
    [lossSum, correct] = [0, 0];
    let seen = 0;
    for (let batch = 0; batch < reader.batches; batch++) {
      await options.beforeStep?.();
      signal.throwIfAborted();
      const checked = await trainStep(step, reader.read(batch, order));
      signal.throwIfAborted();
      lossSum += checked.lossSum;
      correct += checked.correct;
      seen += checked.count;
      requireFinite(lossSum, { epoch, batch: batch + 1, learningRate: job.learningRate });
      report({ epoch, epochs: localEpochs, batch: batch + 1, batches: reader.batches, loss: lossSum / seen });
    }
  }
  const examples = exampleCount(share.training);
  const norm = updateNorm(before, parameters);
  requireFinite(norm, { epoch: localEpochs, batch: reader.batches, learningRate: job.learningRate });
  return {
    parameters,
    examples,
    loss: lossSum / examples,
    accuracy: correct / examples,
    durationMs: clock.monotonicMs() - startedMs,
    steps: reader.batches * localEpochs,
    updateNorm: norm,
  };
}

/** Loss and accuracy of a model on the share's held-out examples. Errors as `trainInline`. */
export async function evaluateInline(
  share: Share,
  job: EvaluateJob,
  options: Pick<TrainOptions, 'graphs' | 'signal'>,
): Promise<EvalResult> {
  const { graphs, signal } = options;
  signal.throwIfAborted();
  const plan = requirePlan(job.model);
  const parameters = requireParameters(plan, job.parameters);
  requireFit(plan, share.heldOut);
  const batchSize = evaluationBatchSize(plan);
  const reader = new BatchReader(share.heldOut, { batchSize, numClasses: plan.config.numClasses });
  const session = await graphs.evaluation(plan, batchSize);
  let [lossSum, correct] = [0, 0];
  for (let index = 0; index < reader.batches; index++) {
    signal.throwIfAborted();
    const batch = reader.read(index);
    const outputs = await session.run(feedsOf(plan, parameters, batch, 'images'));
    signal.throwIfAborted();
    const checked = scoreBatch(outputs[edges.logProbabilities] as Float32Array, batch);
    lossSum += checked.lossSum;
    correct += checked.correct;
  }
  const examples = exampleCount(share.heldOut);
  return { loss: lossSum / examples, accuracy: correct / examples, examples };
}

interface Step {
  readonly session: GraphSession;
  readonly plan: ModelPlan;
  readonly parameters: ParameterSet;
  readonly optimizer: Optimizer;
  readonly reader: BatchReader;
}

async function trainStep(step: Step, batch: Batch): Promise<{ lossSum: number; correct: number; count: number }> {
  const { session, plan, parameters, optimizer } = step;
  const outputs = await session.run(feedsOf(plan, parameters, batch, 'images and targets'));
  optimizer.beginStep();
  for (const [i, { name, data }] of parameters.entries()) {
    optimizer.update(i, data, outputs[gradientName(name)] as Float32Array);
  }
  const { lossSum, correct } = scoreBatch(outputs[edges.logProbabilities] as Float32Array, batch);
  return { lossSum, correct, count: batch.count };
}

function feedsOf(
  plan: ModelPlan,
  parameters: ParameterSet,
  batch: Batch,
  what: 'images' | 'images and targets',
): Record<string, GraphInput> {
  const rows = batch.labels.length;
  const feeds: Record<string, GraphInput> = {
    [edges.images]: { data: batch.images, shape: [rows, ...plan.config.inputShape] },
  };
  if (what === 'images and targets') {
    feeds[edges.targets] = { data: batch.targets, shape: [rows, plan.config.numClasses] };
  }
  for (const { name, data, shape } of parameters) feeds[name] = { data, shape };
  return feeds;
}

function requireParameters(plan: ModelPlan, parameters: ParameterSet): ParameterSet {
  const matched = matchLayout(parameters, plan.layout);
  if (matched.ok) return matched.value;
  throw trainerError('model_invalid', `The global model does not fit its layer list: ${matched.error}.`);
}

function requireFit(plan: ModelPlan, dataset: Dataset): void {
  const expected = shapeWords(plan.config.inputShape);
  const found = shapeWords(dataset.shape);
  const { numClasses } = plan.config;
  if (expected === found && dataset.classes.length <= numClasses && exampleCount(dataset) > 0) return;
  throw trainerError(
    'model_invalid',
    `This run uses ${expected} images in ${numClasses} classes, but ${dataset.source} has ${exampleCount(dataset)} ` +
      `${found} images in ${dataset.classes.length} classes. Choose data of the same kind.`,
    { context: { expected, found, numClasses, classes: dataset.classes.length } },
  );
}

function requireFinite(value: number, at: { epoch: number; batch: number; learningRate: number }): void {
  if (Number.isFinite(value)) return;
  throw trainerError(
    'training_failed',
    `Training diverged in epoch ${at.epoch}, batch ${at.batch}: the loss is no longer a number. ` +
      `A learning rate below ${at.learningRate} may help.`,
    { context: at },
  );
}

/** Passes on the first progress report, the last one, and in between as many as a screen can show. */
function throttled(
  clock: Pick<Clock, 'monotonicMs'>,
  onProgress: ((progress: TrainProgress) => void) | undefined,
): (progress: TrainProgress) => void {
  let nextMs = -Infinity;
  return (progress) => {
    const nowMs = clock.monotonicMs();
    const last = progress.batch === progress.batches && progress.epoch === progress.epochs;
    if (!onProgress || (nowMs < nextMs && !last)) return;
    nextMs = nowMs + 1000 / progressPerSecondMax;
    onProgress(progress);
  };
}
