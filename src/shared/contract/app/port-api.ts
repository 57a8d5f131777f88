import { z } from 'zod';
import { tallyRequestSchema, type PacketTally } from './tally.ts';
import { strategyNameSchema } from '../run/selection.ts';
import type { ErrorReport } from '#shared/base/errors.ts';
import type { RunView } from '#shared/run-view/run-view.ts';
import type { SentTally } from '#shared/run-view/sent-tally.ts';
import type { PacketDetail, PacketRow } from '../packet.ts';
import type { Protocol } from '../protocols.ts';
import { comparisonSettingsSchema, type ComparisonView } from '../run/comparison.ts';
import { networkSpecSchema } from '../run/network.ts';
import { admissionSchema } from '../run/admission.ts';
import { coordinatorStartSchema, participantStartSchema } from '../child-messages.ts';
import type { AskedPlan } from '../run/approval.ts';
import { hashSchema, participantIdSchema } from '../ids.ts';
import { inputShapeSchema } from '../run/model-config.ts';
import { transportPlanSchema } from '../run/transport-plan.ts';
import type { RecordedEvent } from '../events.ts';
import type { RunPlanBody } from '../messages.ts';
import { demoSettingsSchema, faultSchema, runSettingsSchema } from '../run/settings.ts';
import { fileKindSchema } from './file-kinds.ts';
import type { AnsweredPlans, RecentRun } from './kept-on-machine.ts';
import { libraryRequestSchemas, recordingPathSchema, type LibraryAnswers } from './library.ts';
import { limits } from '../limits.ts';
import { speedMax, speedMin, stepSchema, type RecordingMarks, type SourceState } from './source.ts';

