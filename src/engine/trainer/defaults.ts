import type { OptimiserName } from './optimiser/optimiser.ts';

/** Measured on the bundled digits, four participants, one local epoch a round: see federation.test.ts. */
export const trainingDefaults: {
  readonly batchSize: number;
  readonly learningRate: number;
  readonly optimiser: OptimiserName;
} = { batchSize: 16, learningRate: 0.002, optimiser: 'adam' };

/** Examples of one evaluation step: large enough that calls do not count, small enough for the largest images. */
export const evaluationBatchSize = 64;

/** Progress reports a second at most; the screen shows no more. */
export const progressPerSecondMax = 10;
