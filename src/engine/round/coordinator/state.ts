import type { LinkState } from '#shared/contract/events.ts';
import type { ErrorCode } from '#shared/base/errors.ts';
import type { Hash, ParticipantId } from '#shared/contract/ids.ts';
import type { PassTerms } from '#shared/contract/app/invitation.ts';
import type { AdmissionPolicy } from '#shared/contract/run/admission.ts';
import type { BodyOf, DataSummary, HeaderOf, MessageHeader, RoundPhase } from '#shared/contract/messages.ts';
import type { ModelConfig } from '#shared/contract/run/model-config.ts';
import type { Protocol, Stack } from '#shared/contract/protocols.ts';
import type { DemoSettings, RunSettings } from '#shared/contract/run/settings.ts';
import type { OwnWeight, WeightRule } from '#shared/contract/run/weight-rule.ts';
import type { ParameterSet } from '#shared/tensor/parameter-set.ts';
import type { Admission } from '../admission.ts';
import type { UpdateMeasure } from '../aggregation/fedavg.ts';
import type { MachineMessage, ReportEffect, RunOutcome } from '../machine.ts';
import type { JournalRecord } from './run-journal.ts';

export interface CoordinatorConfig {
  readonly settings: RunSettings;
  readonly model: ModelConfig;
  readonly initialModel: Hash;
  /** Trainable numbers in the model. */
  readonly parameters: number;
  /** Names of the run's classes; labels are indices into them. */
  readonly classes: readonly string[];
  readonly baselineAccuracy: number;
  /** Version of this program. */
  readonly software: string;
  readonly participantsMax: number;
  readonly demo?: DemoSettings | undefined;
  readonly self?: ParticipantId | undefined;
  /** Absent: anyone with the invitation is let in. */
  readonly admission?: AdmissionPolicy | undefined;
}

/** A link as the driver numbered it. Two may claim one participant id until `register` shows whose it is. */
export interface LinkRecord {
  readonly link: number;
  readonly participant: ParticipantId;
  readonly address: string;
  readonly protocol: Protocol;
  readonly stack: Stack;
  readonly state: LinkState;
  readonly reason: string;
  /** Monotonic ms since when it is in this state. */
  readonly sinceMs: number;
  readonly lastHeardMs: number;
  readonly connections: number;
  readonly unacknowledged: number;
  /** As in `LinkStatus`. */
  readonly obstacle?: string | undefined;
  /** SHA-256 of the peer's public key, as in `LinkStatus`. */
  readonly peerKey: string;
  /** When a `register` was last taken over it; -Infinity: none was. */
  readonly registeredMs: number;
  /** When it was opened. */
  readonly openedMs: number;
  /** So often the network of the run was sent over it. */
  readonly graphsSent: number;
  /** Of the invitation that it has shown: checked again when it registers. */
  readonly terms: PassTerms;
  /** Its key was let into the run under this name before, and has not left. */
  readonly owns: boolean;
}

/** A participant that waits to be let in: what it said of itself, to be gone on with. */
export interface Asking {
  readonly link: number;
  readonly header: HeaderOf<'register'>;
  readonly sinceMs: number;
  /** So often it has asked. */
  readonly times: number;
}

/** A registered participant. One that has left stays until the next round starts, so that the round can name it. */
export interface ParticipantRecord {
  readonly id: ParticipantId;
  readonly key: string;
  readonly link: number;
  readonly data: DataSummary;
  readonly trainer: string;
  readonly fromRound: number;
  /** Hash of the last model sent to it; it keeps that one, so the next round need not send it again. */
  readonly holds: Hash | null;
  /** Its newest update that counts: a late copy is told the same again, also when the round is over. */
  readonly lastCounted: { readonly round: number; readonly hash: Hash } | null;
  /** The last round of whose end it was told, or before which it was not there. */
  readonly toldRound: number;
  /** Rounds in which an update of it has counted. */
  readonly counted: number;
  /** Deadlines missed in a row. */
  readonly misses: number;
  /** By its user's wish; it stays in the run. */
  readonly paused: boolean;
  readonly left: { readonly reason: string; readonly clean: boolean } | null;
}

export interface Contribution {
  readonly hash: Hash;
  /** Those that count, of those that it claimed. */
  readonly examples: number;
  readonly claimed: number;
  /** How it counted; null until it has. */
  readonly weighed: Weighed | null;
  readonly loss: number;
  readonly accuracy: number;
  readonly norm: number;
  readonly sizeBytes: number;
  /** It was the n-th that counted in its round; absent where a former process did not keep it. */
  readonly order?: number | undefined;
  readonly parameters: ParameterSet;
}