/** Requests of a renderer and what they take; answers are in `PortAnswers`. Checked by the service before use. */
export const requestSchemas = {
  /** Starts the demo federation; fails with `already_running` while one runs. */
  start_demo: z.object({ settings: demoSettingsSchema }),
  /** Runs the same demo over several transports; fails with `already_running` while anything runs. */
  start_comparison: comparisonSettingsSchema,
  /** Stops what runs, a comparison with all its runs. */
  stop_run: z.object({}),
  inject_fault: z.object({ fault: faultSchema }),
  clear_fault: z.object({ fault: faultSchema }),
  /** Changes the network of one participant, or of all without one, while a demo runs. */
  set_network: z.object({ network: networkSpecSchema }),
  /**
   * Looks at an invitation before anybody joins: can it be read, does its coordinator answer, is it who it should be, and
   * what does the run want. Sends a greeting and nothing about the data.
   */
  check_invitation: z.object({ invitation: z.string().max(4096), name: z.string().max(64) }),
  /** Reads data on this machine as the run would see it. Absent classes and shape: as the data itself has them. */
  preview_data: z.object({
    data: z.string().max(4096),
    classes: z.array(z.string().max(80)).max(limits.classesMax).optional(),
    shape: inputShapeSchema.optional(),
    mapping: participantStartSchema.shape.mapping,
  }),
  /** Looks at the network of a run before it begins: a well-known one by its name, or a file. */
  preview_network: z.object({ model: z.string().max(4096) }),
  /** Join a federation elsewhere with local data. */
  join_run: z.object({
    invitation: z.string().max(4096),
    data: z.string().max(4096),
    name: z.string().max(64),
    selection: strategyNameSchema.optional(),
    mapping: participantStartSchema.shape.mapping,
    exactCounts: participantStartSchema.shape.exactCounts,
    /** Hash of the plan that was read and approved; absent: nobody was asked. */
    plan: hashSchema.optional(),
    giveUpAfterMs: participantStartSchema.shape.giveUpAfterMs,
    /** Keep this machine awake while the run trains; absent: yes. */
    keepAwake: z.boolean().optional(),
    modelOut: participantStartSchema.shape.modelOut,
  }),
  /** Serve a run to participants elsewhere. */
  coordinate_run: z.object({
    name: z.string().min(1).max(80),
    data: z.string().max(4096),
    /** Round 1 starts when so many are here. */
    participants: runSettingsSchema.shape.minimumParticipants,
    quorum: runSettingsSchema.shape.quorum,
    rounds: runSettingsSchema.shape.rounds,
    localEpochs: runSettingsSchema.shape.localEpochs,
    /** How updates and evaluations count; null is off. */
    weightCap: runSettingsSchema.shape.weightCap,
    normClip: runSettingsSchema.shape.normClip,
    /** Of each phase of a round. */
    deadlineMs: runSettingsSchema.shape.trainingDeadlineMs,
    transport: transportPlanSchema,
    /** Address to bind, and the one to tell in the invitation where that is another. */
    host: z.string().min(1).max(253),
    announce: coordinatorStartSchema.shape.announce,
    port: z.number().int().min(0).max(65_535),
    /** Who is let in; absent: anyone. */
    admission: admissionSchema.optional(),
    keepAwake: z.boolean().optional(),
    modelOut: coordinatorStartSchema.shape.modelOut,
    /** As typed; relative paths begin at the home folder. */
    model: coordinatorStartSchema.shape.model,
    startFrom: coordinatorStartSchema.shape.startFrom,
  }),
  /** Begin round 1 with those that are here. */
  start_now: z.object({}),
  /** Somebody waits to be let into the run that this app coordinates. `always`: in later runs of this machine as well. */
  decide_admission: z.object({
    participant: participantIdSchema,
    key: z.string().max(64).optional(),
    decision: z.enum(['admit', 'always', 'refuse']),
  }),
  /** Sends a participant away for the rest of the run. `key`: of whom the user was asked about, who may have left by now. */
  expel_participant: z.object({
    participant: participantIdSchema,
    key: z.string().max(64).optional(),
    reason: z.string().max(400),
  }),
  /** From now on newcomers need a new invitation, which is the answer. */
  renew_invitation: z.object({}),
  /** An invitation for one participant, until a day. */
  invite_participant: z.object({
    name: participantIdSchema,
    /** Wall ms; absent: as long as the run lasts. */
    until: z.number().int().positive().optional(),
    broker: z.string().max(500).optional(),
  }),
  /** This app's own participant finishes its step and does no more, or goes on. */
  set_paused: z.object({ paused: z.boolean() }),
  /** The link to a coordinator that does not answer: without a time limit, or at once. */
  keep_trying: z.object({}),
  try_now: z.object({}),
  /** Runs of this machine, newest first. */
  recent_runs: z.object({}),
  /** Folders that complete what has been typed, and files of the kind that is wanted; `~` is the home folder. */
  complete_path: z.object({ path: z.string().max(4096), files: fileKindSchema.optional() }),
  /** The system's own dialog for a folder, or for a file of that kind; only where `app.canChooseFolder`. */
  choose_folder: z.object({ title: z.string().max(200), files: fileKindSchema.optional() }),
  /** Addresses of this machine that participants may reach, and its ports. */
  own_addresses: z.object({}),
  /** Rows before `beforeId` (0: the newest) that match a filter, newest first. */
  query_packets: z.object({
    filter: z.string().max(1000),
    beforeId: z.number().int().nonnegative(),
    limit: z.number().int().min(1).max(5000),
    fromAt: z.number().optional(),
    toAt: z.number().optional(),
  }),
  packet_detail: z.object({ id: z.number().int().positive() }),
  tally_packets: tallyRequestSchema,
  /** What a participant has really sent, counted from its packets after `afterId`; `more`: ask again after `upTo`. */
  what_left: z.object({ participant: participantIdSchema, afterId: z.number().int().nonnegative() }),
  /** Answers to plans under a name on this machine, out of its signed log. */
  approvals: z.object({ participant: participantIdSchema }),
  /** Where the whole recording of the current run lies, and a copy of its last minutes. */
  save_recording: z.object({
    minutes: z
      .number()
      .min(1)
      .max(24 * 60),
    /** Without bodies, addresses and class names, to be given away. */
    bare: z.boolean().optional(),
  }),
  ...libraryRequestSchemas,
  /** Shows this window a recording instead of the run that goes on; fails with `recording_invalid`. */
  open_recording: z.object({ path: recordingPathSchema }),
  /** Back to the run that goes on. */
  close_recording: z.object({}),
  /** The recording at that moment, wall ms of its run. A newer one overrules an older one that is under way. */
  seek: z.object({ at: z.number() }),
  /** Plays on from where it stands, or stands; at its end it begins again. */
  play: z.object({ playing: z.boolean(), speed: z.number().min(speedMin).max(speedMax).optional() }),
  step: z.object({ to: stepSchema, forward: z.boolean() }),
  recording_marks: z.object({}),
  /** Split of the data for these settings, to show before the start. */
  preview_split: z.object({ settings: demoSettingsSchema }),
  /** What works on this machine. */
  check: z.object({}),
} as const;

