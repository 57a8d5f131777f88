import type { DataPreview, NetworkPreview } from '#shared/contract/app/port-api.ts';
import type { ErrorReport } from '#shared/base/errors.ts';
import type { PreparedData } from '../data/describe-data.ts';
import type { PreviewJob } from '../data/preview-data.ts';
import type { PreviewNetworkJob } from '../imported/preview-network.ts';
import type { DataFit } from '../data/dataset.ts';
import type {
  EvalResult,
  EvaluateJob,
  OpenedGraph,
  OpenGraphJob,
  TrainJob,
  TrainProgress,
  TrainResult,
} from '../training-jobs.ts';

/** Which examples a participant trains on. */
export interface TrainerSetup {
  /** The name of bundled data, or the path of own data. */
  readonly data: string;
  /** Its part of data that several participants divide; absent: all of it is its own. `split` as in the settings. */
  readonly share?:
    | { readonly index: number; readonly participants: number; readonly split: string; readonly seed: number }
    | undefined;
  /** What the data is fitted to; absent: the classes and the shape that it has itself. */
  readonly fit?: DataFit | undefined;
  /** Each training takes at least this long, ms, its steps evenly spread over it; absent: as fast as it can. */
  readonly trainingMs?: number | undefined;
}

/** What each kind of call takes and gives. */
export interface WorkerCalls {
  readonly prepare: { readonly job: TrainerSetup; readonly result: PreparedData };
  readonly preview: { readonly job: PreviewJob; readonly result: DataPreview };
  readonly preview_network: { readonly job: PreviewNetworkJob; readonly result: NetworkPreview };
  readonly open_graph: { readonly job: OpenGraphJob; readonly result: OpenedGraph };
  readonly train: { readonly job: TrainJob; readonly result: TrainResult };
  readonly evaluate: { readonly job: EvaluateJob; readonly result: EvalResult };
}
export type CallKind = keyof WorkerCalls;

/** What a thread is started with. */
export interface WorkerStart {
  readonly gate: SharedArrayBuffer;
}

/** Arrays are cloned, never transferred: Electron loses messages with array buffers in their transfer list. */
export type ToWorker =
  | {
      readonly [K in CallKind]: { readonly kind: K; readonly id: number; readonly job: WorkerCalls[K]['job'] };
    }[CallKind]
  | { readonly kind: 'cancel'; readonly id: number }
  | { readonly kind: 'freeze' }
  | { readonly kind: 'thaw' }
  | { readonly kind: 'close' };

export type FromWorker =
  | { readonly kind: 'done'; readonly id: number; readonly result: WorkerCalls[CallKind]['result'] }
  | { readonly kind: 'failed'; readonly id: number; readonly error: ErrorReport }
  | { readonly kind: 'cancelled'; readonly id: number }
  | { readonly kind: 'progress'; readonly id: number; readonly progress: TrainProgress };