export type Weighed = Pick<UpdateMeasure, 'share' | 'clipped'>;

/** Examples are those that count. */
export type Evaluation = BodyOf<'evaluation_result'> & { readonly claimed: number };

/** Why a participant does not do its part of a round. */
export interface Failure {
  readonly round: number;
  readonly code: ErrorCode;
  readonly reason: string;
}

/** A participant in the current round. */
export interface Member {
  readonly id: ParticipantId;
  /** Whose part of the round this is: the name may be another one's by its end. */
  readonly key: string;
  /** False: on probation, its contribution counts if it comes in time, but nobody waits for it. */
  readonly awaited: boolean;
  readonly startedMs: number;
  /** The model was sent for this round, since it did not hold it. */
  readonly awaitsModel: boolean;
  /** Its link has acknowledged what it needs to begin. */
  readonly delivered: boolean;
  readonly progress: (BodyOf<'training_progress'> & { readonly atMs: number }) | null;
  readonly transfer: Transfer | null;
  readonly contribution: Contribution | null;
  readonly refusal: { readonly contribution: Hash; readonly code: ErrorCode; readonly reason: string } | null;
  /** It said itself that it cannot. */
  readonly failure: string | null;
  readonly evaluation: Evaluation | null;
  /** Asked to evaluate, and waited for. */
  readonly evaluates: 'no' | 'asked' | 'awaited';
}

export interface Transfer {
  readonly kind: string;
  readonly direction: 'up' | 'down';
  readonly sentBytes: number;
  readonly totalBytes: number;
  /** Monotonic ms of its last byte. */
  readonly atMs: number;
}

export interface CoordinatorState {
  readonly config: CoordinatorConfig;
  readonly phase: RoundPhase;
  /** 0 before the first round. */
  readonly round: number;
  readonly phaseSinceMs: number;
  readonly roundSinceMs: number;
  /** Monotonic ms of the next automatic action. */
  readonly deadlineMs: number;
  readonly links: ReadonlyMap<number, LinkRecord>;
  /** In order of id, so that everything derived from it is too. */
  readonly participants: ReadonlyMap<ParticipantId, ParticipantRecord>;
  /** Of the current round, in order of id. */
  readonly members: ReadonlyMap<ParticipantId, Member>;
  /** The model that the round started from, and the newest one. */
  readonly modelBefore: Hash;
  readonly model: Hash;
  /** How the latest rounds ended, oldest first, at most `roundEndsKept`: for those who were away. */
  readonly ends: readonly RoundEnd[];
  readonly admission: Admission;
  /** By key, at most `admissionWaitingMax`, who came first first. */
  readonly asking: ReadonlyMap<string, Asking>;
  /** Monotonic ms at which a link that has not registered may have to go; Infinity: there is none. */
  readonly strangersAtMs: number;
  readonly roundsCompleted: number;
  readonly loss: number | null;
  readonly accuracy: number | null;
  readonly status: PublishedStatus;
  /** Monotonic ms since when this process goes on with a run that another began; null: it began it itself. */
  readonly restartedMs: number | null;
  /** Participants whose processes are known to have ended for good, and how. */
  readonly gone: ReadonlyMap<ParticipantId, string>;
  /** The run was over when the former process died, and not everybody may have heard. */
  readonly ending: RunOutcome | null;
  readonly outcome: RunOutcome | null;
}

export interface RoundEnd {
  readonly round: number;
  readonly body: Omit<BodyOf<'round_summary'>, 'own'>;
  /** How each update counted: told to its participant alone. Empty where a former process knew it. */
  readonly weights: ReadonlyMap<ParticipantId, OwnWeight>;
}

/** What was last said about the wait, so that only changes are said. */
export interface PublishedStatus {
  readonly stale: boolean;
  readonly phase: RoundPhase | null;
  readonly round: number;
  readonly atMs: number;
  readonly whyAtMs: number;
  readonly why: string;
}

/** The driver's finding about the payload of a `model_update`. */
export type UpdateFinding =
  | { readonly ok: true; readonly parameters: ParameterSet }
  | { readonly ok: false; readonly code: ErrorCode; readonly reason: string };

