import type { GraphModel, ModelConfig } from '#shared/contract/run/model-config.ts';
import type { ParameterLayout, ParameterSet } from '#shared/tensor/parameter-set.ts';
import type { OptimizerName } from './optimizer/optimizer.ts';

/** A network that came from elsewhere, to be looked at before anything is trained. */
export interface OpenGraphJob {
  readonly file: Uint8Array;
  /** What was said of it. */
  readonly model: GraphModel;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly optimizer: OptimizerName;
  readonly seed: number;
}

export interface OpenedGraph {
  /** Names and shapes of its parameters and running statistics. */
  readonly layout: ParameterLayout;
}

/** One local training: from the global model to an update of it. */
export interface TrainJob {
  readonly round: number;
  readonly model: ModelConfig;
  /** The global model; it is not changed. */
  readonly parameters: ParameterSet;
  readonly localEpochs: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly optimizer: OptimizerName;
  /** With the round, it fixes the order of examples. */
  readonly seed: number;
}

export interface TrainResult {
  readonly parameters: ParameterSet;
  /** Examples of this participant's share: its weight in the average. */
  readonly examples: number;
  /** Means over the last epoch, measured on each batch before its step. */
  readonly loss: number;
  readonly accuracy: number;
  readonly durationMs: number;
  readonly steps: number;
  /** Euclidean norm of the change. */
  readonly updateNorm: number;
}

/** `epoch` and `batch` count from 1; `loss` is the mean of the epoch so far. */
export interface TrainProgress {
  readonly epoch: number;
  readonly epochs: number;
  readonly batch: number;
  readonly batches: number;
  readonly loss: number;
}

export interface EvaluateJob {
  readonly round: number;
  readonly model: ModelConfig;
  readonly parameters: ParameterSet;
}

export interface EvalResult {
  readonly loss: number;
  readonly accuracy: number;
  readonly examples: number;
  /** Examples by true class, each by the class that was named; absent: of more classes than anybody reads. */
  readonly confusion?: number[] | undefined;
}
