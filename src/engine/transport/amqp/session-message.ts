import { z } from 'zod';
import { runStatusSchema } from '#shared/contract/messages.ts';

const total = z.number().int().nonnegative();
const reason = z.string().max(500);

/** A participant's request to the coordinator's inbox, with the proof that it was invited. */
const requestSchema = z.object({
  version: z.number().int(),
  participant: z.string().regex(/^[a-z0-9][a-z0-9_.-]{0,47}$/i),
  session: z.string().regex(/^[0-9a-f]{16,64}$/),
  key: z.string().regex(/^[0-9a-f]{64}$/),
  /** The half by which the invitation knows the coordinator: with another one the two would never understand each other. */
  coordinator: z.string().max(64).default(''),
  proof: z.string().regex(/^[0-9a-f]{64}$/),
});
export type SessionRequest = z.infer<typeof requestSchema>;

/** The answer to a request that was turned down, in the clear: there is no key then. */
const refusalSchema = z.object({ code: z.enum(['link_rejected', 'identity_mismatch']), reason });
export type Refusal = z.infer<typeof refusalSchema>;

/** What a run came to, for whoever comes when nobody serves it any more. */
const endSchema = z.object({ status: runStatusSchema, reason, proof: z.string().regex(/^[0-9a-f]{64}$/) });
export type EndWord = z.infer<typeof endSchema>;

/** Types, in AMQP's sense, of these two; sealed messages have theirs. */
export const requestType = 'open';
export const refusalType = 'refuse';
export const endType = 'ended';
/** The coordinator's to itself. */
export const beatType = 'beat';

/** What both ends tell each other, sealed, as JSON. */
const messageSchema = z.discriminatedUnion('type', [
  /** The coordinator's first. */
  z.object({ type: z.literal('accept') }),
  z.object({ type: z.literal('credit'), control: total, bulk: total }),
  /** `pieces`: sent on the bulk queue before it, from which they may still have to be read. */
  z.object({ type: z.literal('close'), code: z.string().max(40), reason, pieces: total }),
  /** Last will. */
  z.object({ type: z.literal('vanished') }),
]);
export type SessionMessage = z.infer<typeof messageSchema>;

const messageBytesMax = 4096;

export function encodeMessage(message: SessionRequest | Refusal | EndWord | SessionMessage): Buffer {
  return Buffer.from(JSON.stringify(message));
}

export function decodeRequest(content: Uint8Array): SessionRequest | null {
  return decode(content, requestSchema);
}

export function decodeRefusal(content: Uint8Array): Refusal | null {
  return decode(content, refusalSchema);
}

export function decodeEnd(content: Uint8Array): EndWord | null {
  return decode(content, endSchema);
}

export function decodeMessage(content: Uint8Array): SessionMessage | null {
  return decode(content, messageSchema);
}

/** Null: malformed; the caller decides what that means. */
function decode<T>(content: Uint8Array, schema: z.ZodType<T>): T | null {
  if (content.byteLength === 0 || content.byteLength > messageBytesMax) return null;
  try {
    const parsed = schema.safeParse(JSON.parse(new TextDecoder().decode(content)));
    return parsed.success ? parsed.data : null;
  } catch {
    // Not JSON: the answer is the same as for JSON of another shape.
    return null;
  }
}
