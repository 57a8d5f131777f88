import { createHmac, createPrivateKey, createPublicKey, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import { agreedBytes, offeredBy, type KeyHalf } from '../key-agreement.ts';
import type { Direction } from './names.ts';

/** Version of this transport's own messages and pieces. */
export const amqpSessionVersion = 2;
const keyBytes = 32;
/** PKCS #8 of an X25519 private key (RFC 8410) up to its 32 bytes. */
const x25519Prefix = Buffer.from('302e020100300506032b656e04220420', 'hex');

export interface Claim {
  readonly run: string;
  readonly participant: string;
  readonly session: string;
}

/** One key per direction. */
export interface SessionKeys {
  readonly sending: KeyObject;
  readonly receiving: KeyObject;
  /** As in `Session`: made of the agreed secret too, so nobody in between has the same with both ends. */
  readonly channel: string;
}

/**
 * The coordinator's half, made of its identity so that an invitation stays good when it starts again. It stands in the
 * invitation: all participants have the token, so a key made of that alone would let one speak for another, and one who
 * got at the requests for sessions could stand between.
 */
export function lastingHalf(privateKey: Uint8Array): KeyHalf {
  const seed = Buffer.from(hkdfSync('sha256', privateKey, '', 'roundscope amqp x25519', keyBytes));
  const secret = createPrivateKey({ key: Buffer.concat([x25519Prefix, seed]), format: 'der', type: 'pkcs8' });
  return { secret, offered: offeredBy(createPublicKey(secret)) };
}

/** Keys of a session: HKDF-SHA256 (RFC 5869) of the agreed secret, salted with the token; null: no usable key offered. */
export function sessionKeys(
  outgoing: Direction,
  parts: { readonly own: KeyHalf; readonly offered: string; readonly token: string; readonly claim: Claim },
): SessionKeys | null {
  const { own, offered, token, claim } = parts;
  const halves = outgoing === 'up' ? [own.offered, offered] : [offered, own.offered];
  const info = ['roundscope amqp', amqpSessionVersion, claim.run, claim.participant, claim.session, ...halves];
  const agreed = agreedBytes(own, offered, { salt: token, info: info.join('\n') });
  if (agreed === null) return null;
  const [up, down] = [createSecretKey(agreed.up), createSecretKey(agreed.down)];
  const { channel } = agreed;
  return { ...(outgoing === 'up' ? { sending: up, receiving: down } : { sending: down, receiving: up }), channel };
}

/** That whoever asks for a session has the token, and means this session of these two halves of its key. */
export function requestProof(
  token: string,
  claim: Claim,
  halves: { readonly own: string; readonly coordinator: string },
): string {
  const { own, coordinator } = halves;
  const words = ['open', amqpSessionVersion, claim.run, claim.participant, claim.session, own, coordinator];
  return createHmac('sha256', token).update(words.join('\n')).digest('hex');
}

/** Password at the coordinator's own broker of everybody who has the invitation. */
export function brokerPassword(token: string, run: string): string {
  return createHmac('sha256', token).update(`amqp broker\n${run}`).digest('hex');
}
