import { z } from 'zod';
import { controlModeSchema } from '../protocols.ts';
import { digitsData, facesData } from './bundled-data.ts';
import { parseSplit } from './split.ts';
import { strategyNameSchema } from './selection.ts';
import { transportPlanSchema } from './transport-plan.ts';
import { limits } from '../limits.ts';
import { networkAllowanceMs, networkSpecSchema } from './network.ts';
import { participantIdSchema } from '../ids.ts';
import { weightRuleDefault, weightRuleFields } from './weight-rule.ts';

/** `iid` or `dirichlet:ALPHA`, alpha from 0.01 (each participant sees few classes) to 100 (nearly even). */
export const splitSchema = z
  .string()
  .max(40)
  .superRefine((text, context) => {
    const split = parseSplit(text);
    if (!split.ok) context.addIssue({ code: 'custom', message: split.error });
  });

export const faultNames = [
  'connection-per-message',
  'kill-participant',
  'crash-participant',
  'kill-coordinator',
  'freeze-trainer',
  'drop-link',
  'delay',
  'loss',
  'blackhole',
  'disconnect',
  'rebind',
] as const;
export const faultNameSchema = z.enum(faultNames);
export type FaultName = z.infer<typeof faultNameSchema>;

/** Those that go on until they are taken back; the others act once. */
export const lastingFaults: ReadonlySet<FaultName> = new Set<FaultName>([
  'connection-per-message',
  'freeze-trainer',
  'delay',
  'loss',
  'blackhole',
  'disconnect',
]);

/** A fault on cue: on one participant or on all, at once or when a round begins. */
export const faultSchema = z.object({
  name: faultNameSchema,
  /** Absent: on every participant (kill, freeze and drop take the first one then). */
  participant: participantIdSchema.optional(),
  /** Absent: as soon as it can act; else when this round starts. */
  round: z.number().int().min(1).max(limits.roundsMax).optional(),
  /** How long it lasts, for faults that last; absent: until it is switched off. */
  seconds: z.number().min(0.1).max(3600).optional(),
});
export type FaultSpec = z.infer<typeof faultSchema>;

/** How a federation trains; the coordinator's half of the settings. */
export const runSettingsSchema = z.object({
  name: z.string().min(1).max(80),
  rounds: z.number().int().min(1).max(limits.roundsMax),
  /** Participants that must be there before round 1 starts. */
  minimumParticipants: z.number().int().min(1).max(limits.participantsMax),
  /** Share of the selected participants whose updates close a round at its deadline, rounded up. */
  quorum: z.number().min(0.01).max(1),
  localEpochs: z.number().int().min(1).max(1000),
  batchSize: z.number().int().min(1).max(65_536),
  learningRate: z.number().positive().max(10),
  optimizer: z.enum(['sgd', 'adam']),
  seed: z.number().int(),
  trainingDeadlineMs: z.number().int().min(1000),
  evaluationDeadlineMs: z.number().int().min(1000),
  registrationDeadlineMs: z.number().int().min(1000),
  weightCap: weightRuleFields.weightCap.default(weightRuleDefault.weightCap),
  normClip: weightRuleFields.normClip.default(weightRuleDefault.normClip),
});
export type RunSettings = z.infer<typeof runSettingsSchema>;

/** Settings as people give them: how the optimizer steps is left to what suits the model unless told. */
export const runPlanSchema = runSettingsSchema.partial({ batchSize: true, learningRate: true, optimizer: true });
export type RunPlan = z.infer<typeof runPlanSchema>;

/** Participants of a demo: a process each, on one machine. */
export const demoParticipantsMax = 64;

export const demoSettingsSchema = z.object({
  participants: z
    .number()
    .int()
    .min(1)
    .max(demoParticipantsMax, `at most ${demoParticipantsMax}: each is a process of its own`),
  /** `untilStopped` is as many as a run may have. */
  rounds: z.number().int().min(1).max(limits.roundsMax),
  transport: transportPlanSchema,
  control: controlModeSchema,
  /** How participants choose under `auto`; absent: as the environment says, or the usual way. */
  selection: strategyNameSchema.optional(),
  /** The name of bundled data, or the path of own data. */
  data: z.string().min(1).max(4096),
  /** An ONNX file with the network; absent: one is chosen for the data. */
  model: z.string().min(1).max(4096).optional(),
  split: splitSchema,
  localEpochs: z.number().int().min(1).max(100),
  seed: z
    .number()
    .int()
    .min(0)
    .max(2 ** 31 - 1),
  faults: z.array(faultSchema).max(64),
  /** What lies between participants and coordinator; recordings from before there was this have none. */
  network: z.array(networkSpecSchema).max(128).default([]),
  /** Milliseconds after which a phase of a round closes at quorum or the run ends as stalled. */
  deadlineMs: z.number().int().min(1000).max(3_600_000),
  /** About how long a round takes, ms: gradient steps keep to it, as on slower machines. 0: as fast as they can. */
  paceMs: z.number().int().min(0).max(120_000).default(0),
});
export type DemoSettings = z.infer<typeof demoSettingsSchema>;

export const demoDefaults: DemoSettings = {
  participants: 4,
  rounds: 10,
  transport: 'quic',
  control: 'same',
  data: digitsData.name,
  split: 'dirichlet:0.5',
  localEpochs: 4,
  seed: 1,
  faults: [],
  network: [],
  deadlineMs: 20_000,
  paceMs: 5000,
};

/** Rounds of a demo that goes on until somebody stops it. */
export const untilStopped = limits.roundsMax;

/** So many participants train beside each other within the deadline on two cores; each further one needs time of its own. */
const participantsAtOnce = 12;
const perParticipantMs = 1500;

/** The network for faces has 44 times the parameters of that for digits; participants share them, and one machine does it all. */
const facesAllowanceMs = 40_000;

/** How long a phase may take with these networks, data and so many processes on one machine when nobody says otherwise, ms: whole seconds, as people set it. */
export function usualDeadlineMs({
  network,
  participants,
  data,
}: Pick<DemoSettings, 'network' | 'participants' | 'data'>): number {
  const crowdMs = Math.max(0, participants - participantsAtOnce) * perParticipantMs;
  const dataMs = data === facesData.name ? facesAllowanceMs : 0;
  return Math.ceil((demoDefaults.deadlineMs + networkAllowanceMs(network) + crowdMs + dataMs) / 1000) * 1000;
}
