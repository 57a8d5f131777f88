import { z } from 'zod';
import { runStatusSchema } from '#shared/contract/messages.ts';

const total = z.number().int().nonnegative();

/** A piece by its lane, the lane's number and its own in the lane. */
const piece = {
  lane: z.templateLiteral(['bulk:', z.string().min(1).max(200)]).or(z.literal('control')),
  number: total,
  sequence: total,
};

/** What both ends of a session tell each other beside the frames, as JSON on its `open` and `session` topics. */
const schema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('open'),
    version: z.number().int(),
    instance: z.string().max(64),
    proof: z.string().max(64),
  }),
  z.object({ type: z.literal('accept'), version: z.number().int(), proof: z.string().max(64) }),
  z.object({ type: z.literal('refuse'), reason: z.string().max(500) }),
  /** Cost of what was read of each class since the session began. */
  z.object({ type: z.literal('credit'), control: total, bulk: total }),
  z.object({ type: z.literal('close'), code: z.string().max(40), reason: z.string().max(500) }),
  /** What passes through a broker elsewhere: see `PassageWord`. */
  z.object({ type: z.literal('ask'), ...piece, skip: z.boolean() }),
  z.object({ type: z.literal('came'), ...piece, came: z.boolean() }),
  z.object({ type: z.literal('trouble'), reason: z.string().max(500) }),
]);
export type ControlMessage = z.infer<typeof schema>;

/** Retained on a status topic. */
const statusSchema = z.object({
  /** `ended`: nobody will serve this run any more. */
  state: z.enum(['online', 'offline', 'ended']),
  /** Session of a participant, instance of a coordinator: a status of an earlier one says nothing of this one. */
  id: z.string().max(64),
  reason: z.string().max(500),
  /** Of a run that has ended: what it came to, and that whoever says so has the invitation's token. */
  status: runStatusSchema.optional(),
  proof: z.string().max(64).optional(),
});
export type StatusMessage = z.infer<typeof statusSchema>;

const controlBytesMax = 4096;

export function encodeControl(message: ControlMessage | StatusMessage): Buffer {
  return Buffer.from(JSON.stringify(message));
}

/** Null: malformed; the caller decides whether that ends a session. */
export function decodeControl(payload: Buffer): ControlMessage | null {
  return decode(payload, schema);
}

/** Null also for an empty payload, which is how a retained status is taken away. */
export function decodeStatus(payload: Buffer): StatusMessage | null {
  return decode(payload, statusSchema);
}

function decode<T>(payload: Buffer, schema: z.ZodType<T>): T | null {
  if (payload.length === 0 || payload.length > controlBytesMax) return null;
  try {
    const parsed = schema.safeParse(JSON.parse(payload.toString('utf8')));
    return parsed.success ? parsed.data : null;
  } catch {
    // Not JSON: the answer is the same as for JSON of another shape.
    return null;
  }
}
