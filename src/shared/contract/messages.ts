import { z } from 'zod';
import { errorCodes } from '../base/errors.ts';
import { admissionRuleSchema } from './run/admission.ts';
import { confusionSchema, roundConfusionSchema } from './run/confusion.ts';
import { modelConfigSchema } from './run/model-config.ts';
import { hashSchema, messageIdSchema, participantIdSchema, runIdSchema } from './ids.ts';
import { limits } from './limits.ts';
import { ownWeightSchema, weightRuleFields } from './run/weight-rule.ts';

/** Version of the message contract; a peer of another major version is refused with `version_unsupported`. */
export const contractVersion = 4;

const count = z.number().int().nonnegative();
const round = count.max(limits.roundsMax);
const participants = z.array(participantIdSchema).max(limits.participantsMax);
const text = z.string().max(500);

/** What the coordinator is doing in a round, in order. */
export const roundPhases = ['registering', 'distributing', 'training', 'aggregating', 'evaluating', 'closing'] as const;
export const roundPhaseSchema = z.enum(roundPhases);
export type RoundPhase = z.infer<typeof roundPhaseSchema>;

/**
 * How a run ends. `stalled`: a deadline passed without quorum. `unreachable`: a participant gave up on a coordinator that
 * no longer answers; whether the run goes on there is not known.
 */
export const runStatusSchema = z.enum(['completed', 'failed', 'stalled', 'interrupted', 'unreachable']);
export type RunStatus = z.infer<typeof runStatusSchema>;

/** Bulk body of a message: parameters as safetensors or a network as ONNX, identified by the SHA-256 of its bytes. */
export const payloadSchema = z.object({
  hash: hashSchema,
  length: count.max(limits.payloadBytesMax),
  encoding: z.enum(['safetensors', 'onnx', 'bytes']),
});
export type PayloadInfo = z.infer<typeof payloadSchema>;

export const dataSummarySchema = z.object({
  source: text,
  examples: count,
  heldOut: count,
  shape: z.array(count).max(4),
  classes: z.array(z.string().max(80)).max(limits.classesMax),
  /** Examples per class, in the order of `classes`. */
  classCounts: z.array(count).max(limits.classesMax),
  skipped: count,
});
export type DataSummary = z.infer<typeof dataSummarySchema>;

/** What a run is about and asks of its participants; told before anybody registers, so that data can be fitted to it. */
export const runPlanBodySchema = z.object({
  runName: text,
  rounds: round,
  minimumParticipants: count,
  /** Share of the selected participants whose updates close a round at its deadline. */
  quorum: z.number().min(0).max(1),
  localEpochs: z.number().int().min(1).max(1000),
  batchSize: z.number().int().min(1).max(65_536),
  learningRate: z.number().positive().max(10),
  optimizer: z.enum(['sgd', 'adam']),
  trainingDeadlineMs: count,
  /** How updates and evaluations count; null is off, absent is not told. */
  weightCap: weightRuleFields.weightCap.optional(),
  normClip: weightRuleFields.normClip.optional(),
  model: modelConfigSchema,
  /** Trainable numbers in the model; an update is four bytes for each. */
  parameters: count,
  /** Names of the run's classes; a label is an index into it. */
  classes: z.array(z.string().max(80)).max(limits.classesMax),
  /** Accuracy of always naming the most frequent class of the coordinator's data, 0 to 1. */
  baselineAccuracy: z.number().min(0).max(1),
  /** Where the run stands: registered participants, the current round. */
  registered: count,
  round,
  phase: roundPhaseSchema,
  /** Another participant takes part under the name of this link. */
  nameTaken: z.boolean(),
  /** To somebody who looks, and shows no key: the name is somebody's who is away, and may be its own. */
  nameKept: z.literal(true).optional(),
  /** Who is let in; absent: anyone. */
  admits: admissionRuleSchema.optional(),
  /** Version of the coordinator's program. */
  software: z.string().max(40),
});
export type RunPlanBody = z.infer<typeof runPlanBodySchema>;

