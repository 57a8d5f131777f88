import { z } from 'zod';
import { limits } from '../limits.ts';
import { protocolSchema } from '../protocols.ts';

/** How the protocol of a link is chosen when the run offers several. */
export const strategyNames = ['fixed', 'rules', 'q-learning', 'bandit'] as const;
export const strategyNameSchema = z.enum(strategyNames);
export type StrategyName = z.infer<typeof strategyNameSchema>;

/** What people may set about the choice; defaults of the learning ones are those of the reference framework. */
export const selectionSettingsSchema = z.object({
  strategy: strategyNameSchema.default('bandit'),
  /** The one protocol of `fixed`; null: the first that the run offers. */
  fixed: protocolSchema.nullable().default(null),
  /** False: what was learned is used, nothing is tried out. */
  explore: z.boolean().default(true),
  qLearning: z
    .object({
      /** Share of choices that are tried at random, at first, per choice less by the decay, never below the minimum. */
      epsilon: z.number().min(0).max(1).default(1),
      epsilonDecay: z.number().min(0.5).max(1).default(0.96),
      epsilonMin: z.number().min(0).max(1).default(0.01),
      /** How far one reward moves a value. */
      learningRate: z.number().positive().max(1).default(0.12),
      /** Start with the epsilon above although a table was loaded. */
      resetEpsilon: z.boolean().default(false),
      /** Stop exploring once the choice has stayed the same this often with an epsilon below 0.1; null: never. */
      patience: z.number().int().min(1).max(1000).nullable().default(null),
      /** Whether the reward counts the time that the model of the network expects, too. */
      expectedTimeInReward: z.boolean().default(true),
    })
    .prefault({}),
});
export type SelectionSettings = z.infer<typeof selectionSettingsSchema>;

const finite = z.number().min(-1e12).max(1e12);
const positive = z.number().nonnegative().max(1e15).nullable();

/** What is known of link and machine when a choice is due; null: unknown. */
export const linkConditionsSchema = z.object({
  udp: z.enum(['open', 'blocked']).nullable(),
  rttMs: positive,
  /** Share of packets that are lost, 0 to 1. */
  lossRatio: z.number().min(0).max(1).nullable(),
  bandwidthBytesPerS: positive,
  /** Of the next transfer of a model. */
  payloadBytes: z.number().nonnegative().max(1e15),
  battery: z.object({ level: z.number().min(0).max(1), charging: z.boolean() }).nullable(),
  /** Share of the processors that is busy; above 1 when work queues. */
  cpuLoad: positive,
  mobility: z.enum(['static', 'moving']).nullable(),
});
export type LinkConditions = z.infer<typeof linkConditionsSchema>;

export const choiceSchema = z.object({
  protocol: protocolSchema,
  strategy: strategyNameSchema,
  /** Words with figures for people: "QUIC: loss 2 %, expected 0.8 s against 3.1 s (MQTT)". */
  reason: z.string().max(1000),
  /**
   * Seconds that the next transfer is expected to take over each protocol that was offered, with a share of opening a link
   * where there is none; null: no telling.
   */
  expected: z
    .array(z.object({ protocol: protocolSchema, seconds: z.number().nonnegative().nullable() }))
    .max(limits.offeredProtocolsMax),
  /** Tried out to learn, not because it seemed best. */
  explored: z.boolean(),
});
export type Choice = z.infer<typeof choiceSchema>;

/** How a choice turned out: a transfer that ended well or not. */
export interface Outcome {
  readonly choice: Choice;
  readonly conditions: LinkConditions;
  readonly succeeded: boolean;
  /** Until it was through, or until it was given up. */
  readonly seconds: number;
  readonly bytes: number;
  readonly cpuSeconds: number | null;
}

/** A value of the Q table with how often it was learned from. */
const qRowSchema = z.object({
  state: z.string().max(80),
  protocol: protocolSchema,
  value: finite,
  visits: z.number().int().nonnegative(),
});

/** What a learning strategy keeps between runs. A new shape gets a new version; an old one is then learned again. */
export const selectionTableSchema = z.discriminatedUnion('strategy', [
  z.object({
    version: z.literal(1),
    strategy: z.literal('q-learning'),
    savedAt: z.number(),
    epsilon: z.number().min(0).max(1),
    choices: z.number().int().nonnegative(),
    rows: z.array(qRowSchema).max(limits.selectionRowsMax),
  }),
  z.object({
    version: z.literal(1),
    strategy: z.literal('bandit'),
    savedAt: z.number(),
    /** How the features are made up; another number, and the belief does not fit. */
    features: z.number().int(),
    known: z
      .array(z.object({ protocol: protocolSchema, transfers: z.number().int().nonnegative() }))
      .max(limits.offeredProtocolsMax),
    failures: z
      .array(
        z.object({
          protocol: protocolSchema,
          network: z.enum(['excellent', 'moderate', 'poor']),
          successes: z.number().nonnegative().max(1e6),
          failures: z.number().nonnegative().max(1e6),
        }),
      )
      .max(limits.offeredProtocolsMax * 3),
    /** What is believed of the weights; the covariance row by row. */
    mean: z.array(finite).max(limits.selectionWeightsMax),
    covariance: z.array(finite).max(limits.selectionWeightsMax ** 2),
  }),
]);
export type SelectionTable = z.infer<typeof selectionTableSchema>;
