import { z } from 'zod';

const total = z.number().int().nonnegative();
const reason = z.string().max(500);

/** A piece by its lane, the lane's number and its own in the lane. */
const piece = {
  lane: z.templateLiteral(['bulk:', z.string().min(1).max(200)]).or(z.literal('control')),
  number: total,
  sequence: total,
};

/** What both ends of a session tell each other beside the frames, sealed, as JSON. */
const wordSchema = z.discriminatedUnion('type', [
  /** DDS, first of each end: it has the session's key and hears the other. The participant's is repeated until answered. */
  z.object({ type: z.literal('ready') }),
  /** Cost of what was read of each class since the session began. */
  z.object({ type: z.literal('credit'), control: total, bulk: total }),
  /** `pieces`: sent on bulk lanes before it, which may still be on their way where those have a way of their own. */
  z.object({ type: z.literal('close'), code: z.string().max(40), reason, pieces: total }),
  /** AMQP: last will. */
  z.object({ type: z.literal('vanished') }),
  /** Somebody says that you are gone: are you? */
  z.object({ type: z.literal('there') }),
  z.object({ type: z.literal('here') }),
  /** What passes through a broker elsewhere: see `PassageWord`. */
  z.object({ type: z.literal('ask'), ...piece, skip: z.boolean() }),
  z.object({ type: z.literal('came'), ...piece, came: z.boolean() }),
  z.object({ type: z.literal('trouble'), reason }),
]);
export type Word = z.infer<typeof wordSchema>;

const wordBytesMax = 4096;

export function encodeWord(word: Word): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(word));
}

/** Null: malformed. */
export function decodeWord(bytes: Uint8Array): Word | null {
  return decodeJson(bytes, wordSchema, wordBytesMax);
}

/** Null: too long, or of another shape. */
export function decodeJson<T>(bytes: Uint8Array, schema: z.ZodType<T>, bytesMax: number): T | null {
  if (bytes.byteLength === 0 || bytes.byteLength > bytesMax) return null;
  try {
    const parsed = schema.safeParse(JSON.parse(new TextDecoder().decode(bytes)));
    return parsed.success ? parsed.data : null;
  } catch {
    // Not JSON: the answer is the same as for JSON of another shape.
    return null;
  }
}
