import { z } from 'zod';
import { approvalSchema } from './run/approval.ts';
import { admissionSchema } from './run/admission.ts';
import { errorReportSchema } from './error-report.ts';
import { participantIdSchema, runIdSchema } from './ids.ts';
import { endpointSchema, endpointsMax } from './app/invitation.ts';
import { lookedSchema, lookStartSchema } from './app/look.ts';
import { dataSummarySchema, runStatusSchema } from './messages.ts';
import { networkConditionsSchema } from './run/network.ts';
import { controlModeSchema, protocolSchema } from './protocols.ts';
import { demoSettingsSchema, faultNameSchema, runPlanSchema, splitSchema } from './run/settings.ts';
import { strategyNameSchema } from './run/selection.ts';
import { transportPlanSchema } from './run/transport-plan.ts';
import { limits } from './limits.ts';
import { lostRowsSchema } from './losses.ts';

const text = z.string().max(1000);
const path = z.string().max(4096);
/** Never in an argument, an environment, an event or a snapshot. */
export const sealingKeySchema = z.string().regex(/^[0-9a-f]{64}$/);

/** What a coordinator process is told to serve. */
export const coordinatorStartSchema = z.object({
  type: z.literal('start_coordinator'),
  run: runIdSchema,
  settings: runPlanSchema,
  transport: transportPlanSchema,
  control: controlModeSchema,
  host: z.string().max(253),
  /** 0: any free one. */
  port: z.number().int().min(0).max(65_535),
  /** An outside MQTT broker instead of the embedded one. */
  broker: z.string().max(500).optional(),
  /** File of the authority that vouches for that broker, where it is none that this machine knows. */
  brokerCa: path.optional(),
  /** Who is let in; absent: anyone. */
  admission: admissionSchema.optional(),
  /** Data decides the shape of the model; the coordinator trains nothing. */
  data: path,
  /** An ONNX file with the run's network; absent: one is chosen for the data. */
  model: path.optional(),
  /** A safetensors file with the global model of round 1; absent: drawn from the seed. */
  startFrom: path.optional(),
  /** Folder of keys; absent: keys live only as long as the process, or in the state folder. */
  identityFolder: path.optional(),
  /** Where the run is kept for the case that this process dies; one that lies there already is gone on with. */
  stateFolder: path.optional(),
  /** File for the final global model; absent: in the data folder, by run. */
  modelOut: path.optional(),
  /** Folder for the best global model, and for the final one where nothing else is said; absent: none is kept. */
  modelFolder: path.optional(),
  /** Address that invitations name instead of the one that is bound: `HOST` or `HOST:PORT`. */
  announce: z.string().max(300).optional(),
  /** A relay lies between: the network is worse than an address on this machine tells. */
  impaired: z.boolean().optional(),
  demo: demoSettingsSchema.optional(),
  self: participantIdSchema.optional(),
});

export const participantStartSchema = z.object({
  type: z.literal('start_participant'),
  name: participantIdSchema,
  /** The whole line, `roundscope://join?...`. */
  invitation: z.string().max(limits.headerBytesMax),
  /** As the coordinator's. */
  impaired: z.boolean().optional(),
  data: path,
  /** Class of the data to class of the run, where names alone do not say it; null: leave it out. */
  mapping: z
    .array(z.object({ from: z.string().max(80), to: z.string().max(80).nullable() }))
    .max(limits.classesMax)
    .optional(),
  /** Who has approved what the run asks for, or by what rules; absent: nobody was asked. */
  approval: approvalSchema.optional(),
  /** Tells counts of its data as they are; absent: rounded. */
  exactCounts: z.boolean().optional(),
  /** How long a coordinator that does not answer is dialed, ms awake; null: for ever. Absent: ten minutes. */
  giveUpAfterMs: z.number().int().min(1000).nullable().optional(),
  /** How long the first connection is tried for, ms; absent: 20 s. */
  waitMs: z.number().int().min(0).optional(),
  /** File for the final global model; absent: in the data folder, by run and name. */
  modelOut: path.optional(),
  /** Folder for the best global model, and for the final one where nothing else is said; absent: none is kept. */
  modelFolder: path.optional(),
  /** The one transport to take of those that the invitation offers; `auto`: chosen by itself. Absent: as the invitation says. */
  transport: z.union([protocolSchema, z.literal('auto')]).optional(),
  /** How it chooses where it is left to choose; absent: as the environment says, or the usual way. */
  selection: strategyNameSchema.optional(),
  /** Demo: each local training takes at least this long, ms, its steps evenly spread. */
  trainingMs: z.number().int().nonnegative().optional(),
  /** Demo: this participant's share of one data set. Absent: all of `data` is its own. */
  share: z
    .object({
      index: z.number().int().nonnegative(),
      participants: z.number().int().positive(),
      split: splitSchema,
      seed: z.number().int(),
    })
    .optional(),
  identityFolder: path.optional(),
  /** The secret that the system keeps for the app; the key in that folder is sealed with it. */
  sealingKey: sealingKeySchema.optional(),
  /** Where networks of runs are kept, so that each is sent to this machine once; absent: nowhere. */
  graphFolder: path.optional(),
  /** Where a computed update is kept until it has arrived, and who this participant is over its restarts. */
  stateFolder: path.optional(),
});

/** A relay opens a way for each of these participants to what the invitation names. */
export const relayStartSchema = z.object({
  type: z.literal('start_relay'),
  run: runIdSchema,
  invitation: z.string().max(limits.headerBytesMax),
  /** The same seed and the same packets give the same losses. */
  seed: z.number().int(),
  networks: z.array(z.object({ participant: participantIdSchema, conditions: networkConditionsSchema })).max(64),
});

