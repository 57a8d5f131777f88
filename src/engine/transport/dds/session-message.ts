import { z } from 'zod';

const total = z.number().int().nonnegative();

/** What both ends tell each other on the lane `session`, as JSON. */
const schema = z.discriminatedUnion('type', [
  /** First of each end: it has the session's key and hears the other. The participant's is repeated until answered. */
  z.object({ type: z.literal('ready') }),
  /** Cost of what was read of each class since the session began. */
  z.object({ type: z.literal('credit'), control: total, bulk: total }),
  /** `samples`: bulk samples sent before it, which may still be on their way on their own topic. */
  z.object({ type: z.literal('close'), code: z.string().max(40), reason: z.string().max(500), samples: total }),
]);
export type SessionMessage = z.infer<typeof schema>;

const messageBytesMax = 4096;

export function encodeSessionMessage(message: SessionMessage): Uint8Array {
  // A buffer of its own: it is handed over to the thread that sends it.
  return new TextEncoder().encode(JSON.stringify(message)).slice();
}

/** Null: malformed. */
export function decodeSessionMessage(bytes: Uint8Array): SessionMessage | null {
  if (bytes.byteLength > messageBytesMax) return null;
  try {
    const parsed = schema.safeParse(JSON.parse(new TextDecoder().decode(bytes)));
    return parsed.success ? parsed.data : null;
  } catch {
    // Not JSON: the answer is the same as for JSON of another shape.
    return null;
  }
}
