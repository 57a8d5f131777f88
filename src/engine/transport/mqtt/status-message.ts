import { z } from 'zod';
import { leftWordFields } from '../last-word.ts';
import { decodeJson } from '../sealed/words.ts';

/** Retained on a status topic, in the clear: who has not proved it by a signature may be anybody at the broker. */
const statusSchema = z.object({
  /** `ended`: nobody will serve this run any more. */
  state: z.enum(['online', 'offline', 'ended']),
  /** Session of a participant, instance of a coordinator: a status of an earlier one says nothing of this one. */
  id: z.string().max(64),
  reason: z.string().max(500),
  /** Of a run that has ended: what it came to, sealed and signed by the coordinator. */
  ...z.object(leftWordFields).partial().shape,
});
export type StatusMessage = z.infer<typeof statusSchema>;

const statusBytesMax = 8192;

export function encodeStatus(message: StatusMessage): Buffer {
  return Buffer.from(JSON.stringify(message));
}

/** Null: malformed, or empty, which is how a retained status is taken away. */
export function decodeStatus(payload: Buffer): StatusMessage | null {
  return decodeJson(payload, statusSchema, statusBytesMax);
}
