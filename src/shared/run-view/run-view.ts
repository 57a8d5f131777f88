import type { Loss } from '../contract/losses.ts';
import type { Chair, EventData, LinkState, ParticipantPhase } from '../contract/events.ts';
import type { DataSummary, RoundPhase, RunStatus } from '../contract/messages.ts';
import type { Protocol, Stack } from '../contract/protocols.ts';
import type { Confusion, RoundConfusion } from '../contract/run/confusion.ts';
import type { DemoSettings, FaultName } from '../contract/run/settings.ts';
import type { AdmissionRule } from '../contract/run/admission.ts';
import type { WeightRule } from '../contract/run/weight-rule.ts';

/**
 * What views show of a run: the projection of its events by `apply-event.ts`. The service keeps one for snapshots, the
 * renderer one for the screen, the command line one for its summary; the same events give the same view everywhere.
 * All times are wall time in ms since 1970 as the reporting process saw it.
 */
export interface RunView {
  readonly run: string;
  readonly name: string;
  /** From where this app sees the run; null in recordings that do not say. */
  readonly chair: Chair | null;
  readonly demo: DemoSettings | null;
  readonly self: string | null;
  /** Since when this app takes part: the run may have begun before. */
  readonly startedAt: number;
  readonly endedAt: number | null;
  readonly status: RunStatus | 'starting' | 'running';
  readonly endReason: string;
  /** It ended for this participant alone, which left or whose process died; how it goes on elsewhere is not known here. */
  readonly left: boolean;
  readonly roundsPlanned: number;
  /** Null: not known. */
  readonly baselineAccuracy: number | null;
  /** How updates and evaluations count; null: not told. */
  readonly weightRule: WeightRule | null;
  /** Names of the run's classes; empty: not known. */
  readonly classes: readonly string[];
  /** What this app's own participant made of each round, in order; empty without one. */
  readonly contributions: readonly ContributionView[];
  /** The arrays of this app's own newest update; null: none yet, or not recorded. */
  readonly sentTensors: EventData<'update_tensors'> | null;
  /** Data read on this machine, by participant (or `coordinator`). */
  readonly loaded: readonly (EventData<'data_loaded'> & { readonly at: number })[];
  /** Models written to disk, newest last. */
  readonly models: readonly (EventData<'model_saved'> & { readonly at: number })[];
  /** As the coordinator counts; more than are listed where a view begins in the middle of a run. */
  readonly roundsCompleted: number;
  /**
   * Time of all rounds whose end was told, as the coordinator measured it, ms, and how many they are. The same from every
   * chair, which the time since `startedAt` is not: a coordinator waits for participants, and a participant comes later.
   */
  readonly roundsMs: number;
  readonly roundsTold: number;
  readonly round: number;
  readonly phase: RoundPhase;
  readonly wait: EventData<'round_status'> | null;
  /** In order of round. */
  readonly rounds: readonly RoundView[];
  /** In order of id. */
  readonly participants: readonly ParticipantView[];
  readonly verdicts: readonly VerdictView[];
  readonly faults: readonly FaultView[];
  /** Of participants behind a relay, in the order in which they came. */
  readonly networks: readonly NetworkView[];
  readonly notices: readonly NoticeView[];
  readonly refused: readonly (EventData<'participant_refused'> & { readonly at: number })[];
  /** Who waits to be let in, who came first first; from a participant's chair only itself. */
  readonly asking: readonly AskingView[];
  /** Who is let in; null: not told. */
  readonly admits: AdmissionRule | null;
  /** How often the invitation was renewed. */
  readonly invitationsRenewed: number;
  /** Of peers that were not let in: what is only counted. */
  readonly unrecorded: EventData<'peers_unrecorded'>;
  readonly processes: readonly ProcessView[];
  readonly recorder: EventData<'recorder_stats'> | null;
  /** Where rows are missing, in the order in which it was told; the totals are the recorder's. */
  readonly losses: readonly LossView[];
  /** Largest event-loop delay seen in any process of ours, ms. */
  readonly loopDelayMsMax: number;
  /** What fell out of the bounded lists above. */
  readonly dropped: number;
}

/** Somebody whom the coordinator's user has to decide about. */
export interface AskingView {
  readonly participant: string;
  readonly key: string;
  /** Empty from its own chair. */
  readonly address: string;
  readonly at: number;
}

