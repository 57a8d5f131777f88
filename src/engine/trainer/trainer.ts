import type { PreparedData } from './data/describe-data.ts';
import type {
  EvalResult,
  EvaluateJob,
  OpenedGraph,
  OpenGraphJob,
  TrainJob,
  TrainProgress,
  TrainResult,
} from './training-jobs.ts';
import type { TrainerSetup } from './worker/worker-protocol.ts';

export type {
  EvalResult,
  EvaluateJob,
  OpenedGraph,
  OpenGraphJob,
  TrainJob,
  TrainProgress,
  TrainResult,
} from './training-jobs.ts';
export type { TrainerSetup } from './worker/worker-protocol.ts';

/**
 * What trains. Every call rejects with a RoundscopeError (`data_missing`, `data_invalid`, `data_too_large`,
 * `model_invalid`, `training_failed`, `trainer_crashed`), or with the signal's reason when that aborts.
 */
export interface Trainer extends AsyncDisposable {
  /** In a few words, such as `onnxruntime CPU`. */
  readonly description: string;
  /** Looks at a network that came from elsewhere and keeps it; before `prepare`, in a run about such a one. */
  openGraph(job: OpenGraphJob, options: { readonly signal: AbortSignal }): Promise<OpenedGraph>;
  /** Loads this participant's examples; before the first `train` or `evaluate`. */
  prepare(setup: TrainerSetup, options: { readonly signal: AbortSignal }): Promise<PreparedData>;
  train(
    job: TrainJob,
    options: { readonly signal: AbortSignal; readonly onProgress?: (progress: TrainProgress) => void },
  ): Promise<TrainResult>;
  evaluate(job: EvaluateJob, options: { readonly signal: AbortSignal }): Promise<EvalResult>;
  /** A demo's fault: gradient steps stop, everything else goes on. */
  freeze(): void;
  thaw(): void;
}
