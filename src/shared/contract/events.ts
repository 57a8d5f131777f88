import { z } from 'zod';
import { errorCodes } from '../base/errors.ts';
import { admissionEventSchemas, admissionRuleSchema } from './run/admission.ts';
import { roundConfusionSchema } from './run/confusion.ts';
import { errorReportSchema } from './error-report.ts';
import { networkFiguresSchema, networkOutageSchema, networkPresetSchema } from './run/network.ts';
import { demoSettingsSchema, faultNameSchema } from './run/settings.ts';
import { hashSchema, participantIdSchema, runIdSchema } from './ids.ts';
import { bodySchemas, dataSummarySchema, roundPhaseSchema, runStatusSchema } from './messages.ts';
import { protocolSchema, stackSchema } from './protocols.ts';
import { limits } from './limits.ts';
import { linkEventSchemas } from './link-events.ts';
import { lossSchema } from './losses.ts';
import { workEventSchemas } from './run/work-events.ts';
import { weightEventSchemas } from './run/weight-events.ts';
import { ownWeightSchema, weightRuleFields } from './run/weight-rule.ts';
import { choiceSchema } from './run/selection.ts';

const count = z.number().int().nonnegative();
const text = z.string().max(1000);
const participant = participantIdSchema;
const participants = z.array(participantIdSchema).max(limits.participantsMax);

/** What a participant does in a round: one segment of its swimlane. */
export const participantPhases = ['receive', 'train', 'send', 'wait', 'evaluate', 'idle'] as const;
export const participantPhaseSchema = z.enum(participantPhases);
export type ParticipantPhase = z.infer<typeof participantPhaseSchema>;

/** Evidence of a verdict: a packet or an event of the recording, with one line that says what it shows. */
export const evidenceSchema = z.object({ ref: z.string().max(80), at: z.number(), text });

/** Totals of one way through the relay. */
const wayStats = z.object({
  packets: count,
  bytes: count,
  /** Lost on the way (for TCP: segments that had to be sent again). */
  lost: count,
  /** Dropped at a full queue. */
  overflowed: count,
  /** Dropped because nothing passes at all. */
  swallowed: count,
  /** Mean delay of what was delivered since the last report, ms. */
  delayMs: z.number(),
  queuedBytes: count,
});

/** From where this app sees a run: as the demo of both sides, as its coordinator, or as one participant of it. */
export const chairs = ['demo', 'coordinator', 'participant'] as const;
export const chairSchema = z.enum(chairs);
export type Chair = z.infer<typeof chairSchema>;

/** What one class of a folder becomes in the run; null: it is left out. */
const mappedClass = z.object({
  from: z.string().max(80),
  to: z.string().max(80).nullable(),
  examples: count,
});