/** To a coordinator, by its user. `ask` numbers what is answered with an invitation. */
const deskSchemas = [
  z.object({
    type: z.literal('admission'),
    participant: participantIdSchema,
    /** Of whom the user was asked about; absent: whoever has the name. */
    key: z.string().max(64).optional(),
    decision: z.enum(['admit', 'refuse']),
  }),
  z.object({
    type: z.literal('expel'),
    participant: participantIdSchema,
    key: z.string().max(64).optional(),
    reason: text,
  }),
  z.object({ type: z.literal('renew_invitation'), ask: z.number().int() }),
  z.object({
    type: z.literal('invite'),
    ask: z.number().int(),
    name: participantIdSchema,
    /** Wall ms; absent: as long as the run lasts. */
    until: z.number().int().positive().optional(),
    /** Address of the run's broker with this participant's own user and password. */
    broker: z.string().max(500).optional(),
  }),
] as const;

export const toChildSchema = z.discriminatedUnion('type', [
  lookStartSchema,
  coordinatorStartSchema,
  participantStartSchema,
  relayStartSchema,
  /** To a relay: what it does to a participant from now on. */
  z.object({ type: z.literal('set_network'), participant: participantIdSchema, conditions: networkConditionsSchema }),
  /** To a relay: its own UDP ports towards the coordinator change, as a NAT's would. */
  z.object({ type: z.literal('rebind'), participant: participantIdSchema }),
  /** To a participant: the same coordinator is reached another way from now on; its session moves there. */
  z.object({ type: z.literal('move'), invitation: z.string().max(limits.headerBytesMax), reason: text }),
  /** To a participant: finish the step that is under way and do no more until told; the session stays. */
  z.object({ type: z.literal('pause'), on: z.boolean(), reason: text }),
  /** To a participant that dials: without a time limit from now on, or at once. */
  z.object({ type: z.literal('keep_trying') }),
  z.object({ type: z.literal('try_now') }),
  /** To a coordinator that waits for participants: begin with those that are here. */
  z.object({ type: z.literal('start_now') }),
  ...deskSchemas,
  /** To a coordinator, by who supervises a participant on this machine: its process has ended and is not started again. */
  z.object({ type: z.literal('participant_gone'), participant: participantIdSchema, reason: text }),
  /** The rows of this batch, and of all before it, were taken: as many more may come. */
  z.object({ type: z.literal('ack'), batch: z.number().int().positive() }),
  z.object({ type: z.literal('fault'), fault: faultNameSchema, on: z.boolean() }),
  z.object({ type: z.literal('stop'), reason: text }),
]);
export type ToChild = z.infer<typeof toChildSchema>;
export type CoordinatorStart = z.infer<typeof coordinatorStartSchema>;
export type RelayStart = z.infer<typeof relayStartSchema>;
export type ParticipantStart = z.infer<typeof participantStartSchema>;

/** What a child process tells its parent. Events and packets are checked one by one where they arrive. */
export const fromChildSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('batch'),
    /** From 1; the service acknowledges it. */
    batch: z.number().int().positive(),
    events: z.array(z.unknown()).max(10_000),
    packets: z.array(z.unknown()).max(10_000),
    /** Rows that this process could not keep since the batch before: they stood before those of this one. */
    lostEvents: lostRowsSchema.nullable(),
    lostPackets: lostRowsSchema.nullable(),
  }),
  /** The coordinator listens; `invitation` is what participants need. */
  z.object({
    type: z.literal('listening'),
    invitation: z.string().max(limits.headerBytesMax),
    endpoints: z.array(endpointSchema).max(endpointsMax),
  }),
  /** The relay stands; each participant has an invitation of its own that leads through it. */
  z.object({
    type: z.literal('relaying'),
    routes: z
      .array(z.object({ participant: participantIdSchema, invitation: z.string().max(limits.headerBytesMax) }))
      .max(64),
  }),
  /** Answers `renew_invitation` and `invite`. */
  z.object({
    type: z.literal('invitation'),
    ask: z.number().int(),
    invitation: z.string().max(limits.headerBytesMax),
  }),
  lookedSchema,
  z.object({ type: z.literal('joined'), name: participantIdSchema, data: dataSummarySchema }),
  /** The run is over for this process, which exits by itself after this. */
  z.object({
    type: z.literal('ended'),
    status: runStatusSchema,
    reason: text,
    error: errorReportSchema.optional(),
  }),
]);
export type FromChild = z.infer<typeof fromChildSchema>;

/** The processes that may be launched; a closed list, so that nobody can ask main for another. */
export const childEntries = ['coordinator', 'participant', 'relay', 'look'] as const;
export type ChildEntry = (typeof childEntries)[number];

/** A launched process as its supervisor sees it. */
export interface ChildProcess {
  readonly pid: number;
  post(message: ToChild): void;
  /** Raw messages of the child, not yet checked. */
  onMessage(listener: (message: unknown) => void): void;
  /** After it is gone: exit code or signal, and the last lines it wrote to stderr. */
  onExit(
    listener: (exit: { readonly code: number | null; readonly signal: string | null; readonly stderr: string }) => void,
  ): void;
  /** `kill` is SIGKILL: the process is really killed, as a power cut would. */
  end(how: 'terminate' | 'kill'): void;
}

/** How processes are launched: `child_process.fork` without Electron, a utility process of main with it. */
export interface Launcher {
  launch(entry: ChildEntry, name: string): Promise<ChildProcess>;
}
