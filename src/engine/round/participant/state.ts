import type { ErrorCode, ErrorReport } from '#shared/base/errors.ts';
import type { EventData, ParticipantPhase } from '#shared/contract/events.ts';
import type { Hash, ParticipantId } from '#shared/contract/ids.ts';
import { timing } from '#shared/contract/limits.ts';
import type { BodyOf, DataSummary, MessageHeader, RunPlanBody, RunStatus } from '#shared/contract/messages.ts';
import type { Tensor } from '#shared/tensor/tensor.ts';
import type { ParticipantMessage, ReportEffect, RunOutcome } from '../machine.ts';
import type { Telling } from '../telling.ts';

export interface ParticipantConfig {
  readonly name: ParticipantId;
  /** SHA-256 of its public key. */
  readonly key: string;
  /** How it trains, in words: `onnxruntime 1.30 (CPU)`. */
  readonly trainer: string;
  /** How much of its data it tells; absent: all. */
  readonly telling?: Telling | undefined;
  /** An update that a former process of this participant computed and kept: not to be trained again. */
  readonly kept?: (ComputedUpdate & { readonly sizeBytes: number }) | undefined;
}

/** One that was sent and of which the coordinator has not said what became of it. */
export interface PendingUpdate {
  readonly round: number;
  readonly hash: Hash;
  readonly sizeBytes: number;
}

export interface ComputedUpdate {
  readonly round: number;
  readonly hash: Hash;
  readonly body: BodyOf<'model_update'>;
}

/** A global model that it keeps; what it is for is told by the control message that names its hash. */
export interface HeldModel {
  readonly hash: Hash;
  readonly round: number;
  readonly tensors: readonly Tensor[];
}

/** What the coordinator asked for last. It may wait for its model or for the configuration: lanes are not ordered. */
export interface Task {
  readonly kind: 'train' | 'evaluate';
  readonly round: number;
  /** Null: an older coordinator that names no hash means the model of this round. */
  readonly model: Hash | null;
  /** Serial number of the running work; null while something is missing. */
  readonly job: number | null;
}

/** What loading the data has shown: what the coordinator is told of it, and what stays on this machine. */
export type LoadedData = Omit<EventData<'data_loaded'>, 'participant'>;

export interface ParticipantState {
  readonly config: ParticipantConfig;
  /** What the run is about; null until the coordinator has told. */
  readonly plan: RunPlanBody | null;
  /** In the classes and the shape of the plan; null until it has been fitted to that, when it registers. */
  readonly data: DataSummary | null;
  /** The network of the plan was asked for and has not come. */
  readonly awaitsGraph: boolean;
  readonly registered: boolean;
  /** The coordinator's user has not decided yet whether it is let in. */
  readonly waitsToEnter: boolean;
  /** By its user's wish. */
  readonly paused: boolean;
  readonly registerSentMs: number;
  readonly training: BodyOf<'training_config'> | null;
  /** Oldest first, at most `modelsHeldMax`. */
  readonly models: readonly HeldModel[];
  readonly task: Task | null;
  readonly jobs: number;
  readonly lastUpdate: (ComputedUpdate & { readonly sizeBytes: number }) | null;
  /** `lastUpdate` was computed by a former process, and nothing has been said of it here. */
  readonly updateUntold: boolean;
  /** Sent and not checked, oldest first, at most `pendingUpdatesMax`: a decision may come when the next round is under way. */
  readonly pendingUpdates: readonly PendingUpdate[];
  readonly lastEvaluation: {
    readonly round: number;
    readonly model: Hash;
    readonly body: BodyOf<'evaluation_result'>;
  } | null;
  readonly phase: ParticipantPhase;
  readonly phaseRound: number;
  readonly progressSentMs: number;
  readonly outcome: RunOutcome | null;
}

