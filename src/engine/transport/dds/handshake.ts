import { createHmac } from 'node:crypto';
import { agreedBytes, type KeyHalf } from '../key-agreement.ts';
import type { SessionKeys, Side } from './worker-protocol.ts';

/** Version of this transport's own samples. */
export const ddsSessionVersion = 2;
export const coordinatorName = 'coordinator';

export interface Claim {
  readonly run: string;
  readonly participant: string;
  readonly session: string;
}

/** That whoever speaks has the token and means this session; `words` are the halves of the agreement said so far. */
export function proofOf(token: string, purpose: 'open' | 'accept', claim: Claim, words: readonly string[]): string {
  const text = [purpose, String(ddsSessionVersion), claim.run, claim.participant, claim.session, ...words].join('\n');
  return createHmac('sha256', token).update(text).digest('hex');
}

/** Keys of a session, and what both ends sign with it. */
export interface Agreed {
  readonly keys: SessionKeys;
  /** As in `Session`: made of the agreed secret too, so nobody in between has the same with both ends. */
  readonly channel: string;
}

/**
 * The session's keys: HKDF-SHA256 (RFC 5869) of the agreed secret, salted with the token; first half for samples up.
 * @returns null when what was offered is no usable key
 */
export function agreedKeys(
  side: Side,
  parts: { readonly own: KeyHalf; readonly offered: string; readonly token: string; readonly claim: Claim },
): Agreed | null {
  const { own, offered, token, claim } = parts;
  const halves = side === 'up' ? [own.offered, offered] : [offered, own.offered];
  const info = ['roundscope dds', claim.run, claim.participant, claim.session, ...halves].join('\n');
  const agreed = agreedBytes(own, offered, { salt: token, info });
  if (agreed === null) return null;
  // They go to another thread.
  const [up, down] = [Uint8Array.from(agreed.up), Uint8Array.from(agreed.down)];
  const keys = side === 'up' ? { sending: up, receiving: down } : { sending: down, receiving: up };
  return { keys, channel: agreed.channel };
}
