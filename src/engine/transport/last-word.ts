import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto';
import { z } from 'zod';
import type { Entropy } from '#shared/base/entropy.ts';
import { RoundscopeError } from '#shared/base/errors.ts';
import { runStatusSchema } from '#shared/contract/messages.ts';
import { hasSigned, signAs, type Identity } from '#engine/identity/identity.ts';
import { decodeJson } from './sealed/words.ts';
import type { LastWord } from './transport.ts';

/**
 * What a run came to, left at a broker elsewhere for whoever comes when nobody serves it: sealed by the invitation's token,
 * since it names people and what became of their work, and signed, since all participants have the token and anybody at the
 * broker may leave a message there; only the coordinator ends a run.
 */
export interface LeftWord {
  /** Nonce, AES-256-GCM, tag; base64. */
  readonly word: string;
  /** Signature of the coordinator, hex. */
  readonly proof: string;
}

export const leftWordFields = {
  word: z.string().max(6000),
  proof: z.string().regex(/^[0-9a-f]{128}$/),
} as const;

const [nonceBytes, tagBytes] = [12, 16];
const wordSchema = z.object({ status: runStatusSchema, reason: z.string().max(500) });
const wordBytesMax = 4096;

/** Whose word it is, and who can read it. */
export interface AboutRun {
  readonly run: string;
  readonly token: string;
}

export function leaveEnd(
  identity: Identity,
  about: AboutRun,
  { status, reason }: LastWord,
  entropy: Entropy,
): LeftWord {
  const nonce = entropy.bytes(nonceBytes);
  const cipher = createCipheriv('aes-256-gcm', keyOf(about), nonce);
  const sealed = [cipher.update(JSON.stringify({ status, reason }), 'utf8'), cipher.final()];
  const word = Buffer.concat([nonce, ...sealed, cipher.getAuthTag()]).toString('base64');
  const proof = Buffer.from(signAs(identity, endText(about.run, { status, reason }))).toString('hex');
  return { word, proof };
}

/** The same as an error for whoever dials; null: it is from somebody else, or of another run. */
export function runOver({ word, proof }: LeftWord, about: AboutRun, coordinator: string): RoundscopeError | null {
  const said = open(Buffer.from(word, 'base64'), about);
  if (said === null || !hasSigned(coordinator, endText(about.run, said), Buffer.from(proof, 'hex'))) return null;
  const { status, reason } = said;
  return new RoundscopeError('run_over', { layer: 'transport', message: reason, context: { status } });
}

function open(bytes: Buffer, about: AboutRun): LastWord | null {
  if (bytes.byteLength < nonceBytes + tagBytes) return null;
  const end = bytes.byteLength - tagBytes;
  const nonce = bytes.subarray(0, nonceBytes);
  const decipher = createDecipheriv('aes-256-gcm', keyOf(about), nonce, { authTagLength: tagBytes });
  decipher.setAuthTag(bytes.subarray(end));
  try {
    const plain = Buffer.concat([decipher.update(bytes.subarray(nonceBytes, end)), decipher.final()]);
    return decodeJson(plain, wordSchema, wordBytesMax);
  } catch {
    // Not sealed by this run's token.
    return null;
  }
}

function keyOf({ run, token }: AboutRun): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', token, '', JSON.stringify(['roundscope ended', run]), 32));
}

function endText(run: string, { status, reason }: LastWord): Uint8Array {
  return Buffer.from(JSON.stringify(['roundscope ended', run, status, reason]));
}
