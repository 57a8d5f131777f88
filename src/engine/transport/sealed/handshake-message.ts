import { z } from 'zod';
import type { Answer, Request } from './handshake.ts';
import { decodeJson } from './words.ts';

/** The two messages of the handshake as brokers carry them, JSON in the clear: there are no keys yet. */
const requestSchema = z.object({
  type: z.literal('open'),
  version: z.number().int(),
  /** Other versions may have none of these: they are told of theirs. */
  key: z.string().max(64).default(''),
  coordinator: z.string().max(100).default(''),
  proof: z.string().max(64),
});

const signature = z.string().regex(/^[0-9a-f]{128}$/);
const answerSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('accept'), key: z.string().regex(/^[0-9a-f]{64}$/), signature }),
  z.object({ type: z.literal('refuse'), reason: z.string().max(500), signature }),
]);

const messageBytesMax = 4096;

/** `Who` asks stands beside the request where its address does not say it. */
export function encodeHandshake(
  message: (Request & { readonly participant?: string; readonly session?: string }) | Answer,
): Buffer {
  return Buffer.from(JSON.stringify('signature' in message ? message : { type: 'open', ...message }));
}

/** Null: malformed. */
export function decodeRequest(bytes: Uint8Array): Request | null {
  return decodeJson(bytes, requestSchema, messageBytesMax);
}

/** Null: malformed. */
export function decodeAnswer(bytes: Uint8Array): Answer | null {
  return decodeJson(bytes, answerSchema, messageBytesMax);
}