export type { RecentRun } from './kept-on-machine.ts';

export type RequestName = keyof typeof requestSchemas;
export type RequestOf<N extends RequestName> = z.infer<(typeof requestSchemas)[N]>;

export interface CheckLine {
  readonly what: string;
  /** The protocol that needs it, where one alone does. */
  readonly protocol?: Protocol;
  readonly state: 'works' | 'needs_a_step' | 'absent';
  readonly detail: string;
  /** What to do when it does not work; empty when it does. */
  readonly fix: string;
  /** Whether the demo needs it. */
  readonly required: boolean;
}

/** One check of an invitation, in the order in which they are made; `unknown`: an earlier one failed. */
export interface InvitationCheck {
  readonly what: 'invitation' | 'way' | 'address' | 'identity' | 'clock' | 'version' | 'name';
  readonly state: 'ok' | 'warning' | 'fault' | 'unknown';
  /** What was found, in a few words; for a fault what happened. */
  readonly text: string;
  /** A figure beside it, such as `18 ms`; may be empty. */
  readonly figure: string;
  /** For a fault or warning: what it means and what to try; else empty. */
  readonly meaning: string;
  readonly tryThis: string;
}

/** Data as a run would see it. */
export interface DataPreview {
  /** The folder with `~` and dots resolved; what `join_run` and `coordinate_run` may be given. */
  readonly path: string;
  readonly source: string;
  /** [channels, height, width] of what the model sees. */
  readonly shape: readonly [number, number, number];
  /** In order of name; `to` null: no class of the run, with the likeliest one as `guess`. */
  readonly classes: readonly {
    readonly name: string;
    readonly count: number;
    readonly to: string | null;
    readonly guess: string | null;
    /** `same name`, `same but for its capital letter`, `chosen`, `left out`, ... */
    readonly why: string;
  }[];
  readonly total: number;
  readonly heldOut: number;
  readonly leftOut: readonly { readonly what: string; readonly count: number; readonly example: string }[];
  readonly changed: readonly { readonly what: string; readonly count: number; readonly how: string }[];
  readonly warnings: readonly string[];
  /** A few pictures as the model sees them, `data:image/png;base64,...`. */
  readonly pictures: readonly { readonly label: string; readonly url: string }[];
  /** Why this data cannot take part as it is; null when it can. */
  readonly fault: ErrorReport | null;
  readonly readMs: number;
}

/** A network as a run would take it. */
export interface NetworkPreview {
  /** The file with `~` and dots resolved, or the name of a well-known network. */
  readonly path: string;
  /** [channels, height, width] of what it sees; null where it cannot be used, as all below. */
  readonly shape: readonly [number, number, number] | null;
  /** Null besides, as `parameters`: the network has an output for each class of the data. */
  readonly numClasses: number | null;
  readonly parameters: number | null;
  /** Why it cannot be trained; null when it can. */
  readonly fault: ErrorReport | null;
}