export interface RoundView {
  readonly round: number;
  readonly state: RoundPhase | 'done' | 'stalled';
  readonly startedAt: number;
  readonly endedAt: number | null;
  readonly deadlineAt: number;
  readonly selected: readonly string[];
  readonly updates: readonly UpdateView[];
  /**
   * Bytes of the models that the coordinator has sent whole in this round, to train and to evaluate; what it sent again
   * counts again. A participant is not told of others': null from its chair.
   */
  readonly bytesDown: number | null;
  /** Whose updates the coordinator said were in, in the order in which that was heard: all that a participant knows of others. */
  readonly arrivals: readonly { readonly participant: string; readonly at: number }[];
  readonly evaluations: readonly {
    readonly participant: string;
    readonly at: number;
    readonly loss: number;
    readonly accuracy: number;
    /** Those that count, of those that it claimed. */
    readonly examples: number;
    readonly claimed: number;
    /** Of the newest rounds; absent: it sent none, or the round is older. */
    readonly confusion?: Confusion | undefined;
    /** Its part of the round's loss and accuracy, 0 to 1; null until the round has ended. */
    readonly share: number | null;
  }[];
  readonly missing: readonly string[];
  /** Whose updates are in the new model; null until the round has ended, or not told. */
  readonly contributors: readonly string[] | null;
  readonly loss: number | null;
  readonly accuracy: number | null;
  /** Mean F1 of the classes; null until the round has ended, or not known. */
  readonly macroF1: number | null;
  /** Of the newest rounds alone; null: not known. */
  readonly confusion: RoundConfusion | null;
  readonly modelBefore: string;
  readonly modelAfter: string;
  readonly aggregatedAt: number | null;
  readonly aggregationMs: number;
  readonly stepNorm: number | null;
  /** As the coordinator measured it, ms; null until it has said so. From here it looks shorter or longer by the way of a message. */
  readonly durationMs: number | null;
  /** Phases of the coordinator in this round, for its lane. */
  readonly phases: readonly { readonly phase: RoundPhase; readonly at: number }[];
}

/** This app's own work in one round, and what became of it. */
export interface ContributionView {
  readonly round: number;
  /**
   * `training`: at work; `kept`: computed, not acknowledged, and no link to send it over; `sent`: awaiting acknowledgement;
   * `counted`, `refused` as the coordinator said; `acknowledged`: as one that counts, and the end of its round was never
   * told; `missed`: the round ended without it; `unknown`: nobody told.
   */
  readonly outcome: 'training' | 'kept' | 'sent' | 'counted' | 'acknowledged' | 'refused' | 'missed' | 'unknown';
  readonly reason: string;
  readonly startedAt: number;
  readonly trainedAt: number | null;
  readonly acknowledgedAt: number | null;
  readonly sizeBytes: number | null;
  readonly examples: number | null;
  readonly loss: number | null;
  readonly accuracy: number | null;
  readonly norm: number | null;
  readonly trainMs: number | null;
  readonly order: number | null;
  /** Its share of the new model, 0 to 1; null until the round has ended, or not told. */
  readonly weight: number | null;
  /** Of its examples those that count, and what its update was multiplied with; null: not told. */
  readonly countedExamples: number | null;
  readonly clipped: number | null;
  readonly modelHash: string;
}

export interface UpdateView {
  readonly participant: string;
  readonly at: number;
  readonly contribution: string;
  /** Those that count, of those that it claimed. */
  readonly examples: number;
  readonly claimed: number;
  readonly sizeBytes: number;
  /** In its round, and so in the model that the round ends with. */
  readonly counted: boolean;
  /** It counted until the run ended before its round did. */
  readonly acknowledged: boolean;
  readonly reason: string;
  readonly loss: number;
  readonly accuracy: number;
  /** As the participant says, until it has been measured. */
  readonly norm: number;
  readonly cosine: number | null;
  /** Its share of the new model, 0 to 1, and what it was multiplied with; null until it is averaged. */
  readonly share: number | null;
  readonly clipped: number | null;
  /** Cosine with the direction of the others; null until it is averaged. */
  readonly agreement: number | null;
}

/** One stretch of a swimlane; `endedAt` null while it grows. */
export interface SegmentView {
  readonly round: number;
  readonly phase: ParticipantPhase;
  readonly startedAt: number;
  readonly endedAt: number | null;
}

