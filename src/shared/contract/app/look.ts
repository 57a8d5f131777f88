import { z } from 'zod';
import { errorReportSchema } from '../error-report.ts';
import { participantIdSchema } from '../ids.ts';
import { limits } from '../limits.ts';
import { runPlanBodySchema } from '../messages.ts';
import { protocolSchema, stackSchema } from '../protocols.ts';

/** A process that looks at what an invitation leads to and takes no part. */
export const lookStartSchema = z.object({
  type: z.literal('start_look'),
  /** The whole line, `roundscope://join?...`. */
  invitation: z.string().max(limits.headerBytesMax),
  /** Whether this name is free is asked along. */
  name: participantIdSchema,
});
export type LookStart = z.infer<typeof lookStartSchema>;

/** One protocol that the invitation offers, tried. */
const triedSchema = z.object({
  protocol: protocolSchema,
  /** Addresses as people write them. */
  addresses: z.array(z.string().max(300)).max(32),
  tookMs: z.number().nonnegative(),
  /** Who answered; null: nobody did, or not well. */
  seen: z
    .object({
      stack: stackSchema,
      roundTripMs: z.number().nonnegative(),
      /** How far the coordinator's clock is before this machine's; negative: behind it. */
      clockAheadMs: z.number(),
      plan: runPlanBodySchema,
    })
    .nullable(),
  error: errorReportSchema.nullable(),
});
export type Tried = z.infer<typeof triedSchema>;

export const lookedSchema = z.object({
  type: z.literal('looked'),
  tried: z.array(triedSchema).max(limits.offeredProtocolsMax),
});
export type Looked = z.infer<typeof lookedSchema>;
