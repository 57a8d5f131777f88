import type { Clock } from '#shared/base/time/clock.ts';
import { seededRandom } from '#shared/base/random.ts';
import { confusionClassesMax } from '#shared/contract/run/confusion.ts';
import { shapeWords } from '#shared/contract/run/shape-words.ts';
import { matchLayout, updateNorm, type ParameterSet } from '#shared/tensor/parameter-set.ts';
import { BatchReader, scoreBatch, shuffledOrder } from './batches.ts';
import { exampleCount, type Dataset } from './data/dataset.ts';
import type { Share } from './data/partition.ts';
import { progressPerSecondMax } from './defaults.ts';
import { trainerError } from './errors.ts';
import { requirePlan, type GraphCache } from './graph-cache.ts';
import { LayerListLearner } from './layer-list-learner.ts';
import type { Learner } from './learner.ts';
import type { EvalResult, EvaluateJob, TrainJob, TrainProgress, TrainResult } from './training-jobs.ts';

export interface TrainOptions {
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly graphs: GraphCache;
  readonly signal: AbortSignal;
  /** Of the job's model; absent: a list of layers says all there is to it. */
  readonly learner?: Learner | undefined;
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
  const learner = options.learner ?? new LayerListLearner(requirePlan(job.model));
  const before = requireParameters(learner, job.parameters);
  requireFit(learner, share.training);
  const { batchSize, localEpochs } = job;
  const { filling } = learner;
  const reader = new BatchReader(share.training, { batchSize, numClasses: learner.config.numClasses, filling });
  const local = await learner.beginTraining(before, job, graphs);
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
      const examplesOf = reader.read(batch, order);
      const checked = scoreBatch(await local.step(examplesOf), examplesOf);
      signal.throwIfAborted();
      lossSum += checked.lossSum;
      correct += checked.correct;
      seen += examplesOf.count;
      requireFinite(lossSum, { epoch, batch: batch + 1, learningRate: job.learningRate });
      report({ epoch, epochs: localEpochs, batch: batch + 1, batches: reader.batches, loss: lossSum / seen });
    }
  }
  const examples = exampleCount(share.training);
  const { parameters } = local;
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
  options: Pick<TrainOptions, 'graphs' | 'signal' | 'learner'>,
): Promise<EvalResult> {
  const { graphs, signal } = options;
  signal.throwIfAborted();
  const learner = options.learner ?? new LayerListLearner(requirePlan(job.model));
  const parameters = requireParameters(learner, job.parameters);
  requireFit(learner, share.heldOut);
  const { evaluationBatchSize: batchSize, config } = learner;
  const reader = new BatchReader(share.heldOut, { batchSize, numClasses: config.numClasses });
  const probabilitiesOf = await learner.beginEvaluation(parameters, graphs);
  const { numClasses } = config;
  const confusion = numClasses > confusionClassesMax ? undefined : Array<number>(numClasses ** 2).fill(0);
  let [lossSum, correct] = [0, 0];
  for (let index = 0; index < reader.batches; index++) {
    signal.throwIfAborted();
    const batch = reader.read(index);
    const logProbabilities = await probabilitiesOf(batch);
    signal.throwIfAborted();
    const checked = scoreBatch(logProbabilities, batch, confusion);
    lossSum += checked.lossSum;
    correct += checked.correct;
  }
  const examples = exampleCount(share.heldOut);
  const told = confusion === undefined ? {} : { confusion };
  return { loss: lossSum / examples, accuracy: correct / examples, examples, ...told };
}

function requireParameters({ layout }: Learner, parameters: ParameterSet): ParameterSet {
  const matched = matchLayout(parameters, layout);
  if (matched.ok) return matched.value;
  throw trainerError('model_invalid', `The global model does not fit its description: ${matched.error}.`);
}

function requireFit({ config: { inputShape, numClasses } }: Learner, dataset: Dataset): void {
  const expected = shapeWords(inputShape);
  const found = shapeWords(dataset.shape);
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
