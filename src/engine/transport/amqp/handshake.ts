import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  timingSafeEqual,
  type KeyObject,
} from 'node:crypto';
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
}

/** One half of an X25519 agreement (RFC 7748). */
export interface KeyHalf {
  readonly secret: KeyObject;
  /** The other ends' view of it, hex. */
  readonly offered: string;
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

/** A participant's half, for one session. */
export function freshHalf(): KeyHalf {
  const { publicKey, privateKey } = generateKeyPairSync('x25519');
  return { secret: privateKey, offered: offeredBy(publicKey) };
}

/** Keys of a session: HKDF-SHA256 (RFC 5869) of the agreed secret, salted with the token; null: no usable key offered. */
export function sessionKeys(
  outgoing: Direction,
  parts: { readonly own: KeyHalf; readonly offered: string; readonly token: string; readonly claim: Claim },
): SessionKeys | null {
  const { own, offered, token, claim } = parts;
  const theirs = Buffer.from(offered, 'hex');
  if (theirs.length !== keyBytes) return null;
  try {
    const key = { kty: 'OKP', crv: 'X25519', x: theirs.toString('base64url') };
    const publicKey = createPublicKey({ format: 'jwk', key });
    const secret = diffieHellman({ privateKey: own.secret, publicKey });
    const halves = outgoing === 'up' ? [own.offered, offered] : [offered, own.offered];
    const info = ['roundscope amqp', amqpSessionVersion, claim.run, claim.participant, claim.session, ...halves];
    const bytes = Buffer.from(hkdfSync('sha256', secret, token, info.join('\n'), 2 * keyBytes));
    const [up, down] = [bytes.subarray(0, keyBytes), bytes.subarray(keyBytes)].map((half) => createSecretKey(half));
    if (up === undefined || down === undefined) return null;
    return outgoing === 'up' ? { sending: up, receiving: down } : { sending: down, receiving: up };
  } catch {
    // A point of small order: the peer's fault, and no key comes of it.
    return null;
  }
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

export function sameText(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

function offeredBy(publicKey: KeyObject): string {
  const { x = '' } = publicKey.export({ format: 'jwk' });
  return Buffer.from(x, 'base64url').toString('hex');
}
