import type { Clock } from '#shared/base/time/clock.ts';
import type { Hash } from '#shared/contract/ids.ts';
import type { RunPlanBody } from '#shared/contract/messages.ts';
import type { ModelConfig } from '#shared/contract/run/model-config.ts';
import type { Reporter } from '#shared/contract/reporter.ts';
import type { ParameterLayout } from '#shared/tensor/parameter-set.ts';
import type { Link } from '#engine/link/link.ts';
import type { ModelStore } from '../model-store.ts';
import type { TransferListener } from '../observed-reporter.ts';
import type { PayloadCodec } from '../payload-codec.ts';
import type { Telling } from '../telling.ts';
import type { TrainerPort } from '../trainer-port.ts';
import type { GraphStore } from './arriving-graph.ts';
import type { ComputedUpdate, LoadedData } from './state.ts';

/** What a process gives to `runParticipant`. */
export interface ParticipantOptions {
  readonly link: Link;
  readonly trainer: TrainerPort;
  /** Words for the trainer, for the register message. */
  readonly trainerDescription: string;
  /** Before anything is fetched or read for it: throws a RoundscopeError where this machine does not do what is asked. Absent: it does. */
  readonly approve?: ((plan: RunPlanBody) => void) | undefined;
  /**
   * Loads this participant's data as the run sees it: its classes by name, its shape. Rejects with a RoundscopeError when
   * it does not fit, or with the signal's reason when that aborts.
   */
  readonly fitData: (plan: RunPlanBody, options: { readonly signal: AbortSignal }) => Promise<LoadedData>;
  /** How much of its data the coordinator is told. */
  readonly telling: Telling;
  /** SHA-256 of this participant's public key. */
  readonly key: string;
  /** Names and shapes of a model's parameters. */
  readonly layoutOf: (model: ModelConfig) => ParameterLayout;
  /** Reads a network from elsewhere, and keeps it for training; absent: such runs cannot be joined. */
  readonly openGraph?:
    | ((plan: RunPlanBody, file: Uint8Array, options: { readonly signal: AbortSignal }) => Promise<ParameterLayout>)
    | undefined;
  /** Networks that are on this machine from earlier; absent: none are. */
  readonly graphs?: GraphStore | undefined;
  readonly codec: PayloadCodec;
  readonly clock: Clock;
  readonly reporter: Reporter;
  readonly transfers?: { onTransfer(listener: TransferListener): Disposable } | undefined;
  /** `mirror`: report the coordinator's rounds too, where it is on another machine and reports to nobody here. */
  readonly coordinatorEvents: 'mirror' | 'none';
  /** One round's training ends after this, ms; default `timing.trainingMaxMs`. */
  readonly trainingMaxMs?: number | undefined;
  /** Where a computed update is kept until the coordinator has checked it; absent: nowhere. */
  readonly updates?: UpdateStore | undefined;
  /** One that a former process of this participant left there. */
  readonly kept?: { readonly update: ComputedUpdate; readonly bytes: Uint8Array } | undefined;
  /** Is given each global model that comes, and told how its round ended. */
  readonly models?: ModelStore | undefined;
  /** Called once with what pauses this participant, and lets it go on. */
  readonly onPausable?: ((pause: (on: boolean, reason: string) => void) => void) | undefined;
  /** Leaves the run: says goodbye, closes the link; the outcome is `interrupted`. */
  readonly signal: AbortSignal;
}

/** Keeps one update on disk, the newest; failures are told and cost nothing but that. */
export interface UpdateStore {
  /** The one that lies there, for a coordinator that has not checked it. */
  readonly pending: { readonly round: number } | null;
  keep(update: ComputedUpdate, bytes: Uint8Array): Promise<void>;
  forget(hash: Hash): Promise<void>;
}