/** What each type of event says; `source`, `at` and `run` are in the envelope below. */
export const eventSchemas = {
  /** This app opened the run; the first event of every run, from the service. */
  run_opened: z.object({
    chair: chairSchema,
    /** As told by the invitation or the settings. */
    name: text,
    /** The participant that is this app's own, where it has one part. */
    self: participant.optional(),
  }),
  run_started: z.object({
    name: text,
    rounds: count,
    minimumParticipants: count,
    quorum: z.number(),
    seed: z.number(),
    /** Accuracy of always naming the most frequent class; null when unknown. */
    baselineAccuracy: z.number().nullable(),
    /** Names of the run's classes; absent in older recordings. */
    classes: z.array(z.string().max(80)).max(limits.classesMax).optional(),
    /** Who is let in; absent: anyone, or not told. */
    admits: admissionRuleSchema.optional(),
    demo: demoSettingsSchema.optional(),
    /** The participant that is this app's own, if any. */
    self: participant.optional(),
    /** How updates and evaluations count; null is off, absent is not told. */
    weightCap: weightRuleFields.weightCap.optional(),
    normClip: weightRuleFields.normClip.optional(),
  }),
  run_ended: z.object({
    status: runStatusSchema,
    reason: text,
    roundsCompleted: count,
    loss: z.number().nullable(),
    accuracy: z.number().nullable(),
    /** It has ended for this participant alone, which left or whose process died: how it goes on elsewhere is not known here. */
    left: z.boolean().optional(),
  }),
  /** A coordinator process goes on with a run that another began: where it stands, also for whoever missed the last reports. */
  run_resumed: z.object({
    round: count,
    roundsCompleted: count,
    selected: participants,
    /** The model that the round started from. */
    modelHash: hashSchema,
    /** Counted in this round already. */
    updates: z
      .array(
        z.object({
          participant,
          contribution: hashSchema,
          examples: count,
          sizeBytes: count,
          loss: z.number(),
          accuracy: z.number(),
          norm: z.number(),
        }),
      )
      .max(limits.participantsMax),
    /** The round that ended last. */
    last: bodySchemas.round_summary.extend({ round: count }).nullable(),
  }),
  round_started: z.object({ round: count, selected: participants, modelHash: hashSchema }),
  round_phase: z.object({ round: count, phase: roundPhaseSchema, deadlineAt: z.number() }),
  /** Emitted whenever the wait changes. `why` says for each waited-for participant what is known, in words. */
  round_status: z.object({
    round: count,
    phase: roundPhaseSchema,
    waitingFor: participants,
    reported: participants,
    selected: participants,
    quorum: count,
    deadlineAt: z.number(),
    nextAction: text,
    why: z.array(z.object({ participant, reason: text })).max(limits.participantsMax),
  }),
  round_ended: z.object({
    round: count,
    loss: z.number(),
    accuracy: z.number(),
    contributions: participants,
    missing: participants,
    durationMs: z.number(),
    modelBefore: hashSchema,
    modelAfter: hashSchema,
    /** Examples that count of all counted updates; absent where the coordinator did not tell. */
    examples: count.optional(),
    /** Absent: nobody sent a matrix, or it was not told. */
    confusion: roundConfusionSchema.optional(),
    /** How this app's own update counted, as its participant was told. */
    own: ownWeightSchema.optional(),
  }),
  aggregated: z.object({
    round: count,
    contributions: participants,
    durationMs: z.number(),
    modelHash: hashSchema,
    stepNorm: z.number(),
  }),
  participant_joined: z.object({
    participant,
    key: text,
    /** It has signed its hello with that key; absent: nobody told, as in recordings from before hellos were signed. */
    keyProved: z.literal(true).optional(),
    address: text,
    protocol: protocolSchema,
    stack: stackSchema,
    data: dataSummarySchema,
    trainer: text,
    fromRound: count,
    /** Rounds in which its update has counted so far, for who begins to look now; absent: not told. */
    counted: count.optional(),
  }),
  /** It pauses, or goes on; from the participant itself and from the coordinator that was told. */
  participant_paused: z.object({ participant, paused: z.boolean(), reason: text }),
  /** Data was read on this machine; `participant` is `coordinator` for the coordinator's own. Paths and pixels stay here. */
  data_loaded: z.object({
    participant,
    data: dataSummarySchema,
    /** One line for people: "90 images of 3 classes: ...; 210 others left out". */
    text,
    leftOut: z.array(z.object({ what: z.string().max(80), count, example: z.string().max(200) })).max(32),
    changed: z.array(z.object({ what: z.string().max(80), count, how: z.string().max(200) })).max(32),
    mapping: z.array(mappedClass).max(limits.classesMax),
    warnings: z.array(text).max(16),
  }),
  /** A global model was written to disk. */
  model_saved: z.object({
    participant,
    kind: z.enum(['best', 'final']),
    round: count,
    accuracy: z.number().nullable(),
    path: z.string().max(4096),
    modelHash: hashSchema,
  }),
  participant_left: z.object({ participant, reason: text, clean: z.boolean() }),
  participant_refused: z.object({
    name: text,
    key: text,
    address: text,
    reason: text,
    /** It was not refused: what the run asks for was not approved on its machine. */
    declined: z.literal(true).optional(),
  }),
  /** In all so far: packets and refusals of peers that were not let in, beyond what is recorded of such. */
  peers_unrecorded: z.object({ packets: count, refusals: count }),
  /** Emitted by the participant itself when its phase changes. */
  participant_phase: z.object({
    participant,
    round: count,
    phase: participantPhaseSchema,
    modelHash: hashSchema.optional(),
  }),
  training_progress: z.object({
    participant,
    round: count,
    epoch: count,
    epochs: count,
    batch: count,
    batches: count,
    loss: z.number(),
  }),
  /** Bytes of a bulk transfer so far, at most 10 a second per transfer. */
  transfer_progress: z.object({
    participant,
    round: count,
    kind: text,
    direction: z.enum(['up', 'down']),
    sentBytes: count,
    totalBytes: count,
  }),
  /** Coordinator's decision on an update; `counted` at most once per round and participant. */
  update_received: z.object({
    participant,
    round: count,
    contribution: hashSchema,
    /** Training examples that count: no more than were registered. */
    examples: count,
    /** Those that the participant said; absent: not more. */
    claimed: count.optional(),
    sizeBytes: count,
    counted: z.boolean(),
    reason: text,
    /** Why it does not count; absent: it does, or did already. */
    code: z.enum(errorCodes).optional(),
    loss: z.number(),
    accuracy: z.number(),
    /** As the participant says; what was measured is in `updates_weighed`. */
    norm: z.number(),
    /** Cosine between this update and the aggregated step; known once aggregated, else null. */
    cosine: z.number().nullable(),
  }),
  /** A participant's own update was checked, as the coordinator told it; reported by the participant. */
  update_acknowledged: z.object({
    participant,
    round: count,
    contribution: hashSchema,
    accepted: z.boolean(),
    reason: text,
    /** It was the n-th counted update of its round; null where the coordinator did not tell. */
    order: count.nullable(),
    sizeBytes: count,
  }),
  ...workEventSchemas,
  ...admissionEventSchemas,
  ...weightEventSchemas,
  ...linkEventSchemas,
  /** The participant has chosen the protocol of its link, at the start of the run or between rounds. */
  transport_chosen: choiceSchema.extend({ participant }),
  fault_injected: z.object({ fault: faultNameSchema, participant, round: count, note: text }),
  /** What the relay between a participant and the coordinator does from now on. */
  network_changed: z.object({
    participant,
    preset: networkPresetSchema,
    figures: networkFiguresSchema,
    outage: networkOutageSchema,
    /** In words. */
    note: text,
  }),
  /** What the relay did, at most once a second and participant, when anything passed. `up` is towards the coordinator. */
  network_stats: z.object({
    participant,
    up: wayStats,
    down: wayStats,
    connections: count,
    flows: count,
  }),
  fault_armed: z.object({ fault: faultNameSchema, participant, round: count }),
  fault_cleared: z.object({ fault: faultNameSchema, participant, note: text }),
  /** Told again under the same id when what it says changes, and when what was cleared is found to go on. */
  verdict_raised: z.object({
    /** Stable id within the run, so that it can be updated and cleared. */
    verdict: z.string().max(80),
    rule: z.string().max(60),
    layer: z.string().max(40),
    subject: text,
    /** One sentence, readable at the back of a lecture hall. */
    sentence: text,
    explanation: text,
    since: z.number(),
    detectedAfterMs: z.number(),
    nextAction: text,
    nextActionAt: z.number(),
    /** Name of the injected fault that explains it, if one is active on the subject. */
    injected: z.string().max(60).optional(),
    evidence: z.array(evidenceSchema).max(32),
    /** The waits that it has outlived, oldest first; older recordings have none. */
    history: z
      .array(z.object({ at: z.number(), text }))
      .max(16)
      .optional(),
  }),
  verdict_cleared: z.object({ verdict: z.string().max(80), reason: text }),
  /** Once a second from every process of ours. */
  process_stats: z.object({
    name: z.string().max(64),
    pid: count,
    cpuPercent: z.number(),
    memoryBytes: count,
    /** Largest delay of the event loop since the last report, ms. */
    loopDelayMsMax: z.number(),
    /** Of all processors of the machine, by all its programs; absent: not known. */
    machineBusyPercent: z.number().optional(),
    doing: text,
  }),
  process_exited: z.object({
    name: z.string().max(64),
    pid: count,
    expected: z.boolean(),
    /** Its supervisor starts it again. */
    restarts: z.boolean().optional(),
    note: text,
  }),
  recorder_stats: z.object({
    sizeBytes: count,
    packets: count,
    events: count,
    /** Not in the recording, whoever lost them. */
    droppedPackets: count,
    droppedEvents: count,
    /** Rows that a process sent and nobody can read, and bodies of which the beginning is kept; absent: not counted. */
    malformed: count.optional(),
    cutBodies: count.optional(),
    state: z.enum(['recording', 'recorded', 'off', 'failing']),
    note: text,
  }),
  /** Rows of a process are missing at one place, from the service. */
  rows_lost: lossSchema,
  /** Something people should know: what happened, what it means, what to try are looked up by `error.code`. */
  notice: z.object({
    level: z.enum(['info', 'warning', 'error']),
    text,
    error: errorReportSchema.optional(),
    participant: participant.optional(),
  }),
} as const;

