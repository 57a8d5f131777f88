import { z } from 'zod';
import { hashSchema, participantIdSchema } from '../ids.ts';
import { limits } from '../limits.ts';
import { confusionSchema } from './confusion.ts';

const count = z.number().int().nonnegative();
const participant = participantIdSchema;

/** More arrays than anybody reads; a ResNet-18 has 122. */
export const tensorsToldMax = 256;

/** One array of an update. Norms are Euclidean, null where it holds what is no number. */
const sentTensorSchema = z.object({
  name: z.string().max(200),
  dtype: z.string().max(16),
  shape: z.array(count).max(limits.tensorRankMax),
  sizeBytes: count,
  norm: z.number().nullable(),
  /** Of its difference to the model that training began with. */
  stepNorm: z.number().nullable(),
});

/** What a participant has computed: its update, and what the new model does on its held-out examples. */
export const workEventSchemas = {
  /** A finished local training, with its measures. */
  training_done: z.object({
    participant,
    round: count,
    loss: z.number(),
    accuracy: z.number(),
    examples: count,
    durationMs: z.number(),
    norm: z.number(),
    modelHash: hashSchema,
  }),
  /** The arrays of an update as they were encoded to be sent, from the participant itself. */
  update_tensors: z.object({
    participant,
    round: count,
    /** Of the bytes: the update that was sent has the same. */
    contribution: hashSchema,
    tensors: z.array(sentTensorSchema).max(tensorsToldMax),
    /** That are not among them. */
    more: count,
  }),
  evaluation_received: z.object({
    participant,
    round: count,
    loss: z.number(),
    accuracy: z.number(),
    /** Held-out examples that count: no more than were registered. */
    examples: count,
    /** Those that the participant said; absent: not more. */
    claimed: count.optional(),
    /** Absent: it sent none. */
    confusion: confusionSchema.optional(),
  }),
} as const;
