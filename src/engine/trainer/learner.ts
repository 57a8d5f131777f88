import type { ModelConfig } from '#shared/contract/run/model-config.ts';
import type { ParameterLayout, ParameterSet } from '#shared/tensor/parameter-set.ts';
import type { Batch, RowFilling } from './batches.ts';
import type { GraphCache } from './graph-cache.ts';
import type { TrainJob } from './training-jobs.ts';

/** A model as training and evaluation see it, whether it is a list of layers or a network from elsewhere. Decision 0109. */
export interface Learner {
  readonly config: Pick<ModelConfig, 'inputShape' | 'numClasses'>;
  readonly layout: ParameterLayout;
  readonly evaluationBatchSize: number;
  /** What stands in the rows of a batch that has fewer examples. */
  readonly filling: RowFilling;
  /** @param parameters what training begins with, in the order of the layout; not changed */
  beginTraining(parameters: ParameterSet, job: StepSettingsOf, graphs: GraphCache): Promise<Training>;
  /** @returns what gives the log probabilities [rows, classes] of a batch */
  beginEvaluation(parameters: ParameterSet, graphs: GraphCache): Promise<(batch: Batch) => Promise<Float32Array>>;
}

export type StepSettingsOf = Pick<TrainJob, 'batchSize' | 'learningRate' | 'optimizer' | 'seed'>;

export interface Training {
  /** Parameters after the steps so far. */
  readonly parameters: ParameterSet;
  /** Takes a step. @returns the log probabilities [rows, classes] of the batch before it */
  step(batch: Batch): Promise<Float32Array>;
}