export interface PortAnswers extends LibraryAnswers {
  check_invitation: {
    readonly checks: readonly InvitationCheck[];
    readonly plan: RunPlanBody | null;
    readonly asked: AskedPlan | null;
  };
  preview_data: DataPreview;
  preview_network: NetworkPreview;
  coordinate_run: { readonly run: string; readonly invitation: string };
  start_now: Record<string, never>;
  decide_admission: Record<string, never>;
  /** `nameStays`: somebody else has the name by now, and keeps it. */
  expel_participant: { readonly nameStays: boolean };
  renew_invitation: { readonly invitation: string };
  invite_participant: { readonly invitation: string };
  set_paused: Record<string, never>;
  keep_trying: Record<string, never>;
  try_now: Record<string, never>;
  recent_runs: { readonly runs: readonly RecentRun[] };
  complete_path: {
    /** What was typed with `~` and dots resolved, and whether that is a folder. */
    readonly path: string;
    readonly isFolder: boolean;
    readonly entries: readonly { readonly path: string; readonly name: string; readonly isFile?: true }[];
    readonly more: boolean;
  };
  choose_folder: { readonly path: string | null };
  own_addresses: {
    readonly addresses: readonly { readonly host: string; readonly what: string }[];
    readonly transports: readonly { readonly protocol: Protocol; readonly works: boolean; readonly detail: string }[];
  };
  start_demo: { readonly run: string };
  start_comparison: Record<string, never>;
  stop_run: { readonly stopped: boolean };
  inject_fault: Record<string, never>;
  clear_fault: Record<string, never>;
  set_network: Record<string, never>;
  join_run: { readonly run: string };
  query_packets: { readonly rows: readonly PacketRow[]; readonly more: boolean; readonly filterError: string | null };
  packet_detail: { readonly packet: PacketDetail | null };
  /** `unrecorded`: packets that cannot be counted, since nothing records them and they are not in memory any more. */
  tally_packets: PacketTally & { readonly unrecorded: number };
  /** `from`: the packet after which it was counted, smaller than what was asked where the shown moment lies before that. */
  what_left: { readonly tally: SentTally; readonly from: number; readonly upTo: number; readonly more: boolean };
  approvals: AnsweredPlans;
  save_recording: { readonly path: string; readonly sizeBytes: number };
  preview_split: {
    readonly classes: readonly string[];
    readonly shares: readonly {
      readonly participant: string;
      readonly examples: number;
      readonly classCounts: readonly number[];
    }[];
  };
  check: { readonly lines: readonly CheckLine[] };
  open_recording: Record<string, never>;
  close_recording: Record<string, never>;
  seek: Record<string, never>;
  play: Record<string, never>;
  step: Record<string, never>;
  recording_marks: RecordingMarks;
}

export const requestEnvelopeSchema = z.object({
  type: z.literal('request'),
  id: z.number().int().nonnegative(),
  name: z.string().max(40),
  params: z.unknown(),
});

/** What a renderer sends. `credit`: it has shown the batch and takes another (back-pressure on the feed). */
export type FromRenderer =
  | { readonly type: 'request'; readonly id: number; readonly name: RequestName; readonly params: unknown }
  | { readonly type: 'credit'; readonly batch: number };

/** First message after (re)connect and whenever another run is shown: replaces all that the view knew. */
export interface Snapshot {
  readonly type: 'snapshot';
  readonly app: {
    readonly version: string;
    readonly mode: 'electron' | 'browser';
    readonly platform: string;
    readonly dataFolder: string;
    /** The user's own, which paths on screen write as `~`; empty where that is no habit. */
    readonly homeFolder: string;
    /** What this machine is called in a federation unless its user says otherwise. */
    readonly ownName: string;
    /** Whether the system's own dialog for a folder can be shown. */
    readonly canChooseFolder: boolean;
  };
  /** The invitation to the run that this app coordinates; null otherwise. Secret. */
  readonly invitation: string | null;
  /** Whether all this is of now, or of a recording. */
  readonly source: SourceState;
  /** Null: no run yet. */
  readonly view: RunView | null;
  /** Oldest first: the first of the newest packets; the rest follows in batches of at most `portBatchRowsMax`. */
  readonly packets: readonly PacketRow[];
  /** Of the run, up to the last of `packets`. */
  readonly packetsRecorded: number;
  /** The comparison that runs or ran last. */
  readonly comparison: ComparisonView | null;
}

/** At most `portBatchesPerSecondMax` a second. Events are folded by `run-view/apply-event.ts` on arrival. */
export interface Batch {
  readonly type: 'batch';
  readonly batch: number;
  readonly events: readonly RecordedEvent[];
  readonly packets: readonly PacketRow[];
  /** Packet rows left out of the feed because the renderer was slow; they are in the recording. */
  readonly skippedPackets: number;
}

export type FromService =
  | Snapshot
  | Batch
  /** Said every second, so that a service whose process stands still is missed. */
  | { readonly type: 'alive' }
  | { readonly type: 'invitation'; readonly invitation: string | null }
  /** The source of this window is at another moment, or has changed its pace. */
  | { readonly type: 'source'; readonly source: SourceState }
  | { readonly type: 'comparison'; readonly view: ComparisonView }
  | { readonly type: 'answer'; readonly id: number; readonly ok: true; readonly value: unknown }
  | { readonly type: 'answer'; readonly id: number; readonly ok: false; readonly error: ErrorReport };

/** Longest text of a filter, here because the filter box and the service both check it. */
export const filterTextMax = Math.min(1000, limits.headerBytesMax);