export interface ParticipantView {
  readonly id: string;
  readonly key: string;
  /** Whether it is told that it signed its hello with that key. */
  readonly keyProved: boolean;
  readonly address: string;
  readonly protocol: Protocol;
  readonly stack: Stack;
  readonly data: DataSummary | null;
  readonly trainer: string;
  readonly joinedAt: number;
  readonly fromRound: number;
  /** Since when it pauses; null: it does not, or that was not told. */
  readonly paused: { readonly at: number; readonly reason: string } | null;
  /** Pauses that are over, newest last. */
  readonly pauses: readonly { readonly from: number; readonly to: number }[];
  /** Its process is gone; null: it lives, or is on another machine. */
  /** `restarts`: its process is started again. */
  readonly exited: { readonly at: number; readonly note: string; readonly restarts: boolean } | null;
  /** When its process ended, before the one that lives, and when that one was first heard of; null: it is the first. */
  readonly restarted: { readonly at: number; readonly note: string; readonly backAt: number } | null;
  readonly left: { readonly at: number; readonly reason: string; readonly clean: boolean } | null;
  /** It did not leave by itself: the coordinator has sent it away for the rest of the run. */
  readonly expelled: { readonly at: number; readonly reason: string } | null;
  readonly phase: ParticipantPhase;
  readonly phaseRound: number;
  readonly phaseSince: number;
  readonly progress: (EventData<'training_progress'> & { readonly at: number }) | null;
  readonly transfer: (EventData<'transfer_progress'> & { readonly at: number }) | null;
  readonly segments: readonly SegmentView[];
  readonly link: LinkView;
  /** Which end's link figures are shown, and when they came. */
  readonly statsSide: 'participant' | 'coordinator';
  readonly statsAt: number;
  /** Last sign of life by clock: bytes that came over the link, the process, progress in its work. */
  readonly lastLinkAt: number;
  readonly lastProcessAt: number;
  readonly lastProgressAt: number;
  /** Updates that count in the rounds that this app saw; null where no round has told of it. */
  readonly counted: number | null;
  /** Local training per round: loss, accuracy, time. */
  readonly trainings: readonly (EventData<'training_done'> & { readonly at: number })[];
  readonly rtt: readonly { readonly at: number; readonly ms: number }[];
  readonly selected: boolean;
  /** Why it is waited for, as the coordinator says it. */
  readonly waitReason: string;
  readonly faults: readonly FaultName[];
  /** Protocols that it chose where the run left it the choice, newest last; what fell out is counted. */
  readonly choices: readonly ChoiceView[];
  readonly choicesDropped: number;
}

/** One choice of protocol with its reason. */
export type ChoiceView = Omit<EventData<'transport_chosen'>, 'participant'> & { readonly at: number };

export interface LinkView {
  readonly state: LinkState;
  readonly reason: string;
  /** Why it is not on the way that was tried first, such as "UDP blocked: …"; empty when it is. */
  readonly fallback: string;
  readonly since: number;
  /** When the participant last heard anything from the coordinator; 0: never, or not told. */
  readonly heardAt: number;
  readonly connections: number;
  readonly reconnects: number;
  readonly rttMs: number | null;
  readonly sentBytes: number;
  readonly receivedBytes: number;
  readonly payloadSentBytes: number;
  readonly payloadReceivedBytes: number;
  /** Over the last second or so. */
  readonly rateBytesPerS: number;
  readonly unacknowledged: number;
  readonly counters: readonly { readonly name: string; readonly value: number }[];
  /** Times at which connections were opened, newest last, for the ticks under a lane. */
  readonly openedAt: readonly number[];
  /** Attempts to open a session since it was last ready, newest last; told by the end that dials. */
  readonly attempts: readonly (EventData<'link_attempt'> & { readonly at: number })[];
  /** When it last was ready again after it had been down, and for how long nothing had been heard; told by the end that dials. */
  readonly returned: { readonly at: number; readonly silentMs: number } | null;
}

export type VerdictView = EventData<'verdict_raised'> & {
  readonly at: number;
  readonly clearedAt: number | null;
  readonly clearedBecause: string;
  /** Round in which it was raised. */
  readonly round: number;
  /** When it stood: one that was cleared and came again has several spans; `to` null while it stands. */
  readonly spans: readonly { readonly from: number; readonly to: number | null }[];
};
export interface FaultView {
  readonly fault: FaultName;
  readonly participant: string;
  readonly round: number;
  readonly state: 'armed' | 'active' | 'cleared';
  readonly at: number;
  readonly note: string;
  /** When an active one was over; null while it lasts. */
  readonly clearedAt: number | null;
}
export type NetworkView = EventData<'network_changed'> & {
  readonly at: number;
  readonly stats: EventData<'network_stats'> | null;
};
export type LossView = Loss & { readonly at: number };
export type NoticeView = EventData<'notice'> & { readonly at: number; readonly source: string };
export type ProcessView = EventData<'process_stats'> & { readonly at: number; readonly exited: string | null };