/** Body of each kind of message. Unknown optional fields are dropped, missing required ones are an error. */
export const bodySchemas = {
  /** The coordinator's first word on a link, before `register`, and again after it was restarted. */
  run_plan: runPlanBodySchema,
  register: z.object({
    name: participantIdSchema,
    /** SHA-256 of the participant's public key. */
    key: z.string().max(128),
    data: dataSummarySchema,
    trainer: text,
  }),
  /** Before `welcome`: whoever coordinates decides who takes part, and has not decided yet. */
  admission: z.object({ state: z.literal('waiting'), reason: text }),
  welcome: z.object({
    participant: participantIdSchema,
    runName: text,
    rounds: round,
    round,
    phase: roundPhaseSchema,
    minimumParticipants: count,
    note: text,
  }),
  training_config: z.object({
    model: modelConfigSchema,
    localEpochs: z.number().int().min(1).max(1000),
    batchSize: z.number().int().min(1).max(65_536),
    learningRate: z.number().positive().max(10),
    optimizer: z.enum(['sgd', 'adam']),
    seed: z.number().int(),
  }),
  /** Parameters to train from (`train`) or to check (`evaluate`). */
  global_model: z.object({ purpose: z.enum(['train', 'evaluate']) }),
  start_training: z.object({
    deadlineMs: count,
    /** Hash of the global model to start from: one that the participant holds already or that is on its way. Absent: the one of this round. */
    base: hashSchema.optional(),
  }),
  training_progress: z.object({ epoch: count, epochs: count, batch: count, batches: count, loss: z.number() }),
  model_update: z.object({
    examples: z.number().int().positive(),
    /** Hash of the global model that training started from. */
    base: hashSchema,
    loss: z.number(),
    accuracy: z.number(),
    trainMs: z.number().nonnegative(),
    norm: z.number().nonnegative(),
  }),
  update_ack: z.object({
    accepted: z.boolean(),
    contribution: hashSchema,
    code: z.enum(errorCodes).optional(),
    reason: text.optional(),
    /** Updates of this round that have been counted, this one included: 3 means that it was the third. */
    order: count.optional(),
  }),
  start_evaluation: z.object({
    deadlineMs: count,
    /** Hash of the global model to check. Absent: the one of this round. */
    model: hashSchema.optional(),
  }),
  evaluation_result: z.object({
    loss: z.number(),
    accuracy: z.number(),
    examples: z.number().int().positive(),
    /** Absent: an older participant, or more classes than a matrix is sent of. */
    confusion: confusionSchema.optional(),
  }),
  round_status: z.object({
    phase: roundPhaseSchema,
    waitingFor: participants,
    reported: participants,
    /** Everybody who takes part in this round. */
    selected: participants,
    quorum: count,
    /** Wall time, ms since 1970, of the next automatic action; 0 when there is none. */
    deadlineAt: z.number(),
    nextAction: text,
  }),
  round_summary: z.object({
    loss: z.number(),
    accuracy: z.number(),
    contributions: participants,
    missing: participants,
    durationMs: z.number(),
    modelBefore: hashSchema,
    modelAfter: hashSchema,
    /** Examples that count of all counted updates together. */
    examples: count.optional(),
    /** Absent: nobody sent a matrix, or an older coordinator. */
    confusion: roundConfusionSchema.optional(),
    /** How the update of whoever is told this counted; absent: it did not, or that is not known any more. */
    own: ownWeightSchema.optional(),
  }),
  training_complete: z.object({
    status: runStatusSchema,
    reason: text,
    roundsCompleted: round,
    loss: z.number().nullable(),
    accuracy: z.number().nullable(),
  }),
  /** The participant pauses: its session stays, and no round need wait for it until `resume`. */
  pause: z.object({ reason: text }),
  resume: z.object({}),
  /** Sign of life of the process, with the number that grows while it makes progress. */
  heartbeat: z.object({ progress: count, echoOf: messageIdSchema.optional() }),
  goodbye: z.object({ code: z.string().max(40), reason: text }),
  error: z.object({ code: z.enum(errorCodes), reason: text }),
  /** The participant has not got the network of the plan, and cannot register before it has looked at it. */
  graph_request: z.object({ hash: hashSchema }),
  /** The network of the plan, without its weights. */
  model_graph: z.object({}),
} as const;

export type MessageKind = keyof typeof bodySchemas;
export const messageKinds = Object.keys(bodySchemas) as MessageKind[];
export type BodyOf<K extends MessageKind> = z.infer<(typeof bodySchemas)[K]>;

/**
 * Kinds that a participant sends: all that leaves its machine, but for what keeps the link. Its machine can send no other, and
 * `what-leaves.ts` says of each field of these what it is.
 */
export const participantKinds = [
  'graph_request',
  'register',
  'training_progress',
  'model_update',
  'evaluation_result',
  'pause',
  'resume',
  'error',
] as const satisfies readonly MessageKind[];
export type ParticipantKind = (typeof participantKinds)[number];

/** Kinds that carry a bulk payload. */
export const payloadKinds: ReadonlySet<MessageKind> = new Set(['model_graph', 'global_model', 'model_update']);

export const envelopeSchema = z.object({
  version: z.number().int(),
  run: runIdSchema,
  sender: participantIdSchema,
  kind: z.string().max(40),
  /** 0 before the first round. */
  round,
  id: messageIdSchema,
  replyTo: messageIdSchema.optional(),
  /** Wall time of the sender, ms since 1970. */
  sentAt: z.number(),
  body: z.unknown(),
  payload: payloadSchema.optional(),
});

interface Envelope {
  readonly version: number;
  readonly run: z.infer<typeof runIdSchema>;
  readonly sender: z.infer<typeof participantIdSchema>;
  readonly round: number;
  readonly id: z.infer<typeof messageIdSchema>;
  readonly replyTo?: z.infer<typeof messageIdSchema> | undefined;
  readonly sentAt: number;
  readonly payload?: PayloadInfo | undefined;
}

/** A message of kind `K` without its payload bytes. */
export type HeaderOf<K extends MessageKind> = Envelope & { readonly kind: K; readonly body: BodyOf<K> };
/** Any message header, discriminated by `kind`. */
export type MessageHeader = { [K in MessageKind]: HeaderOf<K> }[MessageKind];
/** A whole message as the layers above the link see it. `payload` bytes are present when `header.payload` is. */
export interface Message {
  readonly header: MessageHeader;
  readonly payload?: Uint8Array | undefined;
}
/** What a sender says; the link adds version, run, sender, id and time. */
export type Outgoing = {
  [K in MessageKind]: {
    readonly kind: K;
    readonly round: number;
    readonly body: BodyOf<K>;
    readonly replyTo?: z.infer<typeof messageIdSchema> | undefined;
    readonly payload?: { readonly bytes: Uint8Array; readonly hash: z.infer<typeof hashSchema> } | undefined;
  };
}[MessageKind];
