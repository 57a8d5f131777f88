import { z } from 'zod';

const count = z.number().int().nonnegative();

/** Rows that left a full queue, oldest first: how many, and the wall times of the first and the last of them. */
export const lostRowsSchema = z.object({ count: count.min(1), from: z.number(), to: z.number() });
export type LostRows = z.infer<typeof lostRowsSchema>;

/**
 * Why rows are gone. `queue_full`: the service did not take them in time from the process that reports. `malformed`: the
 * service could not read them. The rest was seen live and is in no recording: the recorder's queue was full, the disk
 * refused, or the recorder had ended.
 */
export const lossReasons = ['queue_full', 'malformed', 'recorder_full', 'disk_refused', 'recorder_ended'] as const;
export const lossReasonSchema = z.enum(lossReasons);
export type LossReason = z.infer<typeof lossReasonSchema>;

/** Rows of one kind that were lost at one place. */
export const lossSchema = z.object({
  /** Process whose rows they were; `service` where they are those of all. */
  process: z.string().max(64),
  kind: z.enum(['packets', 'events']),
  reason: lossReasonSchema,
  ...lostRowsSchema.shape,
  /** The packet after which they would stand, by its id; 0: before the first. */
  afterPacket: count,
});
export type Loss = z.infer<typeof lossSchema>;

/** What is lost of a run, in all. Bodies are shortened on purpose, and said so. */
export interface LossTotals {
  readonly packets: number;
  readonly events: number;
  /** Rows of either kind that could not be read. */
  readonly malformed: number;
  /** Bodies of which only the beginning is kept. */
  readonly cutBodies: number;
}
