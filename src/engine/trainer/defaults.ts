import type { ModelPlan } from './model/model-plan.ts';
import type { OptimizerName } from './optimizer/optimizer.ts';

export interface TrainingDefaults {
  readonly batchSize: number;
  readonly learningRate: number;
  readonly optimizer: OptimizerName;
}

/**
 * For the bundled digits: measured with four participants and four local epochs a round, seeds 1 to 4, IID, dirichlet:0.5
 * and dirichlet:0.3; slow enough for the curve to be seen to rise over some rounds. Adam, whose moments start again each
 * round, took twice as many rounds on the uneven split.
 */
export const digitsDefaults: TrainingDefaults = { batchSize: 8, learningRate: 0.002, optimizer: 'sgd' };

/** For deeper models, where a step size that suits the digits diverges. */
export const deepDefaults: TrainingDefaults = { batchSize: 32, learningRate: 0.001, optimizer: 'adam' };

/**
 * Few examples make few steps: with batches of 32 four participants that share 560 faces take five an epoch, and ten rounds are
 * not enough. Smaller batches cost about as much time (8: a tenth more).
 */
const examplesPerBatchSize = 64;
const smallBatch = 8;

/** What to train a model with when nobody says otherwise. `examples`: of the coordinator's data, which is like the others'. */
export function trainingDefaultsFor(plan: ModelPlan, examples = Infinity): TrainingDefaults {
  if (plan.config.inputShape.join('x') === '1x8x8') return digitsDefaults;
  const forFew = Math.max(smallBatch, 2 ** Math.floor(Math.log2(Math.max(1, examples / examplesPerBatchSize))));
  return { ...deepDefaults, batchSize: Math.min(deepDefaults.batchSize, forFew, comfortableBatch(plan)) };
}

/** Examples of one evaluation step: enough that calls do not count, fewer for large images. */
export function evaluationBatchSize(plan: ModelPlan): number {
  return Math.min(64, comfortableBatch(plan));
}

/** A step keeps each layer's output and its gradient, and copies of both while it sums a convolution's gradient. */
const bytesPerActivation = 4 * 4;

/** Memory that a training step takes, from the model's shapes alone: activations, and parameters four times over. */
export function stepBytes(plan: ModelPlan, batchSize: number): number {
  return plan.activationCount * batchSize * bytesPerActivation + plan.parameterCount * bytesPerActivation;
}

/** Several participants share a machine, so a step that we choose ourselves stays far below the limit. */
const comfortableBytes = 512 * 1024 * 1024;

function comfortableBatch(plan: ModelPlan): number {
  return Math.max(1, Math.floor(comfortableBytes / (plan.activationCount * bytesPerActivation)));
}

/** Progress reports a second at most; the screen shows no more. */
export const progressPerSecondMax = 10;