export type CoordinatorInput =
  | {
      readonly kind: 'link_opened';
      readonly link: number;
      readonly participant: ParticipantId;
      readonly address: string;
      readonly protocol: Protocol;
      readonly stack: Stack;
      readonly peerKey: string;
      readonly terms: PassTerms;
      readonly owns: boolean;
    }
  /** Somebody who takes no part asks what the run is about, and whether a name is free. */
  | { readonly kind: 'looked'; readonly link: number; readonly asks: ParticipantId; readonly kept: boolean }
  /** An update came over this link and is none that a link takes. */
  | ({ readonly kind: 'unreadable_update'; readonly link: number } & Failure)
  | {
      readonly kind: 'link_state';
      readonly link: number;
      readonly state: LinkState;
      readonly reason: string;
      readonly lastHeardMs: number;
      readonly connections: number;
      readonly unacknowledged: number;
      readonly obstacle?: string | undefined;
      readonly protocol: Protocol;
      readonly stack: Stack;
    }
  | { readonly kind: 'link_closed'; readonly link: number; readonly reason: string; readonly clean: boolean }
  | {
      readonly kind: 'message';
      readonly link: number;
      readonly header: MessageHeader;
      readonly update?: UpdateFinding | undefined;
    }
  /** The peer's link has acknowledged a message of this kind. */
  | {
      readonly kind: 'delivered';
      readonly link: number;
      readonly message: MachineMessage['kind'];
      readonly round: number;
    }
  | ({
      readonly kind: 'transfer';
      readonly participant: ParticipantId;
      readonly round: number;
      readonly of: string;
    } & Omit<Transfer, 'kind' | 'atMs'>)
  | {
      readonly kind: 'aggregated';
      readonly round: number;
      readonly model: Hash;
      readonly durationMs: number;
      readonly stepNorm: number;
      readonly updates: readonly (UpdateMeasure & { readonly participant: ParticipantId })[];
    }
  | { readonly kind: 'aggregation_failed'; readonly round: number; readonly reason: string }
  | { readonly kind: 'gone'; readonly participant: ParticipantId; readonly reason: string }
  | AdmissionInput
  /** By the coordinator's user: begin with those who are here. */
  | { readonly kind: 'start_now' }
  | { readonly kind: 'tick' }
  /** This process did nothing for so long: stopped, asleep, or without a processor. */
  | { readonly kind: 'event_loop_stall'; readonly ms: number }
  | { readonly kind: 'stop'; readonly reason: string };

/** By the coordinator's user, about who takes part. `key`: of whom the user was asked about; absent: whoever has the name. */
export type AdmissionInput =
  | {
      readonly kind: 'admit' | 'refuse';
      readonly participant: ParticipantId;
      readonly key?: string | undefined;
    }
  | {
      readonly kind: 'expel';
      readonly participant: ParticipantId;
      readonly key?: string | undefined;
      readonly reason: string;
    }
  /** So often the invitation has been renewed now. */
  | { readonly kind: 'renewed'; readonly generation: number };

export type CoordinatorEffect =
  | { readonly kind: 'send'; readonly link: number; readonly message: MachineMessage }
  | {
      readonly kind: 'close_link';
      readonly link: number;
      readonly code: string;
      readonly reason: string;
      /** What is on its way over it is not waited for. */
      readonly cut?: true;
    }
  /** Who has this link is in the run, and its name is its own from now on. */
  | { readonly kind: 'admitted'; readonly link: number }
  | {
      readonly kind: 'aggregate';
      readonly round: number;
      readonly base: Hash;
      readonly rule: WeightRule;
      /** In order of participant id; examples are those that count. */
      readonly contributions: readonly {
        readonly participant: ParticipantId;
        readonly examples: number;
        readonly parameters: ParameterSet;
      }[];
    }
  /** To be on disk, where there is one for it, before the effects that follow. */
  | { readonly kind: 'journal'; readonly record: JournalRecord }
  /** What the door is to go by from now on. */
  | { readonly kind: 'admission'; readonly admission: Admission }
  | { readonly kind: 'end'; readonly outcome: RunOutcome }
  | ReportEffect;

/** A link that has been down this long is away: its participant is not selected for a new round until it is back. */
export const awayMs = 10_000;
/** Deadlines missed in a row after which nobody waits for a participant until it contributes again. */
export const probationMisses = 2;
/** Ends of rounds that a participant which was away is told when it is back; of older ones it knows that they are over. */
export const roundEndsKept = 16;
/** Own work, in slices: only a bug or a dying machine takes longer. */
export const aggregationDeadlineMs = 600_000;
/** Changes of the wait within this time are told together: each goes to every participant. */
export const statusIntervalMs = 200;
/** The reasons for a wait change all the time; this often they are told again. */
export const whyIntervalMs = 1_000;