export type ParticipantInput =
  | { readonly kind: 'message'; readonly header: MessageHeader; readonly model?: ModelFinding | undefined }
  /** The coordinator was restarted: it remembers the run, and nothing of what was said over this link lately. */
  | { readonly kind: 'link_reset' }
  /** `status`: how the run ended, where the end of the link says so; `code`: of the end. */
  | {
      readonly kind: 'link_closed';
      readonly reason: string;
      readonly status?: RunStatus | undefined;
      readonly code?: string | undefined;
    }
  | { readonly kind: 'transfer'; readonly round: number; readonly of: string; readonly direction: 'up' | 'down' }
  | { readonly kind: 'progress'; readonly job: number; readonly progress: BodyOf<'training_progress'> }
  /** Trained and encoded: the driver keeps the bytes under `hash`. */
  | {
      readonly kind: 'trained';
      readonly job: number;
      readonly hash: Hash;
      readonly sizeBytes: number;
      readonly result: Omit<BodyOf<'model_update'>, 'base'>;
    }
  | { readonly kind: 'evaluated'; readonly job: number; readonly result: BodyOf<'evaluation_result'> }
  | { readonly kind: 'work_failed'; readonly job: number; readonly code: ErrorCode; readonly reason: string }
  /** This update was given up before all of it was sent. */
  | { readonly kind: 'withdrawn'; readonly round: number; readonly hash: Hash; readonly reason: string }
  /** The network of the plan is not on this machine. */
  | { readonly kind: 'graph_missing' }
  /** The data has been fitted to the plan, or cannot be. */
  | { readonly kind: 'prepared'; readonly loaded: LoadedData }
  | { readonly kind: 'misfit'; readonly error: ErrorReport }
  /** The link has been open for so long, and the coordinator has not told what its run is about. */
  | { readonly kind: 'no_plan'; readonly waitedMs: number }
  /** The coordinator has told it, in words that this version cannot read. */
  | { readonly kind: 'unreadable_plan'; readonly code: ErrorCode; readonly reason: string }
  /** By its user: compute nothing more, or go on. */
  | { readonly kind: 'pause'; readonly on: boolean; readonly reason: string }
  | { readonly kind: 'tick' }
  | { readonly kind: 'stop'; readonly reason: string };

/** The driver's finding about the payload of a `global_model`. */
export type ModelFinding =
  | { readonly ok: true; readonly tensors: readonly Tensor[] }
  | { readonly ok: false; readonly code: ErrorCode; readonly reason: string };

export type ParticipantEffect =
  | { readonly kind: 'send'; readonly message: ParticipantMessage }
  | {
      readonly kind: 'train';
      readonly job: number;
      readonly round: number;
      readonly config: BodyOf<'training_config'>;
      readonly model: HeldModel;
    }
  | {
      readonly kind: 'evaluate';
      readonly job: number;
      readonly round: number;
      readonly config: BodyOf<'training_config'>;
      readonly model: HeldModel;
    }
  | { readonly kind: 'prepare'; readonly plan: RunPlanBody }
  /** The trainer stands still between two steps, or goes on. */
  | { readonly kind: 'hold_work'; readonly on: boolean }
  | { readonly kind: 'abort_work'; readonly job: number; readonly reason: string }
  /** Updates of rounds up to this one are of no use any more, unless they have gone out. */
  | { readonly kind: 'withdraw_updates'; readonly last: number }
  /** The coordinator has checked this update: it need not outlive the process any longer. */
  | { readonly kind: 'forget_update'; readonly hash: Hash }
  | { readonly kind: 'end'; readonly outcome: RunOutcome }
  | ReportEffect;

/** The one in use and the one that may arrive meanwhile. */
export const modelsHeldMax = 2;
/** More rounds than this are not behind when a late decision comes. */
export const pendingUpdatesMax = 8;
/** Progress is told at most this often, and at the end. */
export const progressIntervalMs = 250;
/** A coordinator that knows nothing of us is told who we are, but not in a loop, and not before it would listen. */
export const registerAgainMs = 1.5 * timing.registerIntervalMs;
