import { z } from 'zod';
import { runStatusSchema } from '#shared/contract/messages.ts';
import { decodeJson } from '../sealed/words.ts';

/** Types, in AMQP's sense, of what is not sealed; sealed messages bear their lane's name, or `session`. */
export const requestType = 'open';
export const answerType = 'answer';
export const endType = 'ended';
/** The coordinator's to itself. */
export const beatType = 'beat';
export const sessionType = 'session';

/** What a run came to, for whoever comes when nobody serves it any more. */
const endSchema = z.object({
  status: runStatusSchema,
  reason: z.string().max(500),
  proof: z.string().regex(/^[0-9a-f]{128}$/),
});
export type EndWord = z.infer<typeof endSchema>;

/** A participant's request, and who it is and which session it means. */
const whoSchema = z.object({ participant: z.string().max(100), session: z.string().max(64) });
export type Who = z.infer<typeof whoSchema>;

const messageBytesMax = 4096;

export function encodeEnd(word: EndWord): Buffer {
  return Buffer.from(JSON.stringify(word));
}

export function decodeEnd(content: Uint8Array): EndWord | null {
  return decodeJson(content, endSchema, messageBytesMax);
}

export function decodeWho(content: Uint8Array): Who | null {
  return decodeJson(content, whoSchema, messageBytesMax);
}
