import type { ModelConfig } from '#shared/contract/model-config.ts';
import type { OptimiserName } from './optimiser/optimiser.ts';

export interface TrainingDefaults {
  readonly batchSize: number;
  readonly learningRate: number;
  readonly optimiser: OptimiserName;
}

/**
 * For the bundled digits: measured with four participants and one local epoch a round, seeds 1 to 5, IID and
 * dirichlet:0.3. Adam, whose moments start anew each round, took twice as many rounds on the uneven split.
 */
export const digitsDefaults: TrainingDefaults = { batchSize: 8, learningRate: 0.03, optimiser: 'sgd' };

/** For deeper models, where a step size that suits the digits diverges. */
export const deepDefaults: TrainingDefaults = { batchSize: 32, learningRate: 0.001, optimiser: 'adam' };

/** What to train a model with when nobody says otherwise. */
export function trainingDefaultsFor(model: ModelConfig): TrainingDefaults {
  return model.inputShape.join('x') === '1x8x8' ? digitsDefaults : deepDefaults;
}

/** Examples of one evaluation step: large enough that calls do not count, small enough for the largest images. */
export const evaluationBatchSize = 64;

/** Progress reports a second at most; the screen shows no more. */
export const progressPerSecondMax = 10;
