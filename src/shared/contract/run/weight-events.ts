import { z } from 'zod';
import { participantIdSchema } from '../ids.ts';
import { limits } from '../limits.ts';
import { ownWeightSchema, weightRuleFields } from './weight-rule.ts';

const count = z.number().int().nonnegative();
const participant = participantIdSchema;

/** What each participant weighed in a round. */
export const weightEventSchemas = {
  /** How the updates of a round counted in its new model, measured by the coordinator. */
  updates_weighed: z.object({
    round: count,
    weightCap: weightRuleFields.weightCap,
    normClip: weightRuleFields.normClip,
    updates: z
      .array(
        ownWeightSchema.extend({
          participant,
          /** Euclidean norm of update minus global model, as it came. */
          norm: z.number(),
          /** Cosine between this update and the aggregated step. */
          cosine: z.number(),
          /** Cosine between this update and the direction of the others, each one vote; 0: there are none. */
          agreement: z.number(),
        }),
      )
      .max(limits.participantsMax),
  }),
  /** How the evaluations of a round counted in its loss and accuracy. */
  evaluations_weighed: z.object({
    round: count,
    evaluations: z
      .array(
        z.object({
          participant,
          claimed: count,
          examples: count,
          share: z.number(),
          loss: z.number(),
          accuracy: z.number(),
        }),
      )
      .max(limits.participantsMax),
  }),
} as const;
