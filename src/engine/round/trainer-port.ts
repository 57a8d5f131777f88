import type { ModelConfig } from '#shared/contract/run/model-config.ts';
import type { ParameterSet } from '#shared/tensor/parameter-set.ts';

/** What a round needs of a trainer. `engine/trainer` fulfils it; rounds and trainers do not know each other. */
export interface TrainerPort {
  /** Rejects with a RoundscopeError, or with the signal's reason when that aborts. */
  train(
    job: TrainingJob,
    options: { readonly signal: AbortSignal; readonly onProgress?: (progress: TrainingProgress) => void },
  ): Promise<TrainingOutcome>;
  evaluate(job: EvaluationJob, options: { readonly signal: AbortSignal }): Promise<EvaluationOutcome>;
  /** Training stands still before its next step, or goes on; a job that is given up meanwhile ends all the same. */
  hold?(on: boolean): void;
}

export interface EvaluationJob {
  readonly round: number;
  readonly model: ModelConfig;
  readonly parameters: ParameterSet;
}

export interface TrainingJob extends EvaluationJob {
  readonly localEpochs: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly optimizer: 'sgd' | 'adam';
  readonly seed: number;
}

export interface TrainingProgress {
  readonly epoch: number;
  readonly epochs: number;
  readonly batch: number;
  readonly batches: number;
  readonly loss: number;
}

export interface TrainingOutcome {
  readonly parameters: ParameterSet;
  readonly examples: number;
  readonly loss: number;
  readonly accuracy: number;
  readonly durationMs: number;
  readonly updateNorm: number;
}

export interface EvaluationOutcome {
  readonly loss: number;
  readonly accuracy: number;
  readonly examples: number;
  /** Row by row of the true class; absent: of more classes than are sent. */
  readonly confusion?: number[] | undefined;
}