export { isOpen, linkStates, linkStateSchema, type LinkState } from './link-events.ts';

export type EventType = keyof typeof eventSchemas;
export const eventTypes = Object.keys(eventSchemas) as EventType[];
export type EventData<T extends EventType> = z.infer<(typeof eventSchemas)[T]>;

interface EventEnvelope {
  readonly run: z.infer<typeof runIdSchema>;
  /** Process that reports: `coordinator`, a participant id, `service`. */
  readonly source: string;
  /** Wall time of that process, ms since 1970, with fraction. */
  readonly at: number;
}
/** Any event, discriminated by `type`; `data` is what its schema says. */
export type RunEvent = {
  [T in EventType]: EventEnvelope & { readonly type: T; readonly data: EventData<T> };
}[EventType];
export type EventOf<T extends EventType> = Extract<RunEvent, { type: T }>;
/** An event as stored: `id` is its row in the recording (`event:12`). */
export type RecordedEvent = RunEvent & { readonly id: number };

const envelope = z.object({ type: z.string(), run: runIdSchema, source: z.string().max(64), at: z.number() });

/** Checks an event from another process or a file. Null: malformed or of an unknown type; the caller counts it. */
export function parseEvent(input: unknown): RunEvent | null {
  const head = envelope.safeParse(input);
  if (!head.success || !Object.hasOwn(eventSchemas, head.data.type)) return null;
  const schema = eventSchemas[head.data.type as EventType];
  const data = schema.safeParse((input as { data?: unknown }).data);
  return data.success ? ({ ...head.data, data: data.data } as RunEvent) : null;
}
