import { z } from 'zod';
import { leftWordFields, type LeftWord } from '../last-word.ts';
import { decodeJson } from '../sealed/words.ts';

/** Types, in AMQP's sense, of what is not sealed; sealed messages bear their lane's name, or `session`. */
export const requestType = 'open';
export const answerType = 'answer';
export const endType = 'ended';
/** The coordinator's to itself. */
export const beatType = 'beat';
export const sessionType = 'session';

/** A participant's request, and who it is and which session it means. */
const whoSchema = z.object({ participant: z.string().max(100), session: z.string().max(64) });
export type Who = z.infer<typeof whoSchema>;

const messageBytesMax = 4096;
const endBytesMax = 8192;
const endSchema = z.object(leftWordFields);

export function encodeEnd(word: LeftWord): Buffer {
  return Buffer.from(JSON.stringify(word));
}

export function decodeEnd(content: Uint8Array): LeftWord | null {
  return decodeJson(content, endSchema, endBytesMax);
}

export function decodeWho(content: Uint8Array): Who | null {
  return decodeJson(content, whoSchema, messageBytesMax);
}
